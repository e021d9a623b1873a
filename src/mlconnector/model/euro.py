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
    amounts = [
        line.amount if line.currency else rounded(line.amount / (line.exchange_rate or exchange_rate))
        for line in lines
    ]
    shared = [index for index, line in enumerate(lines) if line.exchange_rate is None and not line.currency]
    if shared:
        whole = rounded(sum((lines[index].amount for index in shared), ZERO) / exchange_rate)
        largest = max(shared, key=lambda index: abs(amounts[index]))
        amounts[largest] += whole - sum((amounts[index] for index in shared), ZERO)
    return amounts
