-- Legal entities side by side: revenue, spend and what is open, by month of booking.
CREATE OR REPLACE VIEW v_entities_by_month AS
SELECT
  entity_id, period, currency,
  -coalesce(sum(CASE WHEN kind = 'sale' THEN amount END), 0) AS revenue,
  coalesce(sum(CASE WHEN kind IN ('purchase', 'expense') THEN amount END), 0) AS spend,
  coalesce(sum(CASE WHEN kind = 'debtor' THEN amount END), 0) AS receivables_moved,
  coalesce(sum(CASE WHEN kind = 'creditor' THEN amount END), 0) AS payables_moved,
  count(DISTINCT batch_id) AS batches
FROM v_account_movements
WHERE kind IN ('sale', 'purchase', 'expense', 'debtor', 'creditor')
GROUP BY entity_id, period, currency;
