-- Every row of a Buchungsstapel moves two accounts; here each is a row of its own, debit positive, gross as DATEV
-- got it, in the currency of the books. Skonto clears the debtor or creditor beside the amount. What an account is,
-- the client's own chart says before the ranges of the standard charts do.
CREATE OR REPLACE VIEW v_account_movements AS
SELECT
  l.line_id, l.batch_id, l.client_id, l.entity_id, l.booking_date, l.period,
  l.account AS account, coalesce(a.account_kind, l.account_kind) AS kind, l.contra_account AS other_account,
  l.base_amount + coalesce(CASE WHEN l.account_kind IN ('debtor', 'creditor') THEN l.discount END, 0) AS amount,
  l.base_currency AS currency, l.cost_center, l.cost_object, l.document_number, l.document_id, l.booking_text,
  l.due_date
FROM booking_lines l
LEFT JOIN accounts a ON a.client_id = l.client_id AND a.account = l.account AND NOT a.is_deleted
WHERE NOT l.is_deleted
UNION ALL
SELECT
  l.line_id, l.batch_id, l.client_id, l.entity_id, l.booking_date, l.period,
  l.contra_account AS account, coalesce(a.account_kind, l.contra_kind) AS kind, l.account AS other_account,
  -l.base_amount - coalesce(CASE WHEN l.contra_kind IN ('debtor', 'creditor') THEN l.discount END, 0) AS amount,
  l.base_currency AS currency, l.cost_center, l.cost_object, l.document_number, l.document_id, l.booking_text,
  l.due_date
FROM booking_lines l
LEFT JOIN accounts a ON a.client_id = l.client_id AND a.account = l.contra_account AND NOT a.is_deleted
WHERE NOT l.is_deleted;
