"""Amounts: exact decimals, rounded half up, written without trailing zeros."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)
_CENT, _FOUR = Decimal("0.01"), Decimal("0.0001")


def cents(value: Decimal) -> Decimal:
    """The value to two digits."""
    return plain(value.quantize(_CENT, ROUND_HALF_UP))


def four(value: Decimal) -> Decimal:
    """The value to four digits, the most that lines and invoices have."""
    return plain(value.quantize(_FOUR, ROUND_HALF_UP))


def plain(value: Decimal) -> Decimal:
    """The value without trailing zeros and without an exponent."""
    whole = value.to_integral_value()
    return whole.quantize(Decimal(1)) if value == whole else value.normalize()
