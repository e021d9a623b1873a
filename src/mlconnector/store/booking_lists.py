"""Bookings as a Buchungsliste shows them: with their vouchers, in the order of their documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from mlconnector.store.batches import ARRIVED, NOT_TAKEN
from mlconnector.store.booked import Stand
from mlconnector.store.entries import Format
from mlconnector.store.sets import SET_SIZE, parts
from mlconnector.store.tables import batches, entries, revisions, vouchers


@dataclass(frozen=True, slots=True)
class BookingScope:
    """Which bookings of a connection are meant; what is empty or None is not asked for.

    `account` is on either side of one of their lines; `first` and `last` are days of documents.
    """

    connection: str
    kind: str = ""
    first: date | None = None
    last: date | None = None
    stand: Stand | None = None
    account: str = ""
    voucher: str = ""


@dataclass(frozen=True, slots=True)
class ListedBooking:
    """A booking with the batch that carries it, and the revision of its voucher as canonical JSON.

    `corrects` says that a reversal of the same revision goes before it.
    """

    id: str
    voucher: str
    channel: Format
    content: str
    said: str | None
    file_name: str | None
    batch_state: str | None
    document: str | None
    corrects: bool

    @property
    def stand(self) -> Stand | None:
        """How far it is; None for what DATEV has refused."""
        if self.batch_state in {None, "frozen"}:
            return "planned"
        if self.batch_state in NOT_TAKEN:
            return None
        return "accepted" if self.batch_state in ARRIVED else "under_way"


@dataclass(frozen=True, slots=True)
class Scanned:
    """As much of a booking as it takes to search it; `content` is its canonical JSON."""

    id: str
    number: str
    external_id: str
    content: str


_ORDER = (vouchers.c.document_date, vouchers.c.number, entries.c.created_at, entries.c.turn, entries.c.id)


def count(connection: Connection, wanted: BookingScope) -> int:
    """How many bookings are meant."""
    query = _meant(select(func.count(entries.c.id)), wanted)
    return int(connection.execute(query).scalar_one())


def page(connection: Connection, wanted: BookingScope, limit: int | None, offset: int) -> list[str]:
    """The ids of a page of the bookings, by the day and the number of their documents."""
    query = _meant(select(entries.c.id), wanted).order_by(*_ORDER).limit(limit).offset(offset)
    return list(connection.execute(query).scalars())


def scan(connection: Connection, wanted: BookingScope) -> Iterator[Scanned]:
    """All bookings that are meant, in the same order, with what they say."""
    columns = (entries.c.id, vouchers.c.number, vouchers.c.external_id, entries.c.content)
    query = _meant(select(*columns), wanted).order_by(*_ORDER)
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield Scanned(row[0], row[1] or "", row[2], row[3])


def by_ids(connection: Connection, ids: Sequence[str]) -> list[ListedBooking]:
    """Bookings by their ids, in their order."""
    before = entries.alias()
    corrects = exists().where(
        before.c.voucher == entries.c.voucher,
        before.c.revision == entries.c.revision,
        before.c.kind == "reversal",
        entries.c.kind == "original",
    )
    columns = (entries.c.id, entries.c.voucher, entries.c.channel, entries.c.content, revisions.c.content)
    found: dict[str, ListedBooking] = {}
    for part in parts(ids):
        query = (
            select(*columns, batches.c.file_name, batches.c.state, entries.c.document, corrects)
            .outerjoin(
                revisions,
                and_(revisions.c.voucher == entries.c.voucher, revisions.c.revision == entries.c.revision),
            )
            .outerjoin(batches, batches.c.id == entries.c.batch)
            .where(entries.c.id.in_(part))
        )
        found.update({row[0]: ListedBooking(*row) for row in connection.execute(query)})
    return [found[key] for key in ids if key in found]


def _meant(query: Select[Any], wanted: BookingScope) -> Select[Any]:
    return (
        query.select_from(entries)
        .join(vouchers, vouchers.c.id == entries.c.voucher)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .where(*_within(wanted))
    )


def _within(wanted: BookingScope) -> Iterator[ColumnElement[bool]]:
    yield entries.c.connection == wanted.connection
    if wanted.voucher:
        yield entries.c.voucher == wanted.voucher
    if wanted.kind:
        yield vouchers.c.kind == wanted.kind
    if wanted.first is not None:
        yield vouchers.c.document_date >= wanted.first
    if wanted.last is not None:
        yield vouchers.c.document_date <= wanted.last
    match wanted.stand:
        case "planned":
            frozen = select(batches.c.id).where(batches.c.state == "frozen")
            yield or_(entries.c.batch.is_(None), entries.c.batch.in_(frozen))
        case "accepted":
            yield batches.c.state.in_(ARRIVED)
        case "under_way":
            yield batches.c.state.not_in([*ARRIVED, *NOT_TAKEN, "frozen"])
        case None:
            pass
    if wanted.account:
        text = f'account":"{wanted.account}"'
        yield entries.c.content.contains(text, autoescape=True)
