-- Bookings of invoices and credit notes that link no document, or one that is not among the documents.
CREATE OR REPLACE VIEW v_bookings_without_document AS
SELECT
  l.entity_id, l.client_id, l.line_id, l.batch_id, l.booking_date, l.document_number, l.account, l.contra_account,
  l.amount, l.currency, l.document_id
FROM booking_lines l
LEFT JOIN documents d ON d.document_id = l.document_id AND NOT d.is_deleted
WHERE NOT l.is_deleted
  AND d.document_id IS NULL
  AND (l.account_kind IN ('debtor', 'creditor') OR l.contra_kind IN ('debtor', 'creditor'))
  AND coalesce(l.account_kind, '') <> 'finance'
  AND coalesce(l.contra_kind, '') <> 'finance';
