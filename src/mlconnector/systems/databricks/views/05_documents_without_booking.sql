-- Documents in DATEV that no booking links; of a voucher with several files one link is enough.
CREATE OR REPLACE VIEW v_documents_without_booking AS
SELECT
  d.entity_id, d.client_id, d.document_id, d.voucher_id, d.kind, d.document_number, d.document_date,
  d.party_name, d.file_name, d.changed_at
FROM documents d
WHERE NOT d.is_deleted AND NOT EXISTS (
  SELECT 1
  FROM documents o
  JOIN booking_lines l ON l.document_id = o.document_id AND NOT l.is_deleted
  WHERE o.voucher_id = d.voucher_id OR o.document_id = d.document_id
);
