-- Open items by how long they have been due on a day: what customers owe, and what suppliers are owed.
WITH aged AS (
  SELECT
    currency, kind, open_amount, due_date,
    CASE
      WHEN due_date IS NULL THEN 'no due date'
      WHEN due_date >= CAST(:as_of AS DATE) THEN 'not due yet'
      WHEN due_date >= CAST(:as_of AS DATE) - INTERVAL 30 DAY THEN 'up to 30 days'
      WHEN due_date >= CAST(:as_of AS DATE) - INTERVAL 60 DAY THEN '31 to 60 days'
      WHEN due_date >= CAST(:as_of AS DATE) - INTERVAL 90 DAY THEN '61 to 90 days'
      ELSE 'over 90 days'
    END AS overdue
  FROM v_open_items
  WHERE :client = 'all' OR client_id = :client
),
summed AS (
  SELECT
    overdue, currency, max(due_date) AS latest,
    coalesce(sum(CASE WHEN kind = 'debtor' THEN open_amount END), 0) AS customers_owe,
    count(CASE WHEN kind = 'debtor' THEN 1 END) AS customer_items,
    coalesce(-sum(CASE WHEN kind = 'creditor' THEN open_amount END), 0) AS suppliers_are_owed,
    count(CASE WHEN kind = 'creditor' THEN 1 END) AS supplier_items,
    count(*) - count(open_amount) AS items_without_amount
  FROM aged
  GROUP BY overdue, currency
)
SELECT
  overdue, currency, customers_owe, customer_items, suppliers_are_owed, supplier_items, items_without_amount
FROM summed
ORDER BY latest DESC, overdue, currency;
