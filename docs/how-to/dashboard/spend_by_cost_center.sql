-- Spend by cost centre and month beside the month before, gross, in the currency of the books.
WITH spend AS (
  SELECT
    entity_id, coalesce(cost_center, 'none') AS cost_center, period, currency, sum(gross_amount) AS gross_amount,
    sum(lines_without_amount) AS lines_without_amount
  FROM v_spend_by_cost_center_month
  WHERE :client = 'all' OR client_id = :client
  GROUP BY entity_id, coalesce(cost_center, 'none'), period, currency
),
months AS (
  SELECT DISTINCT period, CAST(substr(period, 1, 4) AS INT) * 12 + CAST(substr(period, 6, 2) AS INT) AS number
  FROM spend
),
kept AS (
  SELECT DISTINCT entity_id, cost_center, currency FROM spend
)
SELECT
  k.entity_id AS entity, k.cost_center, m.period AS month, k.currency,
  coalesce(s.gross_amount, 0) AS gross_amount,
  coalesce(b.gross_amount, 0) AS month_before,
  coalesce(s.gross_amount, 0) - coalesce(b.gross_amount, 0) AS change,
  coalesce(s.lines_without_amount, 0) AS lines_without_amount
FROM kept k
CROSS JOIN months m
LEFT JOIN spend s
  ON s.entity_id = k.entity_id AND s.cost_center = k.cost_center AND s.currency = k.currency AND s.period = m.period
LEFT JOIN months n ON n.number = m.number - 1
LEFT JOIN spend b
  ON b.entity_id = k.entity_id AND b.cost_center = k.cost_center AND b.currency = k.currency AND b.period = n.period
WHERE m.period BETWEEN :from_month AND :to_month
  AND (s.period IS NOT NULL OR b.period IS NOT NULL)
ORDER BY k.entity_id, k.cost_center, m.period, k.currency;
