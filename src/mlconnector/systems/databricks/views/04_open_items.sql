-- Open items: what a debtor or creditor still owes or is owed under a number (Belegfeld 1). Positive: they owe us.
-- An item is due when the first row that raised it is: what is kept back of an invoice goes to another account by a
-- row whose due date is years later.
CREATE OR REPLACE VIEW v_open_items AS
SELECT
  m.entity_id, m.client_id, m.account, m.kind, a.name AS account_name, m.document_number, m.currency,
  sum(m.amount) AS open_amount, min(m.booking_date) AS first_booked,
  CASE
    WHEN count(CASE WHEN m.raises THEN 1 END) > 0 THEN min(CASE WHEN m.raises THEN m.due_date END)
    ELSE min(m.due_date)
  END AS due_date,
  count(*) AS line_count, count(*) - count(m.amount) AS lines_without_amount
FROM (
  SELECT
    entity_id, client_id, account, kind, document_number, currency, amount, booking_date, due_date,
    (kind = 'debtor' AND amount > 0) OR (kind = 'creditor' AND amount < 0) AS raises
  FROM v_account_movements
  WHERE kind IN ('debtor', 'creditor')
) m
LEFT JOIN v_accounts a ON a.client_id = m.client_id AND a.account = m.account
GROUP BY m.entity_id, m.client_id, m.account, m.kind, a.name, m.document_number, m.currency
HAVING sum(m.amount) <> 0 OR count(*) > count(m.amount);
