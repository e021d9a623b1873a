"""Open items (offene Posten): what debtors and creditors still owe, reckoned from the rows that were booked.

Amounts are signed as bookings are: positive in debit, negative in credit. A debtor who owes is positive, a
creditor to whom the client owes negative, and the other way round it is a credit balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import get_args

from mlconnector.mapping.movements import Part
from mlconnector.model.entries import Ledger
from mlconnector.model.euro import EURO
from mlconnector.model.money import ZERO, rounded
from mlconnector.store.item_rows import Movement
from mlconnector.store.items import Settled

PARTS: tuple[Part, ...] = get_args(Part)
LEDGERS: tuple[Ledger, ...] = ("receivable", "payable")
# Days overdue up to which each part of the ageing goes.
_AGES = ((0, "not_due"), (30, "days_30"), (60, "days_60"), (90, "days_90"))


@dataclass(frozen=True, slots=True)
class Amounts:
    """What an item is made of: the document, and what cleared it.

    `credits` are credit notes under the document's number, and requests for down payments that a final
    document takes over. `exchange` are differences of exchange, which are in EUR alone.
    """

    original: Decimal
    credits: Decimal
    payments: Decimal
    discounts: Decimal
    reversals: Decimal
    exchange: Decimal

    @property
    def open(self) -> Decimal:
        """What is left."""
        cleared = self.credits + self.payments + self.discounts + self.reversals
        return self.original + cleared + self.exchange


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open in EUR by the days that it is overdue; a `credit` balance is never due."""

    not_due: Decimal = ZERO
    days_30: Decimal = ZERO
    days_60: Decimal = ZERO
    days_90: Decimal = ZERO
    older: Decimal = ZERO
    credit: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One Belegfeld 1 of a person account in one currency.

    `due_date` is that of the earliest part that is open, None where nobody has named one: then its age counts
    from the date of the document. Without `has_document` only money stands under the number. `planned` is
    what of the open amount is not transferred yet, in the item's currency and in EUR.
    """

    ledger: Ledger
    account: str
    party: str
    number: str
    currency: str
    document_date: date
    due_date: date | None
    has_document: bool
    amounts: Amounts
    euro: Amounts
    planned: Decimal
    planned_euro: Decimal
    is_planned: bool
    days_overdue: int
    ageing: Ageing

    @property
    def is_open(self) -> bool:
        """Whether anything is left of it, in its currency or in EUR."""
        return self.amounts.open != ZERO or self.euro.open != ZERO


@dataclass(frozen=True, slots=True)
class Total:
    """What several items come to, in EUR."""

    items: int
    open: Decimal
    planned: Decimal
    ageing: Ageing


@dataclass(frozen=True, slots=True)
class Person:
    """A debtor or creditor with items, and how many more of theirs come to nothing."""

    ledger: Ledger
    account: str
    name: str
    items: tuple[OpenItem, ...]
    settled: int = 0

    @property
    def total(self) -> Total:
        """What all items come to."""
        return total(self.items, self.settled)


def persons(
    moved: Iterable[Movement],
    on: date,
    names: Mapping[str, str],
    *,
    all_items: bool = False,
    settled: Iterable[Settled] = (),
) -> tuple[Person, ...]:
    """The debtors and creditors with what is open on a day, by their numbers; `names` are theirs.

    What comes to 0.00 is left out, unless `all_items` are wanted. Of what is `settled` there are no rows.
    """
    grouped: dict[tuple[Ledger, str], dict[tuple[str, str], list[Movement]]] = {}
    more: dict[tuple[Ledger, str], int] = {}
    for each in settled:
        more[each.ledger, each.account] = each.items
        grouped[each.ledger, each.account] = {}
    for one in moved:
        items = grouped.setdefault((one.ledger, one.account), {})
        items.setdefault((one.number, one.currency), []).append(one)
    found = []
    for ledger, account in sorted(grouped, key=in_order):
        every = [item_of(under, on) for under in grouped[ledger, account].values()]
        kept = [item for item in every if all_items or item.is_open]
        kept.sort(key=lambda item: (item.document_date, item.number, item.currency))
        parties = {item.party for item in every}
        name = names.get(account) or (parties.pop() if len(parties) == 1 else "")
        beside = more.get((ledger, account), 0)
        if kept or beside:
            found.append(Person(ledger, account, name, tuple(kept), beside))
    return tuple(found)


def in_order(person: tuple[Ledger, str]) -> tuple[int, str]:
    """Where a ledger and account stand among all."""
    return LEDGERS.index(person[0]), person[1]


def item_of(moved: Sequence[Movement], on: date) -> OpenItem:
    """What the rows under one number come to on a day."""
    counted = _counted(moved)
    documents = [one for one in counted if one.part == "original"]
    first = (documents or counted or moved)[0]
    euro = _amounts(((one.part, one.euro) for one in counted), EURO)
    ahead = [one for one in moved if one.stand != "accepted"]
    sign = 1 if first.ledger == "receivable" else -1
    left = euro.open
    shares = _shares(documents, sign * left, sign)
    due = min((day for day, _ in shares), default=first.due_date)
    owed = sign * left > ZERO
    since = due or first.document_date
    return OpenItem(
        ledger=first.ledger,
        account=first.account,
        party=first.party,
        number=first.number,
        currency=first.currency,
        document_date=first.document_date,
        due_date=due if any(one.due_date is not None for one in documents or [first]) else None,
        has_document=any(one.part in {"original", "credits"} for one in moved),
        amounts=_amounts(((one.part, one.amount) for one in counted), first.currency),
        euro=euro,
        planned=rounded(sum((one.amount for one in ahead), ZERO), first.currency),
        planned_euro=rounded(sum((one.euro for one in ahead), ZERO)),
        is_planned=bool(ahead),
        days_overdue=max((on - since).days, 0) if owed else 0,
        ageing=_aged(shares or [(since, sign * left)], on, sign) if owed else Ageing(credit=left),
    )


def total(items: Iterable[OpenItem], settled: int = 0) -> Total:
    """What items come to; as many more of them as are `settled` come to nothing."""
    count, left, planned = settled, ZERO, ZERO
    ages = dict.fromkeys((each.name for each in fields(Ageing)), ZERO)
    for one in items:
        count += 1
        left += one.euro.open
        planned += one.planned_euro
        for age in ages:
            ages[age] += getattr(one.ageing, age)
    ageing = Ageing(**{age: rounded(amount) for age, amount in ages.items()})
    return Total(items=count, open=rounded(left), planned=rounded(planned), ageing=ageing)


def _counted(moved: Sequence[Movement]) -> list[Movement]:
    """The rows without those that were taken back together with what takes them back: they are 0.00.

    Of a number under which no document stands any more the latest one is kept with its reversal.
    """
    here = {one.entry for one in moved}
    taken_back = {one.reverses for one in moved if one.reverses in here}
    documents = [one.entry for one in moved if one.part == "original"]
    stands = any(entry not in taken_back for entry in documents)
    shown = documents[-1] if documents and not stands else None
    gone = taken_back - {shown}
    return [one for one in moved if one.entry not in gone and one.reverses not in gone]


def _amounts(moved: Iterable[tuple[Part, Decimal]], currency: str) -> Amounts:
    sums: dict[Part, Decimal] = {}
    for part, amount in moved:
        sums[part] = sums.get(part, ZERO) + amount
    nothing = _nothing(currency)
    return Amounts(*(rounded(sums[part], currency) if part in sums else nothing for part in PARTS))


@lru_cache
def _nothing(currency: str) -> Decimal:
    return rounded(ZERO, currency)


def _shares(documents: Sequence[Movement], owed: Decimal, sign: int) -> list[tuple[date, Decimal]]:
    """When how much of what is owed falls due: money clears what is due first (§ 366 Abs. 2 BGB)."""
    parts: dict[date, Decimal] = {}
    for one in documents:
        day = one.due_date or one.document_date
        parts[day] = parts.get(day, ZERO) + sign * one.euro
    shares: list[tuple[date, Decimal]] = []
    left = owed
    for day in sorted(parts, reverse=True):
        share = min(left, parts[day])
        if share > ZERO:
            shares.append((day, share))
            left -= share
    if left > ZERO and shares:
        day, share = shares[-1]
        shares[-1] = (day, share + left)
    return shares


def _aged(shares: Iterable[tuple[date, Decimal]], on: date, sign: int) -> Ageing:
    found: dict[str, Decimal] = {}
    for day, share in shares:
        overdue = (on - day).days
        age = next((name for most, name in _AGES if overdue <= most), "older")
        found[age] = found.get(age, ZERO) + sign * share
    return Ageing(**found)
