"""Tables and migrations, the credential vault, the audit trail, the transfer ledger."""
