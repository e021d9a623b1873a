"""The rows under open items: what each of them moved, and what became of its booking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from mlconnector.mapping.movements import Part
from mlconnector.model.entries import Ledger
from mlconnector.store import batches
from mlconnector.store.batches import BatchState
from mlconnector.store.booked import Stand, stand_in
from mlconnector.store.derived import amount_of
from mlconnector.store.items import IS_MOVED, ITEM, Counted, Item, until
from mlconnector.store.sets import parts
from mlconnector.store.tables import entries, entry_facts, entry_lines

_LINE = entry_lines.c


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


def movements(connection: Connection, of: Counted, items: Collection[Item]) -> list[Movement]:
    """The rows under some items, in the order of all reports."""
    rows: list[Any] = []
    for part in parts(sorted({one[2] for one in items})):
        query = _moved(of, _LINE.item.in_(part))
        rows += (row for row in connection.execute(query) if tuple(row[:4]) in items)
    return list(_in_order(rows, of, batches.states(connection, of.names)))


def movements_on(
    connection: Connection, of: Counted, accounts: Collection[str] | None = None
) -> list[Movement]:
    """The rows on some person accounts, or on all of them, in the order of all reports."""
    some = [IS_MOVED] if accounts is None else [_LINE.account.in_(part) for part in parts(sorted(accounts))]
    rows = (row for each in some for row in connection.execute(_moved(of, and_(IS_MOVED, each))))
    return list(_in_order(rows, of, batches.states(connection, of.names)))


def _moved(of: Counted, meant: ColumnElement[bool]) -> Select[Any]:
    """The rows that are meant, with what is known of their bookings."""
    return (
        select(
            *ITEM,
            *(_LINE.entry, _LINE.line, _LINE.part, _LINE.owed, _LINE.owed_euro, _LINE.discount),
            _LINE.due_date,
            *(entries.c.period, entries.c.created_at, entries.c.reverses, entries.c.batch),
            *(entry_facts.c.party_name, entry_facts.c.document_date),
        )
        .join(entries, entries.c.id == _LINE.entry)
        .join(entry_facts, entry_facts.c.entry == _LINE.entry)
        .where(meant, *until(of))
    )


def _in_order(rows: Iterable[Any], of: Counted, states: Mapping[str, BatchState]) -> Iterator[Movement]:
    """The rows that count; Skonto in DATEV's own column is a movement of its own."""
    for row in sorted(rows, key=lambda one: (one.period, one.created_at, one.entry, one.line)):
        stand = stand_in(row.batch, states)
        if stand is None or stand not in of.stands:
            continue
        ledger, account, number, currency, entry, _, part, owed, euro, beside, due_date = row[:11]
        parts_of_it: list[tuple[Part, int, int]] = [(part, owed - (beside or 0), euro - (beside or 0))]
        if beside:
            parts_of_it.append(("reversals" if part == "reversals" else "discounts", beside, beside))
        for what, amount, in_euro in parts_of_it:
            yield Movement(
                entry=entry,
                reverses=row.reverses,
                part=what,
                ledger=ledger,
                account=account,
                party=row.party_name,
                number=number,
                currency=currency,
                amount=amount_of(amount),
                euro=amount_of(in_euro),
                document_date=row.document_date,
                due_date=due_date,
                stand=stand,
            )
