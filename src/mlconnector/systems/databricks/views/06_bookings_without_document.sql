-- Bookings of invoices and credit notes that link no document, or one that is not among the documents. Payments have
-- none by nature, with all that is booked with them: money, Skonto, exchange differences, money set against an invoice.
-- Of files of other software only the account of the money says that; what the accounts are stands beside.
CREATE OR REPLACE VIEW v_bookings_without_document AS
SELECT
  l.entity_id, l.client_id, l.line_id, l.batch_id, l.booking_date, l.document_number, l.account, l.contra_account,
  l.amount, l.currency, l.document_id, l.account_kind, l.contra_kind
FROM booking_lines l
LEFT JOIN documents d ON d.document_id = l.document_id AND NOT d.is_deleted
WHERE NOT l.is_deleted
  AND d.document_id IS NULL
  AND (l.account_kind IN ('debtor', 'creditor') OR l.contra_kind IN ('debtor', 'creditor'))
  AND coalesce(l.voucher_kind, '') <> 'payment'
  AND coalesce(l.account_kind, '') <> 'finance'
  AND coalesce(l.contra_kind, '') <> 'finance';
