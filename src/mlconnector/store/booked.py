"""Bookings as reports read them, with what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from mlconnector.store.batches import ARRIVED, NOT_TAKEN, BatchState
from mlconnector.store.entries import Format
from mlconnector.store.sets import SET_SIZE, parts
from mlconnector.store.tables import batches, documents, entries, vouchers

Stand = Literal["accepted", "under_way", "planned"]
"""Of a booking: DATEV has it, DATEV may have it, or nothing of it has left yet."""

_BOOKED = tuple(
    entries.c[name]
    for name in (
        *("id", "voucher", "connection", "channel", "reverses"),
        *("content", "batch", "period", "created_at"),
    )
)
_IN_ORDER = (entries.c.period, entries.c.created_at, entries.c.id)


@dataclass(frozen=True, slots=True)
class BookedRow:
    """A booking with what became of it; `content` is its canonical JSON, `reverses` the id of another one."""

    id: str
    voucher: str
    connection: str
    channel: Format
    reverses: str | None
    content: str
    batch: str | None
    period: str
    created_at: datetime
    stand: Stand


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch that DATEV has accepted, as far as it can be told from what it was and from what it may become.

    `bookings` is how many are in it, of which the latest was `made_at`; `changed_at` is when it came to its
    state.
    """

    batch: str
    connection: str
    period: str
    bookings: int
    made_at: datetime
    changed_at: datetime


def taken(
    connection: Connection, client: str, names: Sequence[str], first: str = "", last: str = ""
) -> list[Taken]:
    """The batches that DATEV has accepted of some months, by the months of their bookings."""
    key = (entries.c.batch, entries.c.connection, entries.c.period)
    held = (
        select(*key, func.count().label("bookings"), func.max(entries.c.created_at).label("made_at"))
        .where(entries.c.batch.is_not(None), *_of_months(client, names, first, last))
        .group_by(*key)
        .subquery()
    )
    query = (
        select(held, batches.c.changed_at)
        .join(batches, batches.c.id == held.c.batch)
        .where(batches.c.state.in_(ARRIVED))
        .order_by(held.c.period, held.c.batch)
    )
    return [Taken(*row) for row in connection.execute(query)]


def in_batches(connection: Connection, some: Sequence[Taken]) -> list[BookedRow]:
    """The bookings in some batches that DATEV has accepted, in the order of all reports."""
    found: list[BookedRow] = []
    names = sorted({one.connection for one in some})
    for part in parts([one.batch for one in some]):
        query = select(*_BOOKED).where(entries.c.connection.in_(names), entries.c.batch.in_(part))
        # Databases would sort what the bookings say along with them.
        found += (_booked_row(row, "accepted") for row in connection.execute(query))
    return sorted(found, key=lambda one: (one.period, one.created_at, one.id))


def unaccepted_in_months(
    connection: Connection, client: str, names: Sequence[str], first: str = "", last: str = ""
) -> Iterator[BookedRow]:
    """The bookings of some months that DATEV has neither accepted nor refused."""
    others = select(batches.c.id).where(
        batches.c.connection.in_(list(names)), batches.c.state.not_in((*ARRIVED, *NOT_TAKEN))
    )
    waiting = entries.c.batch.is_(None) | entries.c.batch.in_(others)
    return _rows(connection, _standing().where(*_of_months(client, names, first, last), waiting))


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A booking as a list shows it: what it says, what became of it, and the file that carries it."""

    voucher: str
    content: str
    stand: Stand
    file_name: str | None


def journal(
    connection: Connection,
    client: str,
    names: Sequence[str],
    first: str = "",
    last: str = "",
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[JournalRow]:
    """A page of the bookings of some months, in the order of the months and of their making."""
    # What is sorted carries no content, of which a page needs little.
    page = (
        select(entries.c.id)
        .where(*_in(client, names, first, last))
        .order_by(*_IN_ORDER)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    query = (
        select(entries.c.voucher, entries.c.content, batches.c.state, batches.c.file_name)
        .join(page, page.c.id == entries.c.id)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .order_by(*_IN_ORDER)
    )
    return [
        JournalRow(voucher, content, stand_of(state), file_name)
        for voucher, content, state, file_name in connection.execute(query)
    ]


def count_in_months(
    connection: Connection, client: str, names: Sequence[str], first: str = "", last: str = ""
) -> int:
    """How many bookings there are in some months."""
    query = select(func.count()).select_from(entries).where(*_in(client, names, first, last))
    return int(connection.execute(query).scalar_one())


def latest_month(connection: Connection, names: Sequence[str]) -> str:
    """The last month that has bookings; empty where there are none."""
    query = select(func.max(entries.c.period)).where(entries.c.connection.in_(list(names)))
    return connection.execute(query).scalar() or ""


def _in(client: str, names: Sequence[str], first: str, last: str) -> Iterator[ColumnElement[bool]]:
    refused = select(batches.c.id).where(batches.c.state.in_(NOT_TAKEN))
    yield entries.c.batch.is_(None) | entries.c.batch.not_in(refused)
    yield from _of_months(client, names, first, last)


def _of_months(
    client: str, names: Sequence[str], first: str = "", last: str = ""
) -> Iterator[ColumnElement[bool]]:
    yield entries.c.client == client
    yield entries.c.connection.in_(list(names))
    if first:
        yield entries.c.period >= first
    if last:
        yield entries.c.period <= last


def documents_by_state(
    connection: Connection, names: Sequence[str], first: date | None, last: date | None
) -> dict[str, int]:
    """How many documents of vouchers that are dated from `first` to `last` are in which state."""
    query = (
        select(documents.c.state, func.count())
        .join(vouchers, vouchers.c.id == documents.c.voucher)
        .where(vouchers.c.connection.in_(list(names)), *dated(first, last))
        .group_by(documents.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def numbers(connection: Connection, names: Sequence[str], beginnings: Collection[str]) -> set[str]:
    """The numbers of vouchers of some connections that begin so, whatever became of them."""
    found: set[str] = set()
    for beginning in beginnings:
        query = select(vouchers.c.number).where(
            vouchers.c.connection.in_(list(names)), vouchers.c.number.startswith(beginning, autoescape=True)
        )
        found.update(connection.execute(query).scalars())
    return found


def _standing() -> Select[Any]:
    """All bookings that DATEV has not refused."""
    return (
        select(*_BOOKED, batches.c.state)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .where(batches.c.state.is_(None) | batches.c.state.not_in(NOT_TAKEN))
        .order_by(*_IN_ORDER)
    )


def _rows(connection: Connection, query: Select[Any]) -> Iterator[BookedRow]:
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield _booked_row(row, stand_of(row.state))


def _booked_row(row: Row[*tuple[Any, ...]], stand: Stand) -> BookedRow:
    return BookedRow(*(*row[: len(_BOOKED)], stand))


def stand_of(state: str | None) -> Stand:
    """What became of a booking by the state of its batch; None where it has none."""
    if state is None or state == "frozen":
        return "planned"
    return "accepted" if state in ARRIVED else "under_way"


def stand_in(batch: str | None, states: Mapping[str, BatchState]) -> Stand | None:
    """What became of a booking by the batch that holds it, if any; None where DATEV has refused it."""
    state = None if batch is None else states[batch]
    return None if state in NOT_TAKEN else stand_of(state)


def not_accepted(states: Mapping[str, BatchState]) -> ColumnElement[bool]:
    """The bookings that DATEV has not accepted, by the states of the batches of their connections."""
    # Named one by one, for PostgreSQL walks over all bookings where others have to be looked up.
    others = [batch for batch, state in states.items() if state not in ARRIVED]
    return entries.c.batch.is_(None) | entries.c.batch.in_(others)


def dated(first: date | None, last: date | None) -> Iterator[ColumnElement[bool]]:
    """The conditions for a voucher to be dated from `first` to `last`; None where the period is open."""
    if first is not None:
        yield vouchers.c.document_date >= first
    if last is not None:
        yield vouchers.c.document_date <= last
