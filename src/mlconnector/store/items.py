"""Open items as databases add them up: which are open, and the bookings that stand under them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, or_, select

from mlconnector.store.batches import ARRIVED, NOT_TAKEN
from mlconnector.store.booked import BookedRow, Stand, stand_of, standing
from mlconnector.store.sets import parts
from mlconnector.store.tables import batches, entries, entry_facts, entry_lines

Item = tuple[str, str, str, str]
"""Ledger, person account, Belegfeld 1 and currency."""

_ITEM = tuple(entry_lines.c[name] for name in ("ledger", "account", "item", "item_currency"))


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """A booking that DATEV has not accepted, or that is in a month from a day on."""

    posted_on: date
    stand: Stand


def open_on(
    connection: Connection, client: str, names: Sequence[str], on: date, stands: Collection[Stand]
) -> set[Item]:
    """The items that do not come to nothing on a day, of what became one of some `stands`."""
    owed = (entry_lines.c.owed, entry_lines.c.owed_euro)
    until = (entry_lines.c.item.is_not(None), entry_lines.c.posted_on <= on)
    everything = (
        select(*_ITEM, *map(func.sum, owed))
        .where(entry_lines.c.client == client, entry_lines.c.connection.in_(list(names)), *until)
        .group_by(*_ITEM)
        .having(or_(*(func.sum(one) != 0 for one in owed)))
    )
    # What does not count is little: walking to the state of each booking would take far longer.
    not_counted = (
        select(*_ITEM, *owed, batches.c.state)
        .join(entries, entries.c.id == entry_lines.c.entry)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .where(*_not_accepted(client, names), *until)
    )
    left: dict[Item, tuple[int, int]] = {}
    for row in connection.execute(everything):
        left[row[0], row[1], row[2], row[3]] = row[4], row[5]
    for row in connection.execute(not_counted):
        if row.state in NOT_TAKEN or stand_of(row.state) not in stands:
            item = row[0], row[1], row[2], row[3]
            before = left.get(item, (0, 0))
            left[item] = before[0] - row[4], before[1] - row[5]
    return {item for item, both in left.items() if any(both)}


def bookings_under(
    connection: Connection, client: str, names: Sequence[str], items: Collection[Item]
) -> Iterator[BookedRow]:
    """The bookings with a line under one of these items, in the order of all reports."""
    numbers = sorted({one[2] for one in items})
    found: set[str] = set()
    for part in parts(numbers):
        query = select(*_ITEM, entry_lines.c.entry).where(
            entry_lines.c.client == client,
            entry_lines.c.ledger.in_(sorted({one[0] for one in items})),
            entry_lines.c.item.in_(part),
            entry_lines.c.connection.in_(list(names)),
        )
        found.update(row[4] for row in connection.execute(query) if tuple(row[:4]) in items)
    rows = [row for part in parts(sorted(found)) for row in standing(connection, part)]
    yield from (row for _, row in sorted(rows, key=lambda one: one[0]))


def shared(connection: Connection, client: str, names: Sequence[str], accounts: Collection[str]) -> set[str]:
    """Those of some person accounts on which more than one party is booked."""
    found: set[str] = set()
    for part in parts(sorted(accounts)):
        query = (
            select(entry_lines.c.account)
            .join(entry_facts, entry_facts.c.entry == entry_lines.c.entry)
            .where(
                entry_lines.c.client == client,
                entry_lines.c.connection.in_(list(names)),
                entry_lines.c.account.in_(part),
                entry_lines.c.item.is_not(None),
            )
            .group_by(entry_lines.c.account)
            .having(func.count(entry_facts.c.party.distinct()) > 1)
        )
        found.update(connection.execute(query).scalars())
    return found


def unaccepted(connection: Connection, client: str, names: Sequence[str], since: str) -> Iterator[Unaccepted]:
    """The bookings that DATEV has not accepted, and all from a month on; none that it has refused."""
    query = (
        select(entry_facts.c.posted_on, batches.c.state)
        .select_from(entries)
        .join(entry_facts, entry_facts.c.entry == entries.c.id)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .where(*_not_accepted(client, names, entries.c.period >= since))
        .where(or_(batches.c.state.is_(None), batches.c.state.not_in(NOT_TAKEN)))
    )
    for posted_on, state in connection.execute(query):
        yield Unaccepted(posted_on, stand_of(state))


def _not_accepted(
    client: str, names: Sequence[str], *also: ColumnElement[bool]
) -> Iterator[ColumnElement[bool]]:
    """The bookings that DATEV has not accepted, and those that are `also` meant."""
    others = select(batches.c.id).where(
        batches.c.connection.in_(list(names)), batches.c.state.not_in(ARRIVED)
    )
    yield entries.c.client == client
    yield entries.c.connection.in_(list(names))
    yield or_(entries.c.batch.is_(None), entries.c.batch.in_(others), *also)
