"""Open items (offene Posten): what debtors and creditors still owe, reckoned from the rows that were booked.

Amounts are signed as bookings are: positive in debit, negative in credit. A debtor who owes is positive, a
creditor to whom the client owes negative, and the other way round it is a credit balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.flow.report.transferred import Booked
from mlconnector.formats.extf import document_field
from mlconnector.mapping.exchange_differences import EXCHANGE
from mlconnector.mapping.open_items import is_payment, moves_person
from mlconnector.mapping.payments import DISCOUNT
from mlconnector.model.entries import Entry, EntryLine, Ledger
from mlconnector.model.euro import EURO, euro_amounts
from mlconnector.model.money import ZERO, rounded
from mlconnector.store.booked import Stand

Part = Literal["original", "credits", "payments", "discounts", "reversals", "exchange"]
PARTS: tuple[Part, ...] = ("original", "credits", "payments", "discounts", "reversals", "exchange")
LEDGERS: tuple[Ledger, ...] = ("receivable", "payable")
# Days overdue up to which each part of the ageing goes.
_AGES = ((0, "not_due"), (30, "days_30"), (60, "days_60"), (90, "days_90"))


@dataclass(frozen=True, slots=True)
class Movement:
    """A row of a booking as it moves a person account, in the document's currency and in EUR."""

    entry: str
    reverses: str | None
    part: Part
    ledger: Ledger
    account: str
    party: str
    number: str
    currency: str
    amount: Decimal
    euro: Decimal
    document_date: date
    due_date: date | None
    stand: Stand


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
        return sum((getattr(self, part) for part in PARTS), ZERO)


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
    """A debtor or creditor with items."""

    ledger: Ledger
    account: str
    name: str
    items: tuple[OpenItem, ...]

    @property
    def total(self) -> Total:
        """What all items come to."""
        return total(self.items)


def movements(one: Booked) -> Iterator[Movement]:
    """The rows of a booking that move a person account; Skonto in DATEV's own column is one of its own."""
    entry = one.entry
    for line, euro in zip(entry.lines, euro_amounts(entry.lines, entry.exchange_rate), strict=True):
        if not moves_person(entry, line):
            continue
        yield _movement(one, line, _part(entry, line), ZERO if line.currency else line.amount, euro)
        if line.discount:
            beside: Part = "reversals" if entry.kind == "reversal" else "discounts"
            yield _movement(one, line, beside, line.discount, line.discount)


def persons(
    moved: Iterable[Movement], on: date, names: Mapping[str, str], *, all_items: bool = False
) -> tuple[Person, ...]:
    """The debtors and creditors with what is open on a day, by their numbers; `names` are theirs.

    What comes to 0.00 is left out, unless `all_items` are wanted.
    """
    grouped: dict[tuple[Ledger, str], dict[tuple[str, str], list[Movement]]] = {}
    for one in moved:
        items = grouped.setdefault((one.ledger, one.account), {})
        items.setdefault((one.number, one.currency), []).append(one)
    found = []
    for ledger, account in sorted(grouped, key=lambda key: (LEDGERS.index(key[0]), key[1])):
        every = [item_of(each, on) for each in grouped[ledger, account].values()]
        kept = [item for item in every if all_items or item.is_open]
        kept.sort(key=lambda item: (item.document_date, item.number, item.currency))
        parties = {item.party for item in every}
        name = names.get(account) or (parties.pop() if len(parties) == 1 else "")
        if kept:
            found.append(Person(ledger, account, name, tuple(kept)))
    return tuple(found)


def item_of(moved: Sequence[Movement], on: date) -> OpenItem:
    """What the rows under one number come to on a day."""
    counted = _counted(moved)
    documents = [one for one in counted if one.part == "original"]
    first = (documents or counted or moved)[0]
    amounts = _amounts({part: _sum(counted, part, "amount") for part in PARTS}, first.currency)
    euro = _amounts({part: _sum(counted, part, "euro") for part in PARTS}, EURO)
    ahead = [one for one in moved if one.stand != "accepted"]
    sign = 1 if first.ledger == "receivable" else -1
    shares = _shares(documents, sign * euro.open, sign)
    due = min((day for day, _ in shares), default=first.due_date)
    owed = sign * euro.open > ZERO
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
        amounts=amounts,
        euro=euro,
        planned=rounded(sum((one.amount for one in ahead), ZERO), first.currency),
        planned_euro=rounded(sum((one.euro for one in ahead), ZERO)),
        is_planned=bool(ahead),
        days_overdue=max((on - since).days, 0) if owed else 0,
        ageing=_aged(shares or [(since, sign * euro.open)], on, sign) if owed else Ageing(credit=euro.open),
    )


def total(items: Iterable[OpenItem]) -> Total:
    """What items come to."""
    listed = list(items)
    return Total(
        items=len(listed),
        open=rounded(sum((one.euro.open for one in listed), ZERO)),
        planned=rounded(sum((one.planned_euro for one in listed), ZERO)),
        ageing=Ageing(
            **{
                each.name: rounded(sum((getattr(one.ageing, each.name) for one in listed), ZERO))
                for each in fields(Ageing)
            }
        ),
    )


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


def _movement(one: Booked, line: EntryLine, part: Part, amount: Decimal, euro: Decimal) -> Movement:
    entry = one.entry
    return Movement(
        entry=one.id,
        reverses=one.reverses,
        part=part,
        ledger=entry.ledger,
        account=line.account,
        party=entry.party_name,
        number=document_field(line.number or entry.number)[0],
        currency=entry.currency,
        amount=amount,
        euro=euro,
        document_date=entry.document_date,
        due_date=line.due_date or entry.due_date,
        stand=one.stand,
    )


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


def _sum(moved: Iterable[Movement], part: Part, what: Literal["amount", "euro"]) -> Decimal:
    return sum((getattr(one, what) for one in moved if one.part == part), ZERO)


def _amounts(sums: Mapping[Part, Decimal], currency: str) -> Amounts:
    return Amounts(**{part: rounded(amount, currency) for part, amount in sums.items()})


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
