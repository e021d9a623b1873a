"""The rate of a line from its amount of tax, which is all that Dynamics has; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from mlconnector.model.money import HUNDRED, places


def rate_of(nets: Iterable[Decimal], tax: Decimal, rates: Sequence[Decimal], currency: str) -> Decimal | None:
    """The only one of `rates` that gives `tax` within a cent, None where none or several do.

    `nets` are what the tax may have been taken from: the line before and after its share of a discount on the
    whole invoice. Where they speak for different rates, nothing is certain.
    """
    cent = Decimal(1).scaleb(-places(currency))
    fitting = [
        [rate for rate in dict.fromkeys(rates) if abs(net * rate / HUNDRED - tax) <= cent] for net in nets
    ]
    only = {found[0] for found in fitting if len(found) == 1}
    return only.pop() if len(only) == 1 else None
