-- Accounts that were moved and of which the chart does not say what they are: no other view counts them.
CREATE OR REPLACE VIEW v_unclassified_accounts AS
SELECT entity_id, client_id, account, currency, sum(amount) AS amount, count(*) AS line_count
FROM v_account_movements
WHERE kind IS NULL
GROUP BY entity_id, client_id, account, currency;
