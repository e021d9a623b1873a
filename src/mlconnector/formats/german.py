"""Numbers and dates as German business papers write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mlconnector.model.money import rounded

_SWAPPED = str.maketrans({",": ".", ".": ","})


def money(amount: Decimal, currency: str) -> str:
    """An amount in whole minor units of its currency: `-1.234,50`."""
    return f"{rounded(amount, currency):,f}".translate(_SWAPPED)


def number(value: Decimal) -> str:
    """A number with as many decimals as it has: `1.000`, `2,5`."""
    return f"{value:,f}".translate(_SWAPPED)


def day(value: date) -> str:
    """A date: `31.10.2026`."""
    return f"{value:%d.%m.%Y}"
