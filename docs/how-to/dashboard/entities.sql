-- Legal entities side by side: revenue and spend by month, gross. What is left is no profit: only what passed here
-- is in it, with its VAT.
SELECT
  entity_id AS entity, period AS month, currency,
  revenue, spend, revenue - spend AS revenue_less_spend, batches
FROM v_entities_by_month
WHERE period BETWEEN :from_month AND :to_month
ORDER BY entity_id, period, currency;
