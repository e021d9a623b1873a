-- Accounts with the name that holds: that of the client's own chart or of a person, else of a list of labels, else
-- the one that we have proposed.
CREATE OR REPLACE VIEW v_accounts AS
SELECT
  coalesce(a.client_id, b.client_id) AS client_id, coalesce(a.entity_id, b.entity_id) AS entity_id,
  coalesce(a.account, b.account) AS account,
  CASE WHEN a.origin = 'seed' THEN coalesce(b.name, a.name) ELSE coalesce(a.name, b.name) END AS name,
  a.kind, a.function, a.tax_case, a.vat_id, a.account_kind
FROM (SELECT * FROM accounts WHERE NOT is_deleted) a
FULL OUTER JOIN (SELECT * FROM account_labels WHERE NOT is_deleted) b
  ON b.client_id = a.client_id AND b.account = a.account;
