"""Movements: what the lines of a booking do to the account of a person, and what it comes to for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.mapping.exchange_differences import EXCHANGE
from mlconnector.mapping.open_items import is_payment, moves_person
from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.withholding import WITHHELD_TAX
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.euro import euro_amounts
from mlconnector.model.money import ZERO

Part = Literal["original", "credits", "payments", "discounts", "reversals", "exchange"]
"""What a row is to the item under which it stands."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a line does to a person account: in the booking's currency and in EUR, positive in debit.

    `discount` is Skonto in DATEV's own column, which moves the account beside that.
    """

    part: Part
    amount: Decimal
    euro: Decimal
    discount: Decimal | None
    due_date: date | None


def moved_by(entry: Entry) -> Iterator[Moved | None]:
    """What each line of a booking does to the account of its party; None for those that leave it alone."""
    for line, euro in zip(entry.lines, euro_amounts(entry.lines, entry.exchange_rate), strict=True):
        yield (
            Moved(
                part=_part(entry, line),
                amount=ZERO if line.currency else line.amount,
                euro=euro,
                discount=line.discount or None,
                due_date=line.due_date or entry.due_date,
            )
            if moves_person(entry, line)
            else None
        )


def gross_of(entry: Entry) -> Decimal:
    """What a booking comes to, with the sign of its voucher: what falls due, the money paid, what is open.

    Tax that is withheld is owed too, only to a tax office.
    """
    if entry.is_statistical:
        return entry.total
    sign = 1 if entry.ledger == "receivable" else -1
    if is_payment(entry):
        return -sign * sum((line.amount for line in entry.lines if line.tax_case == PAYMENT), ZERO)
    owed = (one for one in entry.lines if moves_person(entry, one) and one.tax_case != WITHHELD_TAX)
    return sign * sum((line.amount for line in owed), ZERO)


def _part(entry: Entry, line: EntryLine) -> Part:
    if entry.kind == "reversal":
        return "reversals"
    if line.tax_case == EXCHANGE:
        return "exchange"
    if line.tax_case == DISCOUNT:
        return "discounts"
    if is_payment(entry):
        return "payments"
    return "credits" if line.number else "original"
