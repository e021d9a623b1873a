"""Bookings in a database, made at random by the rules that also decide what is sent, for reports to read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from mlconnector.flow.context.kept_sums import KeptSums
from mlconnector.flow.context.services import Services
from mlconnector.flow.report.transferred import Booked
from mlconnector.mapping.open_items import moves_person
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import encode
from mlconnector.model.vouchers import Kind, Voucher
from mlconnector.model.vouchers import encode as encode_voucher
from mlconnector.store import batches, connections, entries, vouchers
from mlconnector.store.booked import stand_of
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.flow.report.bookings import Ledger, paying
from tests.mapping.builders import AUSTRIAN, cleared, line, party, payment, voucher

CLIENT = "29098-55003"
NAMES = ("north", "south")
STATES: tuple[batches.BatchState, ...] = (
    *("succeeded", "succeeded", "succeeded", "partial"),
    *("submitted", "unknown", "frozen", "failed"),
)
FIRST = date(2026, 6, 1)


def books(**more: Any) -> Rules:
    """Rules with Skonto in a column of its own, and reversals as Generalumkehr."""
    return paying(books={"reversals": "generalumkehr", **more.pop("books", {})}, **more)


@dataclass
class Stored:
    """Bookings of two connections of one client, in batches of every state, and what asks for reports."""

    database: Database
    clock: Clock
    by: dict[str, Rules] = field(default_factory=dict)
    made: list[Booked] = field(default_factory=list)
    parties: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Add the connections."""
        self.by = {name: books() for name in NAMES}
        self.sums = KeptSums()
        with self.database.write() as db:
            for name in NAMES:
                connections.create(db, name, "pipedrive", CLIENT, f"region = {name!r}", self.clock())

    @property
    def services(self) -> Services:
        """What reports work with."""
        some = SimpleNamespace(
            database=self.database, now=self.clock, rules=lambda name: self.by[name], sums=self.sums
        )
        return cast("Services", some)

    def store(self, ledger: Ledger, random: Random) -> None:
        """Put the bookings of a ledger into batches of one month and connection, or into none."""
        whose: dict[str, str] = {}
        for number, one in enumerate(ledger.bookings):
            name = whose.setdefault(one.voucher, random.choice(NAMES))
            state = random.choice((*STATES, None))
            month = f"{one.entry.posted_on:%Y-%m}"
            batch = None if state is None else f"{name}-{month}-{state}-{random.randrange(2)}"
            self.add(replace(one, connection=name, stand=stand_of(state)), batch, state, turn=number + 1)

    def add(
        self, one: Booked, batch: str | None, state: batches.BatchState | None = "succeeded", turn: int = 1
    ) -> None:
        """Store a booking in a batch, which is made where there is none."""
        now, month = self.clock(), f"{one.entry.posted_on:%Y-%m}"
        self.clock.advance(1)
        kind, _, external_id = one.voucher.partition("/")
        with self.database.write() as db:
            if one.voucher not in vouchers.by_ids(db, [one.voucher]):
                row: Any = {"id": one.voucher, "connection": one.connection, "kind": kind, "state": "settled"}
                row |= {"external_id": external_id, "record": external_id, "number": one.entry.number}
                row |= {"document_date": one.entry.document_date, "revision": "r", "read_at": now}
                vouchers.insert_vouchers(db, [row | {"changed_at": now}])
            if batch is not None and batches.read(db, batch) is None:
                frozen: Any = {"id": batch, "connection": one.connection, "client": CLIENT, "period": month}
                frozen |= {"format": "extf", "file_name": batch, "content": b"x" * 9000, "sha256": ""}
                frozen |= {"rows": 0, "vouchers": 0, "changes": "[]", "state": state}
                batches.insert_batch(db, frozen | {"created_at": now, "changed_at": now})
            booking: Any = {"id": one.id, "voucher": one.voucher, "connection": one.connection}
            booking |= {"client": CLIENT, "revision": "r", "kind": one.entry.kind, "turn": turn}
            booking |= {"period": month, "ledger": one.entry.booked_in, "channel": "extf", "open_item": ""}
            booking |= {"content": encode(one.entry).decode(), "mapping": "", "document": None}
            entries.insert_entries(
                db, [booking | {"reverses": one.reverses, "batch": batch, "created_at": now}]
            )
        self.parties += [
            (one.connection, line.account, one.entry.party_name)
            for line in one.entry.lines
            if moves_person(one.entry, line)
        ]
        if state not in batches.NOT_TAKEN:
            self.made.append(replace(one, place=f"{month} {len(self.made):06}"))

    def say(self, of: Voucher) -> None:
        """Store what the source says of a voucher now."""
        revision: Any = {"voucher": of.identity, "revision": "said", "content": encode_voucher(of).decode()}
        with self.database.write() as db:
            vouchers.insert_revisions(db, [revision | {"received_at": self.clock()}])
            changed: Any = {"id": of.identity, "number": of.number, "document_date": of.document_date}
            changed |= {"revision": "said", "state": "settled", "reason": "", "read_at": self.clock()}
            vouchers.update_vouchers(db, [changed | {"changed_at": self.clock()}])

    def parties_of(self, account: str, names: tuple[str, ...]) -> set[str]:
        """Who is booked on an account, whatever became of the bookings."""
        return {party for name, on, party in self.parties if on == account and name in names}

    def in_order(self, names: tuple[str, ...]) -> list[Booked]:
        """The bookings of connections that DATEV has not refused, in the order of all reports."""
        return sorted((one for one in self.made if one.connection in names), key=lambda one: one.place)


def at_random(random: Random, steps: int = 40) -> tuple[Ledger, list[Voucher]]:
    """Documents, payments with Skonto, corrections and reversals, at home and in foreign money."""
    of_datev = {"discount": "column", "discount_account": "8730"} if random.random() < 0.5 else {}
    ledger = Ledger(books(payments=of_datev))
    said: dict[str, Voucher] = {}
    for step in range(steps):
        day = FIRST + timedelta(days=random.randrange(80))
        made = _some(random, step, day, [one for one in said.values() if one.kind == Kind.INVOICE])
        account = random.choice(("10001", "10002", "10003")) if made.direction == "sale" else "70001"
        if made.kind == Kind.PAYMENT:
            account = next(
                one.entry.lines[0].account
                for one in ledger.bookings
                if one.entry.number == made.allocations[0].number
            )
        booked = ledger.book(made, account=account, posted=f"{day}" if random.random() < 0.1 else "")
        said[made.identity] = made
        if random.random() < 0.15:
            ledger.take_back(booked)
    return ledger, list(said.values())


def _some(random: Random, step: int, day: date, invoices: list[Voucher]) -> Voucher:
    amount = Decimal(random.randrange(100, 100_000)) / 100
    what = random.choice(("invoice", "invoice", "purchase", "credit_note", "payment", "correction"))
    if what == "payment" and invoices:
        return _money(random, step, day, random.choice(invoices))
    if what == "correction" and invoices:
        before = random.choice(invoices)
        is_abroad = before.currency != "EUR"
        lines = (line(f"{amount}", "0", supply="goods"),) if is_abroad else (line(f"{amount}"),)
        return msgspec.structs.replace(before, lines=lines)
    due = day + timedelta(days=14) if random.random() < 0.7 else None
    facts: dict[str, Any] = {"document_date": day, "due_date": due, "external_id": f"{step}"}
    who = random.choice(("Holzbau Müller GmbH", "Bau Süd AG"))
    if random.random() < 0.25:
        abroad = party("AT", AUSTRIAN, name=who)
        of = line(f"{amount}", "0", supply="goods")
        money: dict[str, Any] = {"currency": "CHF", "exchange_rate": Decimal("0.95"), "party": abroad}
        return voucher(of, number=f"RE-{step}", **money, **facts)
    if what == "credit_note":
        note = {"kind": Kind.CREDIT_NOTE, "number": f"GS-{step}"}
        return voucher(line(f"{-amount}"), party=party(name=who), **note, **facts)
    direction = "purchase" if what == "purchase" else "sale"
    return voucher(
        line(f"{amount}"),
        line("3.33", "7"),
        direction=direction,
        party=party(name=who),
        number=f"RE-{step}",
        **facts,
    )


def _money(random: Random, step: int, day: date, of: Voucher) -> Voucher:
    discount = "1.19" if of.currency == "EUR" and random.random() < 0.5 else "0"
    taken = cleared(of.number, f"{random.randrange(100, 90_000) / 100:.2f}", discount, "19")
    money: dict[str, Any] = {"currency": of.currency, "party": of.party, "direction": of.direction}
    if of.exchange_rate is not None:
        money["exchange_rate"] = Decimal(random.choice(("0.95", "0.9", "1.01")))
    return payment(taken, number=f"Z-{step}", external_id=f"z{step}", document_date=day, **money)
