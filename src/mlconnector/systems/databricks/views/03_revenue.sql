-- Revenue by account: what revenue accounts were credited, gross, with the account's name where one is known.
CREATE OR REPLACE VIEW v_revenue_by_account_month AS
SELECT
  m.entity_id, m.client_id, m.account, a.name AS account_name, m.period, m.currency,
  -sum(m.amount) AS gross_amount, count(*) AS line_count, count(*) - count(m.amount) AS lines_without_amount
FROM v_account_movements m
LEFT JOIN v_accounts a ON a.client_id = m.client_id AND a.account = m.account
WHERE m.kind = 'sale'
GROUP BY m.entity_id, m.client_id, m.account, a.name, m.period, m.currency;
