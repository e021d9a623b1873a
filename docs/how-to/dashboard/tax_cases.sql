-- What was sold and bought under special rules of VAT (EU, third countries, § 13b UStG). An account with a tax
-- case of its own says which; where a booking has a key (BU-Schlüssel), the key does.
WITH volumes AS (
  SELECT
    m.entity_id, m.kind, m.currency,
    CASE WHEN l.tax_code IS NOT NULL THEN concat('key ', l.tax_code) ELSE a.tax_case END AS tax_case,
    CASE WHEN m.kind = 'sale' THEN -m.amount ELSE m.amount END AS amount
  FROM v_account_movements m
  JOIN booking_lines l ON l.line_id = m.line_id
  LEFT JOIN accounts a ON a.client_id = m.client_id AND a.account = m.account AND NOT a.is_deleted
  WHERE m.kind IN ('sale', 'purchase', 'expense')
    AND coalesce(l.tax_code, '') NOT IN ('2', '3', '8', '9')
    AND (:client = 'all' OR m.client_id = :client)
    AND m.period BETWEEN :from_month AND :to_month
)
SELECT
  CASE WHEN kind = 'sale' THEN 'sales' ELSE 'purchases' END AS direction, tax_case, entity_id AS entity, currency,
  sum(amount) AS amount, count(*) AS bookings, count(*) - count(amount) AS bookings_without_amount
FROM volumes
WHERE tax_case IS NOT NULL AND tax_case NOT LIKE 'domestic%' AND tax_case NOT LIKE 'input_tax%'
GROUP BY CASE WHEN kind = 'sale' THEN 'sales' ELSE 'purchases' END, tax_case, entity_id, currency
ORDER BY direction, tax_case, entity, currency;
