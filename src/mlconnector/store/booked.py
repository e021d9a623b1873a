"""Bookings as reports read them, with what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    query = _standing(client, names)
    if first:
        query = query.where(entries.c.period >= first)
    if last:
        query = query.where(entries.c.period <= last)
    return _rows(connection, query)


def of_vouchers_dated(
    connection: Connection, client: str, names: Sequence[str], first: date | None, last: date | None
) -> Iterator[BookedRow]:
    """The bookings of vouchers that are dated from `first` to `last`, whenever they were booked."""
    query = _standing(client, names).join(vouchers, vouchers.c.id == entries.c.voucher)
    return _rows(connection, query.where(*_dated(first, last)))


def documents_by_state(
    connection: Connection, names: Sequence[str], first: date | None, last: date | None
) -> dict[str, int]:
    """How many documents of vouchers that are dated from `first` to `last` are in which state."""
    query = (
        select(documents.c.state, func.count())
        .join(vouchers, vouchers.c.id == documents.c.voucher)
        .where(documents.c.connection.in_(list(names)), *_dated(first, last))
        .group_by(documents.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def numbers(connection: Connection, names: Sequence[str]) -> set[str]:
    """The numbers of all vouchers of some connections, whatever became of them."""
    query = select(vouchers.c.number).where(
        vouchers.c.connection.in_(list(names)), vouchers.c.number.is_not(None)
    )
    return set(connection.execute(query).scalars())


def _standing(client: str, names: Sequence[str]) -> Select[Any]:
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
        .where(
            entries.c.client == client,
            entries.c.connection.in_(list(names)),
            batches.c.state.is_(None) | batches.c.state.not_in(NOT_TAKEN),
        )
        .order_by(entries.c.period, entries.c.created_at, entries.c.id)
    )


def _rows(connection: Connection, query: Select[Any]) -> Iterator[BookedRow]:
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield BookedRow(row[0], row[1], row[2], row[3], row[4], _stand(row[5]), row[6])


def _stand(state: str | None) -> Stand:
    if state is None or state == "frozen":
        return "planned"
    return "accepted" if state in ARRIVED else "under_way"


def _dated(first: date | None, last: date | None) -> Iterator[ColumnElement[bool]]:
    if first is not None:
        yield vouchers.c.document_date >= first
    if last is not None:
        yield vouchers.c.document_date <= last
