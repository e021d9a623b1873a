-- Documents in DATEV that no booking links; of a voucher with several files one link is enough.
CREATE OR REPLACE VIEW v_documents_without_booking AS
SELECT
  d.entity_id, d.client_id, d.document_id, d.voucher_id, d.kind, d.document_number, d.document_date,
  d.party_name, d.file_name, d.changed_at
FROM documents d
LEFT JOIN (
  SELECT DISTINCT o.voucher_id
  FROM documents o
  JOIN booking_lines l ON l.document_id = o.document_id
  WHERE NOT l.is_deleted
) linked ON linked.voucher_id = d.voucher_id
LEFT JOIN (
  SELECT DISTINCT document_id FROM booking_lines WHERE NOT is_deleted
) own ON own.document_id = d.document_id
WHERE NOT d.is_deleted AND linked.voucher_id IS NULL AND own.document_id IS NULL;
