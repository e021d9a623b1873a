-- The ten suppliers of whom most was bought, gross, with their share of all that was bought.
WITH bought AS (
  SELECT m.client_id, m.entity_id, m.other_account AS account, m.currency, m.amount, m.document_number
  FROM v_account_movements m
  JOIN v_account_movements p ON p.line_id = m.line_id AND p.account = m.other_account AND p.kind = 'creditor'
  WHERE m.kind IN ('purchase', 'expense')
    AND (:client = 'all' OR m.client_id = :client)
    AND m.period BETWEEN :from_month AND :to_month
)
SELECT
  coalesce(a.name, b.account) AS supplier, b.entity_id AS entity, b.account, b.currency,
  sum(b.amount) AS gross_amount,
  round(100 * sum(b.amount) / nullif(sum(sum(b.amount)) OVER (PARTITION BY b.currency), 0), 1) AS percent_of_all,
  count(DISTINCT b.document_number) AS documents, count(*) - count(b.amount) AS lines_without_amount
FROM bought b
LEFT JOIN v_accounts a ON a.client_id = b.client_id AND a.account = b.account
GROUP BY b.client_id, b.entity_id, b.account, a.name, b.currency
ORDER BY gross_amount DESC, supplier
LIMIT 10;
