-- What was sent to the tables against what was read back, by kind of load; every difference is a reason to look.
SELECT
  kind, count(*) AS loads,
  count(CASE WHEN status <> 'verified' THEN 1 END) AS loads_that_differ,
  sum(source_rows) AS rows_sent, sum(target_rows) AS rows_found, sum(rows_off) AS rows_off,
  sum(source_amount) AS amount_sent, sum(target_amount) AS amount_found, sum(amount_off) AS amount_off,
  sum(coalesce(left_out_rows, 0)) AS rows_left_out
FROM v_load_reconciliation
GROUP BY kind
ORDER BY kind;
