"""Bookings as reports read them, with what became of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, select

from mlconnector.store.batches import ARRIVED, NOT_TAKEN
from mlconnector.store.entries import Format
from mlconnector.store.sets import SET_SIZE
from mlconnector.store.tables import batches, documents, entries, vouchers

Stand = Literal["accepted", "under_way", "planned"]
"""Of a booking: DATEV has it, DATEV may have it, or nothing of it has left yet."""


@dataclass(frozen=True, slots=True)
class BookedRow:
    """A booking with what became of it; `content` is its canonical JSON, `reverses` the id of another one."""

    id: str
    voucher: str
    connection: str
    channel: Format
    reverses: str | None
    stand: Stand
    content: str


def in_months(
    connection: Connection, client: str, names: Sequence[str], first: str = "", last: str = ""
) -> Iterator[BookedRow]:
    """The bookings of connections in the books of a client, by their months from `first` to `last`.

    Left out is what DATEV has refused. The order is always the same.
    """
    query = _standing().where(entries.c.client == client, entries.c.connection.in_(list(names)))
    if first:
        query = query.where(entries.c.period >= first)
    if last:
        query = query.where(entries.c.period <= last)
    return _rows(connection, query)


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
    in_order = (entries.c.period, entries.c.created_at, entries.c.id)
    # What is sorted carries no content, of which a page needs little.
    page = (
        select(entries.c.id)
        .where(*_in(client, names, first, last))
        .order_by(*in_order)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    query = (
        select(entries.c.voucher, entries.c.content, batches.c.state, batches.c.file_name)
        .join(page, page.c.id == entries.c.id)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .order_by(*in_order)
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
    yield entries.c.client == client
    yield entries.c.connection.in_(list(names))
    refused = select(batches.c.id).where(batches.c.state.in_(NOT_TAKEN))
    yield entries.c.batch.is_(None) | entries.c.batch.not_in(refused)
    if first:
        yield entries.c.period >= first
    if last:
        yield entries.c.period <= last


def of_vouchers_dated(
    connection: Connection, names: Sequence[str], first: date | None, last: date | None
) -> Iterator[BookedRow]:
    """The bookings of vouchers that are dated from `first` to `last`, whenever they were booked."""
    query = _standing().join(vouchers, vouchers.c.id == entries.c.voucher)
    return _rows(connection, query.where(vouchers.c.connection.in_(list(names)), *_dated(first, last)))


def documents_by_state(
    connection: Connection, names: Sequence[str], first: date | None, last: date | None
) -> dict[str, int]:
    """How many documents of vouchers that are dated from `first` to `last` are in which state."""
    query = (
        select(documents.c.state, func.count())
        .join(vouchers, vouchers.c.id == documents.c.voucher)
        .where(vouchers.c.connection.in_(list(names)), *_dated(first, last))
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
        select(
            entries.c.id,
            entries.c.voucher,
            entries.c.connection,
            entries.c.channel,
            entries.c.reverses,
            batches.c.state,
            entries.c.content,
        )
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .where(batches.c.state.is_(None) | batches.c.state.not_in(NOT_TAKEN))
        .order_by(entries.c.period, entries.c.created_at, entries.c.id)
    )


def _rows(connection: Connection, query: Select[Any]) -> Iterator[BookedRow]:
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield BookedRow(row[0], row[1], row[2], row[3], row[4], stand_of(row[5]), row[6])


def stand_of(state: str | None) -> Stand:
    """What became of a booking by the state of its batch; None where it has none."""
    if state is None or state == "frozen":
        return "planned"
    return "accepted" if state in ARRIVED else "under_way"


def _dated(first: date | None, last: date | None) -> Iterator[ColumnElement[bool]]:
    if first is not None:
        yield vouchers.c.document_date >= first
    if last is not None:
        yield vouchers.c.document_date <= last
