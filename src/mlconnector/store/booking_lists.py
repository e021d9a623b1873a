"""Bookings as a Buchungsliste shows them: with their vouchers, in the order of their documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    union,
)

from mlconnector.model.money import rounded
from mlconnector.store.batches import ARRIVED, NOT_TAKEN
from mlconnector.store.booked import Stand
from mlconnector.store.derived import amount_of, between
from mlconnector.store.entries import Format
from mlconnector.store.saying import looked_through, named
from mlconnector.store.sets import parts
from mlconnector.store.tables import (
    batches,
    entries,
    entry_facts,
    entry_lines,
    revisions,
    vouchers,
)


@dataclass(frozen=True, slots=True)
class BookingScope:
    """Which bookings of a connection are meant; what is empty or None is not asked for.

    `account` is on either side of one of their lines; `first` and `last` are days of documents. `number`,
    `party` and `text` are parts of what they say, as `folded` writes them: of the number or the id of the
    voucher, of the party's name, or of any of these. `least` and `most` are bounds of the amount of a booking
    or of one of its lines, without its sign.
    """

    connection: str
    kind: str = ""
    first: date | None = None
    last: date | None = None
    stand: Stand | None = None
    account: str = ""
    voucher: str = ""
    number: str = ""
    party: str = ""
    text: str = ""
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def is_of_vouchers(self) -> bool:
        """Whether it takes the vouchers to tell."""
        return bool(self.kind or self.first or self.last)

    @property
    def is_of_content(self) -> bool:
        """Whether it takes what bookings and vouchers say to tell."""
        bounds = self.least is not None or self.most is not None
        return bool(self.account or self.number or self.party or self.text or bounds)


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
class MovedRows:
    """What lines of one currency move: of how many bookings they are, and their Umsatz by its side."""

    currency: str
    bookings: int
    rows: int
    debit: Decimal
    credit: Decimal


_ORDER = (vouchers.c.document_date, vouchers.c.number, entries.c.created_at, entries.c.turn, entries.c.id)


def count(connection: Connection, wanted: BookingScope) -> int:
    """How many bookings are meant."""
    query = select(func.count(entries.c.id))
    query = _meant(query, wanted) if wanted.is_of_vouchers else query.where(*_within(wanted))
    return int(connection.execute(query).scalar_one())


def page(connection: Connection, wanted: BookingScope, limit: int | None, offset: int) -> list[str]:
    """The ids of a page of the bookings, by the day and the number of their documents."""
    query = _meant(select(entries.c.id), wanted).order_by(*_ORDER).limit(limit).offset(offset)
    return list(connection.execute(query).scalars())


def moved(connection: Connection, wanted: BookingScope) -> list[MovedRows]:
    """What the lines of all bookings that are meant move, by currency."""
    query = select(entries.c.id)
    return list(
        _moved(connection, _meant(query, wanted) if wanted.is_of_vouchers else query.where(*_within(wanted)))
    )


def moved_by(connection: Connection, ids: Sequence[str]) -> list[MovedRows]:
    """What the lines of some bookings move, by currency; for a portion of them after the other."""
    return [one for part in parts(ids) for one in _moved(connection, part)]


def _moved(connection: Connection, which: Select[Any] | Sequence[str]) -> Iterator[MovedRows]:
    amount, currency = entry_lines.c.amount, entry_lines.c.currency
    is_real = entry_lines.c.ledger != "statistical"
    debit, credit = (func.sum(case((is_real & sign, amount), else_=0)) for sign in (amount > 0, amount < 0))
    query = (
        select(currency, func.count(entry_lines.c.entry.distinct()), func.count(), debit, -credit)
        .where(entry_lines.c.entry.in_(which))
        .group_by(currency)
        .order_by(currency)
    )
    for row in connection.execute(query):
        yield MovedRows(*row[:3], *(rounded(amount_of(one), row[0]) for one in row[3:]))


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
    """The bookings with their vouchers, which in long lists are walked through in the order of their days."""
    meant = [*_within(wanted), vouchers.c.connection == wanted.connection]
    is_long = wanted.stand in {None, "accepted"} and not (wanted.is_of_content or wanted.voucher)
    if is_long:
        del meant[0]
    return query.select_from(entries).join(vouchers, vouchers.c.id == entries.c.voucher).where(*meant)


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
    yield from _standing(wanted)
    if wanted.account:
        text = f'account":"{wanted.account}"'
        yield entries.c.content.contains(text, autoescape=True)
    if wanted.number:
        yield looked_through(entries.c.voucher, named(wanted.number))
    if wanted.party:
        yield looked_through(entries.c.id, _of_party(wanted.party))
    if wanted.text:
        yield or_(
            looked_through(entries.c.voucher, named(wanted.text)),
            looked_through(entries.c.id, _of_party(wanted.text)),
        )
    if wanted.least is not None or wanted.most is not None:
        yield entries.c.id.in_(_of_amount(wanted))


def _standing(wanted: BookingScope) -> Iterator[ColumnElement[bool]]:
    match wanted.stand:
        case "planned":
            frozen = batches.c.state == "frozen"
            yield or_(entries.c.batch.is_(None), entries.c.batch.in_(_batches(wanted, frozen)))
        case "accepted":
            yield entries.c.batch.in_(_batches(wanted, batches.c.state.in_(ARRIVED)))
        case "under_way":
            gone = batches.c.state.not_in([*ARRIVED, *NOT_TAKEN, "frozen"])
            yield entries.c.batch.in_(_batches(wanted, gone))
        case None:
            pass


def _batches(wanted: BookingScope, is_meant: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(batches.c.id).where(batches.c.connection == wanted.connection, is_meant)


def _of_party(text: str) -> Select[tuple[str]]:
    said = entry_facts.c.party.contains(text, autoescape=True)
    return select(entry_facts.c.entry).where(said)


def _of_amount(wanted: BookingScope) -> CompoundSelect[Any]:
    """The bookings that come to an amount, or one of whose lines does, on either side."""
    line = entry_lines.c.amount
    both = or_(
        and_(*between(line, wanted.least, wanted.most)), and_(*between(-line, wanted.least, wanted.most))
    )
    of_lines = select(entry_lines.c.entry).where(entry_lines.c.connection == wanted.connection, both)
    whole = select(entry_facts.c.entry).where(*between(entry_facts.c.total, wanted.least, wanted.most))
    return union(of_lines, whole)
