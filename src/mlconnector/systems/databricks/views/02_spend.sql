-- Spend by cost centre, legal entity and month: what purchase and expense accounts were debited, gross.
-- `lines_without_amount` are rows in foreign money of which nobody has said what they are in the books' currency.
CREATE OR REPLACE VIEW v_spend_by_cost_center_month AS
SELECT
  entity_id, client_id, cost_center, period, currency,
  sum(amount) AS gross_amount, count(*) AS line_count, count(*) - count(amount) AS lines_without_amount
FROM v_account_movements
WHERE kind IN ('purchase', 'expense')
GROUP BY entity_id, client_id, cost_center, period, currency;
