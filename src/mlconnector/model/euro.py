"""Euro amounts: what the lines of an entry come to in the currency of the books."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mlconnector.model.entries import EntryLine
from mlconnector.model.money import ZERO, rounded

EURO = "EUR"


def euro_amounts(lines: Sequence[EntryLine], exchange_rate: Decimal | None) -> list[Decimal]:
    """Each line of an entry in euro, with its sign; `exchange_rate` is that of the entry.

    The entry's total in euro is the truth: the cents of the single roundings go to the largest line. Lines
    with a currency or a rate of their own stand for themselves.
    """
    if exchange_rate is None:
        return [line.amount for line in lines]
    return _in_euro(lines, [line.amount for line in lines], exchange_rate)


def euro_nets(lines: Sequence[EntryLine], exchange_rate: Decimal | None) -> list[Decimal | None]:
    """The net that each line tells, in euro as its amount is; None for lines that tell none."""
    if exchange_rate is None:
        return [line.net for line in lines]
    told = [(line, line.net) for line in lines if line.net is not None]
    found = iter(_in_euro([line for line, _ in told], [net for _, net in told], exchange_rate))
    return [None if line.net is None else next(found) for line in lines]


def _in_euro(lines: Sequence[EntryLine], given: Sequence[Decimal], exchange_rate: Decimal) -> list[Decimal]:
    """An amount of each line in euro."""
    amounts = [
        one if line.currency else rounded(one / (line.exchange_rate or exchange_rate))
        for line, one in zip(lines, given, strict=True)
    ]
    shared = [index for index, line in enumerate(lines) if line.exchange_rate is None and not line.currency]
    if shared:
        whole = rounded(sum((given[index] for index in shared), ZERO) / exchange_rate)
        largest = max(shared, key=lambda index: abs(amounts[index]))
        amounts[largest] += whole - sum((amounts[index] for index in shared), ZERO)
    return amounts
