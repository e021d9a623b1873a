"""Money: decimals of a currency, rounded half up and only where a rule says so."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

ZERO = Decimal(0)
HUNDRED = Decimal(100)

_NO_MINOR_UNIT = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
    "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_PLACES = dict.fromkeys(_NO_MINOR_UNIT, 0) | dict.fromkeys(_THOUSANDTHS, 3)
_PRECISION = 28


def places(currency: str) -> int:
    """Decimal places of a currency by ISO 4217; two where the currency is not a special one."""
    return _PLACES.get(currency, 2)


def rounded(amount: Decimal, currency: str = "EUR") -> Decimal:
    """The amount in whole minor units of its currency, rounded half up: `1.005` EUR is `1.01`."""
    return amount.quantize(_unit(currency), rounding=ROUND_HALF_UP)


def tax_included(gross: Decimal, rate: Decimal, currency: str = "EUR") -> Decimal:
    """The tax that a gross amount has in it at a rate in percent, rounded."""
    return rounded(gross * rate / (HUNDRED + rate), currency)


def exact(number: Decimal) -> Decimal:
    """The same number in its one writing: `1.10` becomes `1.1`, `1E+2` becomes `100`, `-0.00` becomes `0`."""
    if not number:
        return ZERO
    plain = number.normalize() if len(number.as_tuple().digits) <= _PRECISION else number
    return plain.quantize(Decimal(1)) if int(plain.as_tuple().exponent) > 0 else plain


def shared_out(total: Decimal, weights: Sequence[Decimal], currency: str = "EUR") -> list[Decimal]:
    """Split a rounded total over weights so that the parts add up to it exactly.

    Weights may be negative. Where they add up to zero they say nothing, and the first part takes all.
    """
    if not weights:
        return []
    whole = sum(weights, ZERO)
    if whole == ZERO:
        return [total, *([rounded(ZERO, currency)] * (len(weights) - 1))]
    return rounded_to(total, [total * weight / whole for weight in weights], currency)


def rounded_to(total: Decimal, parts: Sequence[Decimal], currency: str = "EUR") -> list[Decimal]:
    """Round every part so that together they are `total`, which is about their sum and already rounded.

    What is left over is dealt out a minor unit at a time, beginning with the largest part, where it is
    the smallest relative change.
    """
    if not parts:
        return []
    whole = [rounded(part, currency) for part in parts]
    left = total - sum(whole, ZERO)
    if left == ZERO:
        return whole
    unit = _unit(currency).copy_sign(left)
    each, more = divmod(int(left / unit), len(whole))
    by_size = sorted(range(len(whole)), key=lambda index: -abs(whole[index]))
    for place, index in enumerate(by_size):
        whole[index] += unit * (each + (place < more))
    return whole


@lru_cache
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-places(currency))
