-- Each batch of bookings with the sums that its bytes have, and what its lines come to in the tables today.
CREATE OR REPLACE VIEW v_batch_reconciliation AS
SELECT
  b.entity_id, b.client_id, b.batch_id, b.file_name, b.status, b.line_count, b.total_debit, b.total_credit,
  count(l.line_id) AS loaded_lines,
  coalesce(sum(CASE WHEN l.amount > 0 THEN l.amount END), 0) AS loaded_debit,
  coalesce(-sum(CASE WHEN l.amount < 0 THEN l.amount END), 0) AS loaded_credit
FROM batches b
LEFT JOIN booking_lines l ON l.batch_id = b.batch_id AND NOT l.is_deleted
WHERE NOT b.is_deleted AND b.format <> 'master'
GROUP BY b.entity_id, b.client_id, b.batch_id, b.file_name, b.status, b.line_count, b.total_debit, b.total_credit;
