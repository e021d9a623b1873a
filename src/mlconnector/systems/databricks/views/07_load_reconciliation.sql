-- Each load with what was sent and what was read back; `left_out_rows` are records that no table can take, and that
-- sums are without.
CREATE OR REPLACE VIEW v_load_reconciliation AS
SELECT
  a.load_id, a.kind, a.source, a.attempt, a.status, a.loaded_at, a.source_rows, a.target_rows,
  a.target_rows - a.source_rows AS rows_off, a.source_amount, a.target_amount,
  a.target_amount - a.source_amount AS amount_off, a.left_out_rows
FROM load_audit a;
