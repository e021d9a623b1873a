"""Bookings as reports read them, made of vouchers by the rules that also decide what is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.flow.report.balances import Balances, balances
from mlconnector.flow.report.open_items import OpenItem, Person, persons
from mlconnector.flow.report.transferred import Booked
from mlconnector.formats.extf import document_field
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, entry, ledger_of
from mlconnector.mapping.movements import Part, gross_of, moved_by
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.vouchers import Voucher
from mlconnector.store.booked import Stand
from mlconnector.store.derived import thousandths
from mlconnector.store.item_rows import Movement
from mlconnector.store.read_vouchers import BookedSum
from tests.mapping.builders import rules

ACCOUNTS = {"sale": "10001", "purchase": "70001"}
ON = date(2026, 8, 31)


def paying(**mapping: Any) -> Rules:
    """Rules that know where money goes, and take every line of a sale or a purchase."""
    return rules(
        default_expense=True,
        payments={"default": "1200", **mapping.pop("payments", {})},
        exchange_rate_limit=1000,
        **mapping,
    )


@dataclass
class Ledger:
    """The bookings of one client, in the order in which they are made; each clears what stands before it."""

    by: Rules = field(default_factory=paying)
    bookings: list[Booked] = field(default_factory=list)

    def book(
        self, voucher: Voucher, *, account: str = "", stand: Stand = "accepted", posted: str = ""
    ) -> Booked:
        """Book a voucher; a later one of the same identity corrects it."""
        before = [one for one in self._standing() if one.entry.voucher == voucher.identity]
        for one in before:
            self.take_back(one, stand=stand)
        cleared = open_items([one.entry for one in self._standing()])
        made = decide(voucher, self.by, cleared=cleared)
        assert isinstance(made, Draft), made
        person = account or ACCOUNTS["sale" if ledger_of(voucher) == "receivable" else "purchase"]
        booked = entry(made, person=person, document=None, revision="r", turn=len(before) + 1)
        if posted:
            booked = msgspec.structs.replace(booked, posting_date=date.fromisoformat(posted))
        return self._add(booked, stand, None)

    def take_back(self, one: Booked, *, stand: Stand = "accepted") -> Booked:
        """Reverse a booking."""
        return self._add(reversed_entry(one.entry, revision="r2", turn=1), stand, one.id)

    def persons(self, on: date = ON, **more: Any) -> tuple[Person, ...]:
        """The debtors and creditors with what is open."""
        moved = [each for one in self.bookings for each in movements(one)]
        return persons(moved, on, {}, **more)

    def items(self, on: date = ON, **more: Any) -> list[OpenItem]:
        """All items, one after the other."""
        return [item for one in self.persons(on, **more) for item in one.items]

    def balances(self) -> Balances:
        """Sums and balances of everything."""
        return balances([(one, self.by) for one in self.bookings], {})

    def _standing(self) -> Sequence[Booked]:
        gone = {one.reverses for one in self.bookings}
        return [one for one in self.bookings if one.reverses is None and one.id not in gone]

    def _add(self, made: Entry, stand: Stand, reverses: str | None) -> Booked:
        key = f"e{len(self.bookings)}"
        self.bookings.append(Booked(key, made.voucher, "north", "extf", reverses, stand, made))
        return self.bookings[-1]


def movements(one: Booked) -> Iterator[Movement]:
    """What a booking as it was decided does to person accounts; Skonto in a column stands alone."""
    entry = one.entry
    for line, moved in zip(entry.lines, moved_by(entry), strict=True):
        if moved is None:
            continue
        of_it: list[tuple[Part, Decimal, Decimal]] = [(moved.part, moved.amount, moved.euro)]
        if moved.discount:
            beside: Part = "reversals" if entry.kind == "reversal" else "discounts"
            of_it.append((beside, moved.discount, moved.discount))
        for part, amount, euro in of_it:
            yield Movement(
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
                due_date=moved.due_date,
                stand=one.stand,
            )


def sums(ledger: Ledger) -> list[BookedSum]:
    """What each booking comes to for its party."""
    return [
        BookedSum(
            one.voucher,
            one.stand,
            one.entry.currency,
            1 if one.entry.kind == "original" else -1,
            thousandths(gross_of(one.entry)),
        )
        for one in ledger.bookings
    ]


def shown(item: OpenItem) -> str:
    """An item in a line: number, amount, what cleared it, and what is open, without what is 0.00."""
    parts = (
        "original",
        "credits",
        "payments",
        "discounts",
        "reversals",
    )
    said = [f"{part} {amount}" for part in parts if (amount := getattr(item.amounts, part)) != Decimal(0)]
    return f"{item.number}: {', '.join([*said, f'open {item.amounts.open}'])} {item.currency}"
