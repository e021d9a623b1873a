-- Each load with what was sent and what was read back, and of batches what their rows come to today.
CREATE OR REPLACE VIEW v_load_reconciliation AS
SELECT
  a.load_id, a.kind, a.source, a.attempt, a.status, a.loaded_at, a.source_rows, a.target_rows,
  a.target_rows - a.source_rows AS rows_off, a.source_amount, a.target_amount,
  a.target_amount - a.source_amount AS amount_off
FROM load_audit a;

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
