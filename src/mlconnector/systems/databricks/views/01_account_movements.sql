-- Every row of a Buchungsstapel moves two accounts; here each is a row of its own, debit positive, gross as DATEV
-- got it, in the currency of the books. Skonto clears the debtor or creditor beside the amount.
CREATE OR REPLACE VIEW v_account_movements AS
SELECT
  line_id, batch_id, client_id, entity_id, booking_date, period,
  account AS account, account_kind AS kind, contra_account AS other_account,
  base_amount + coalesce(CASE WHEN account_kind IN ('debtor', 'creditor') THEN discount END, 0) AS amount,
  base_currency AS currency, cost_center, cost_object, document_number, document_id, booking_text, due_date
FROM booking_lines
WHERE NOT is_deleted
UNION ALL
SELECT
  line_id, batch_id, client_id, entity_id, booking_date, period,
  contra_account AS account, contra_kind AS kind, account AS other_account,
  -base_amount - coalesce(CASE WHEN contra_kind IN ('debtor', 'creditor') THEN discount END, 0) AS amount,
  base_currency AS currency, cost_center, cost_object, document_number, document_id, booking_text, due_date
FROM booking_lines
WHERE NOT is_deleted;
