"""Pure vocabulary of the product: vouchers, parties, lines, money, entries that balance by construction."""
