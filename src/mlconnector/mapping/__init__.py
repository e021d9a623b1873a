"""Pure rules: account, tax-case and cost-centre tables that turn vouchers into entries or problems."""
