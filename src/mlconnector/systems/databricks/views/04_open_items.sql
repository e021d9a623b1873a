-- Open items: what a debtor or creditor still owes or is owed under a number (Belegfeld 1). Positive: they owe us.
CREATE OR REPLACE VIEW v_open_items AS
SELECT
  m.entity_id, m.client_id, m.account, m.kind, a.name AS account_name, m.document_number, m.currency,
  sum(m.amount) AS open_amount, min(m.booking_date) AS first_booked, max(m.due_date) AS due_date,
  count(*) AS line_count, count(*) - count(m.amount) AS lines_without_amount
FROM v_account_movements m
LEFT JOIN accounts a ON a.client_id = m.client_id AND a.account = m.account AND NOT a.is_deleted
WHERE m.kind IN ('debtor', 'creditor')
GROUP BY m.entity_id, m.client_id, m.account, m.kind, a.name, m.document_number, m.currency
HAVING sum(m.amount) <> 0 OR count(*) > count(m.amount);
