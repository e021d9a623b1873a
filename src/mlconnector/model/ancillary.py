"""Ancillary supplies (freight, packing, insurance): they have the tax rates of what they belong to.

UStAE Abschn. 3.10 Abs. 5: an ancillary supply shares the fate of the main supply. Where that has several
rates, the amount is split in proportion to what the lines at each rate come to.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from mlconnector.model.money import ZERO, shared_out
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line, TaxMethod


def with_rates_of(line: Line, lines: Sequence[Line], currency: str) -> tuple[Line, ...]:
    """An ancillary line at the rates of the lines that it belongs to, one line for each rate.

    The rate that `line` itself has is not looked at. The split follows the net amounts where the line is net,
    and the gross amounts where it is gross. None come back where the lines say no proportion, because they
    come to nothing, or to less at a rate; and where the line is to carry no tax beside lines that do.
    """
    main = [one for one in lines if not one.ancillary]
    weights = _by_rate(main, line.tax_method, currency)
    if not weights or any(weight <= ZERO for weight in weights.values()):
        return ()
    if line.tax_method == "none" and any(weights):
        return ()
    shares = shared_out(line.amount, list(weights.values()), currency)
    return tuple(
        msgspec.structs.replace(line, amount=share, tax_rate=rate, ancillary=True)
        for rate, share in zip(weights, shares, strict=True)
        if share != ZERO
    )


def _by_rate(lines: Sequence[Line], method: TaxMethod, currency: str) -> dict[Decimal, Decimal]:
    """What the lines come to at each rate, net or gross as the ancillary line is, the highest rate first."""
    rates = sorted({_rate(line) for line in lines}, reverse=True)
    sums = {rate: totals([line for line in lines if _rate(line) == rate], currency) for rate in rates}
    found = {rate: one.gross if method == "inclusive" else one.net for rate, one in sums.items()}
    return {rate: amount for rate, amount in found.items() if amount != ZERO}


def _rate(line: Line) -> Decimal:
    return ZERO if line.tax_method == "none" else line.tax_rate
