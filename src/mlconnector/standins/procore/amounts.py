"""Money as the API writes it: decimal strings with two places."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")


def cents(amount: Decimal) -> Decimal:
    """The amount rounded commercially to cents."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP) + ZERO


def money(amount: Decimal) -> str:
    """The amount as the API writes it, e.g. `19000.00`."""
    return str(cents(amount))


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """How many per cent `part` is of `whole`; zero of nothing."""
    return cents(part * 100 / whole) if whole else ZERO
