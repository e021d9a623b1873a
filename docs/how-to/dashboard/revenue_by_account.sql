-- Revenue by account and month, gross, in the currency of the books.
SELECT
  entity_id AS entity, account, account_name, period AS month, currency,
  gross_amount, line_count AS bookings, lines_without_amount
FROM v_revenue_by_account_month
WHERE (:client = 'all' OR client_id = :client)
  AND period BETWEEN :from_month AND :to_month
ORDER BY entity_id, account, period, currency;
