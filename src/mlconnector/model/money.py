"""Money: decimals of a currency, rounded half up and only where a rule says so."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)

_PLACES = {
    "JPY": 0,
    "KRW": 0,
    "HUF": 2,
    "ISK": 0,
    "CLP": 0,
    "VND": 0,
    "BHD": 3,
    "KWD": 3,
    "TND": 3,
    "JOD": 3,
    "OMR": 3,
}


def places(currency: str) -> int:
    """Decimal places of a currency by ISO 4217; two where the currency is not a special one."""
    return _PLACES.get(currency, 2)


def rounded(amount: Decimal, currency: str = "EUR") -> Decimal:
    """The amount in whole minor units of its currency, rounded half up: `1.005` EUR is `1.01`."""
    return amount.quantize(Decimal(1).scaleb(-places(currency)), rounding=ROUND_HALF_UP)


def shared_out(total: Decimal, weights: Sequence[Decimal], currency: str = "EUR") -> list[Decimal]:
    """Split a rounded total over weights so that the parts add up to it exactly.

    Each part is rounded on its own; what is left over goes to the largest part, where it is the
    smallest relative change. Weights may be negative; they must not all be zero unless there is one.
    """
    if not weights:
        return []
    whole = sum(weights, ZERO)
    if whole == ZERO:
        return [total, *([rounded(ZERO, currency)] * (len(weights) - 1))]
    parts = [rounded(total * weight / whole, currency) for weight in weights]
    largest = max(range(len(parts)), key=lambda index: abs(parts[index]))
    parts[largest] += total - sum(parts, ZERO)
    return parts
