"""Entries: bookings between their decision and the batch that carries them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, insert, or_, select, update

from mlconnector.model.entries import BookedIn, Ledger
from mlconnector.model.money import rounded
from mlconnector.store import derived
from mlconnector.store.batches import ARRIVED, FINAL, NOT_TAKEN
from mlconnector.store.derived import amount_of
from mlconnector.store.sets import SET_SIZE, parts
from mlconnector.store.tables import (
    batches,
    clearings,
    document_marks,
    entries,
    entry_facts,
    entry_lines,
    entry_rows,
    vouchers,
)

Format = Literal["extf", "dxso"]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as it stands in the database; `content` is its canonical JSON."""

    id: str
    voucher: str
    revision: str
    kind: str
    turn: int
    period: str
    ledger: BookedIn
    channel: Format
    document: str | None
    reverses: str | None
    batch: str | None
    content: str


class NewEntry(TypedDict):
    """A decided booking; `open_item` is the Belegfeld 1 that it holds, `mapping` the rules' fingerprint."""

    id: str
    voucher: str
    connection: str
    client: str
    revision: str
    kind: str
    turn: int
    period: str
    ledger: BookedIn
    channel: Format
    open_item: str
    content: str
    mapping: str
    document: str | None
    reverses: str | None
    batch: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """Bookings that go to DATEV together: one month, one channel, and for DXSO one ledger.

    Statistical ones are by themselves: who reads or takes back a file of them has nothing real in it.
    """

    period: str
    channel: Format
    ledger: BookedIn

    @property
    def is_statistical(self) -> bool:
        """Whether its bookings move statistical accounts alone."""
        return self.ledger == "statistical"

    @property
    def together(self) -> tuple[BookedIn, ...]:
        """Whose bookings are in one file: EXTF carries both ledgers."""
        return (
            ("receivable", "payable")
            if self.channel == "extf" and not self.is_statistical
            else (self.ledger,)
        )


@dataclass(frozen=True, slots=True)
class Unsent:
    """A booking of which nothing has left yet, with the kind of its voucher."""

    voucher: str
    kind: str
    period: str
    ledger: BookedIn
    content: str


@dataclass(frozen=True, slots=True)
class Turnover:
    """What the lines of a batch come to in one currency: in debit and in credit of their first account."""

    batch: str
    currency: str
    debit: Decimal
    credit: Decimal


_COLUMNS = [entries.c[name] for name in EntryRow.__dataclass_fields__]


def insert_entries(
    connection: Connection,
    rows: Sequence[NewEntry],
    cleared: Mapping[str, Iterable[str]] | None = None,
    marks: Mapping[str, Iterable[str]] | None = None,
) -> None:
    """Add decided bookings; by their keys, `cleared` names the open items of others that they clear, and
    `marks` what they are recognised by.
    """
    if rows:
        connection.execute(insert(entries), list(rows))
        facts, lines = derived.of_entries(rows)
        connection.execute(insert(entry_facts), facts)
        connection.execute(insert(entry_lines), lines)
        if behind := derived.rows_of_entries(rows):
            connection.execute(insert(entry_rows), behind)
    clients = {row["id"]: row["client"] for row in rows}
    clearing = [
        {"entry": key, "client": clients[key], "open_item": item}
        for key, items in (cleared or {}).items()
        for item in items
    ]
    if clearing:
        connection.execute(insert(clearings), clearing)
    marked = [
        {"entry": key, "client": clients[key], "mark": mark}
        for key, its in (marks or {}).items()
        for mark in sorted(its)
    ]
    if marked:
        connection.execute(insert(document_marks), marked)


def standing(connection: Connection, ids: Sequence[str]) -> dict[str, list[EntryRow]]:
    """The bookings that stand in DATEV, by voucher: those that arrived and were not taken back."""
    found: dict[str, list[EntryRow]] = {}
    arrived = select(batches.c.id).where(batches.c.state.in_(ARRIVED))
    for part in parts(ids):
        taken_back = select(entries.c.reverses).where(
            entries.c.voucher.in_(part), entries.c.kind == "reversal", entries.c.batch.in_(arrived)
        )
        query = (
            select(*_COLUMNS)
            .where(
                entries.c.voucher.in_(part),
                entries.c.kind == "original",
                entries.c.batch.in_(arrived),
                entries.c.id.not_in(taken_back),
            )
            .order_by(entries.c.created_at, entries.c.id)
        )
        for row in connection.execute(query):
            found.setdefault(row.voucher, []).append(EntryRow(*row))
    return found


def carried(connection: Connection, client: str) -> list[tuple[str, BookedIn, str, Format]]:
    """What DATEV has or may have: kind of voucher, ledger, month and channel, each once.

    A transfer of booking suggestions that is not finished yet is not processed.
    """
    begun = and_(batches.c.state == "submitting", batches.c.format != "dxso")
    gone = select(batches.c.id).where(or_(batches.c.state.in_(["unknown", "submitted", *ARRIVED]), begun))
    query = (
        select(vouchers.c.kind, entries.c.ledger, entries.c.period, entries.c.channel)
        .distinct()
        .join(vouchers, vouchers.c.id == entries.c.voucher)
        .where(entries.c.client == client, entries.c.batch.in_(gone))
        .order_by(entries.c.period)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def waiting_groups(connection: Connection, name: str) -> list[Group]:
    """What has bookings of a connection without a batch, the oldest month first."""
    columns = (entries.c.period, entries.c.channel, entries.c.ledger)
    query = (
        select(*columns)
        .distinct()
        .where(entries.c.connection == name, entries.c.batch.is_(None))
        .order_by(*columns)
    )
    return [Group(*row) for row in connection.execute(query)]


def waiting(connection: Connection, name: str, group: Group) -> Iterator[EntryRow]:
    """Bookings of one group without a batch, in a stable order."""
    query = (
        select(*_COLUMNS)
        .where(
            entries.c.connection == name,
            entries.c.period == group.period,
            entries.c.channel == group.channel,
            entries.c.batch.is_(None),
            entries.c.ledger.in_(group.together),
        )
        .order_by(entries.c.voucher, entries.c.kind.desc(), entries.c.turn)
    )
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield EntryRow(*row)


def unsent(connection: Connection, name: str) -> Iterator[Unsent]:
    """Bookings of a connection that wait for a batch, or for the first attempt to send theirs."""
    columns = (vouchers.c.kind, entries.c.period, entries.c.ledger, entries.c.content)
    query = (
        select(entries.c.voucher, *columns)
        .join(vouchers, vouchers.c.id == entries.c.voucher)
        .where(entries.c.connection == name, _has_not_left())
    )
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield Unsent(*row)


def unsent_vouchers(connection: Connection, name: str) -> int:
    """How many vouchers of a connection have a booking that waits to be sent."""
    query = select(func.count(entries.c.voucher.distinct())).where(
        entries.c.connection == name, _has_not_left()
    )
    return int(connection.execute(query).scalar_one())


def _has_not_left() -> ColumnElement[bool]:
    frozen = select(batches.c.id).where(batches.c.state == "frozen")
    return or_(entries.c.batch.is_(None), entries.c.batch.in_(frozen))


def naming(connection: Connection, client: str, number: str) -> list[tuple[EntryRow, str | None]]:
    """Bookings of a client in whose content a number stands as a text, each with the state of its batch."""
    query = (
        select(*_COLUMNS, batches.c.state)
        .outerjoin(batches, batches.c.id == entries.c.batch)
        .where(entries.c.client == client, entries.c.content.contains(f'"{number}"', autoescape=True))
        .order_by(entries.c.created_at, entries.c.id)
    )
    return [(EntryRow(*row[:-1]), row[-1]) for row in connection.execute(query)]


def explaining(connection: Connection, name: str, field: str, batch: str | None) -> list[EntryRow]:
    """The bookings of a connection in a batch (None: that wait for one) that say why of a field."""
    query = select(*_COLUMNS).where(
        entries.c.connection == name,
        entries.c.batch.is_(None) if batch is None else entries.c.batch == batch,
        entries.c.content.contains(_said_of(field), autoescape=True),
    )
    return [EntryRow(*row) for row in connection.execute(query.order_by(entries.c.voucher, entries.c.turn))]


def explains(row: EntryRow, field: str) -> bool:
    """Whether a booking says why of a field, without having it decoded."""
    return _said_of(field) in row.content


def _said_of(field: str) -> str:
    return f'"field":"{field}"'


def of_batch(connection: Connection, batch: str) -> list[EntryRow]:
    """The bookings of a batch."""
    query = select(*_COLUMNS).where(entries.c.batch == batch).order_by(entries.c.voucher, entries.c.turn)
    return [EntryRow(*row) for row in connection.execute(query)]


def vouchers_of_batch(connection: Connection, name: str, batch: str) -> list[str]:
    """The vouchers that a batch of a connection books, by our key."""
    query = select(entries.c.voucher).distinct().where(entries.c.connection == name, entries.c.batch == batch)
    return list(connection.execute(query.order_by(entries.c.voucher)).scalars())


def turnovers(connection: Connection, ids: Sequence[str]) -> Iterator[Turnover]:
    """What the lines of batches come to, by currency."""
    amount = entry_lines.c.amount
    debit, credit = (func.sum(case((sign, amount), else_=0)) for sign in (amount > 0, amount < 0))
    key = (entries.c.batch, entry_lines.c.currency)
    for part in parts(ids):
        query = (
            select(*key, debit, -credit)
            .join(entry_lines, entry_lines.c.entry == entries.c.id)
            .where(entries.c.batch.in_(part), entries.c.connection.in_(_connections(part)))
            .group_by(*key)
            .order_by(*key)
        )
        for row in connection.execute(query):
            yield Turnover(row[0], row[1], *(rounded(amount_of(one), row[1]) for one in row[2:]))


def _connections(ids: Sequence[str]) -> Select[tuple[str]]:
    """Those of batches: the index of entries begins with them."""
    return select(batches.c.connection).where(batches.c.id.in_(ids))


def ledgers(connection: Connection, batch: str, ids: Sequence[str]) -> dict[str, Ledger]:
    """The ledgers in which a batch books vouchers; what it takes back of one may stand in the other."""
    found: dict[str, Ledger] = {}
    for part in parts(ids):
        query = (
            select(entries.c.voucher, entries.c.ledger)
            .where(entries.c.batch == batch, entries.c.voucher.in_(part))
            .order_by(entries.c.kind.desc())
        )
        found.update({row.voucher: row.ledger for row in connection.execute(query)})
    return found


def assign(connection: Connection, ids: Sequence[str], batch: str) -> bool:
    """Put waiting bookings into a batch; False when one of them does not wait any more."""
    assigned = 0
    for part in parts(ids):
        waiting = update(entries).where(entries.c.id.in_(part), entries.c.batch.is_(None))
        assigned += connection.execute(waiting.values(batch=batch)).rowcount
    return assigned == len(ids)


def take_out(connection: Connection, batch: str) -> None:
    """Let the bookings of a batch wait for another one."""
    connection.execute(update(entries).where(entries.c.batch == batch).values(batch=None))


def take_out_these(connection: Connection, ids: Sequence[str]) -> None:
    """Let some bookings of a batch wait again, because DATEV did not take them."""
    for part in parts(ids):
        connection.execute(update(entries).where(entries.c.id.in_(part)).values(batch=None))


def turns(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str, str], int]:
    """How often each voucher and revision was booked so far, by kind of booking."""
    found: dict[tuple[str, str, str], int] = {}
    for part in parts(ids):
        query = (
            select(entries.c.voucher, entries.c.revision, entries.c.kind, func.max(entries.c.turn))
            .where(entries.c.voucher.in_(part))
            .group_by(entries.c.voucher, entries.c.revision, entries.c.kind)
        )
        for voucher, revision, kind, turn in connection.execute(query):
            found[voucher, revision, kind] = turn
    return found


def waiting_items(connection: Connection, ids: Sequence[str]) -> list[str]:
    """The open items that bookings of these vouchers hold which no batch has yet."""
    found: set[str] = set()
    for part in parts(ids):
        mine = (entries.c.voucher.in_(part), entries.c.batch.is_(None), entries.c.open_item != "")
        found.update(connection.execute(select(entries.c.open_item).where(*mine)).scalars())
    return sorted(found)


def holders_of_open_items(connection: Connection, client: str, items: Iterable[str]) -> dict[str, set[str]]:
    """Which vouchers of a client hold an open item, by its name; what was taken back holds nothing."""
    wanted = sorted(set(items) - {""})
    found: dict[str, set[str]] = {}
    taken_back = _taken_back()
    for part in parts(wanted):
        query = select(entries.c.open_item, entries.c.voucher).where(
            entries.c.client == client, entries.c.open_item.in_(part), entries.c.id.not_in(taken_back)
        )
        for item, voucher in connection.execute(query):
            found.setdefault(item, set()).add(voucher)
    return found


def on_open_items(connection: Connection, client: str, items: Iterable[str]) -> dict[str, list[EntryRow]]:
    """The bookings on open items, by their names: those that open them and those that clear them.

    Left out is what was taken back, and what DATEV has refused. What is still to be sent is there.
    """
    counts = or_(entries.c.batch.is_(None), entries.c.batch.not_in(_refused()))
    taken_back = _taken_back()
    found: dict[str, list[EntryRow]] = {}
    for part in parts(sorted(set(items) - {""})):
        opened = select(entries.c.open_item.label("item"), *_COLUMNS, entries.c.created_at).where(
            entries.c.client == client, entries.c.open_item.in_(part)
        )
        cleared = (
            select(clearings.c.open_item.label("item"), *_COLUMNS, entries.c.created_at)
            .join(entries, entries.c.id == clearings.c.entry)
            .where(clearings.c.client == client, clearings.c.open_item.in_(part))
        )
        for query in (opened, cleared):
            standing = query.where(entries.c.kind == "original", counts, entries.c.id.not_in(taken_back))
            for row in connection.execute(standing.order_by(entries.c.created_at, entries.c.id)):
                found.setdefault(row[0], []).append(EntryRow(*row[1:-1]))
    return found


def recognised(connection: Connection, client: str, marks: Iterable[str]) -> dict[str, dict[str, EntryRow]]:
    """The bookings of documents that have one of these marks: by mark, and by the voucher of each.

    Left out is what was taken back, and what DATEV has refused. What is still to be sent is there.
    """
    counts = or_(entries.c.batch.is_(None), entries.c.batch.not_in(_refused()))
    found: dict[str, dict[str, EntryRow]] = {}
    taken_back = _taken_back()
    for part in parts(sorted(set(marks))):
        query = (
            select(document_marks.c.mark, *_COLUMNS)
            .join(entries, entries.c.id == document_marks.c.entry)
            .where(
                document_marks.c.client == client,
                document_marks.c.mark.in_(part),
                entries.c.kind == "original",
                counts,
                entries.c.id.not_in(taken_back),
            )
            .order_by(entries.c.created_at, entries.c.id)
        )
        for row in connection.execute(query):
            found.setdefault(row[0], {})[row.voucher] = EntryRow(*row[1:])
    return found


def _refused() -> Select[tuple[str]]:
    return select(batches.c.id).where(batches.c.state.in_(NOT_TAKEN))


def _taken_back() -> Select[tuple[str]]:
    """The bookings that a reversal takes back, or is on its way to."""
    back = entries.alias()
    arrives = or_(back.c.batch.is_(None), back.c.batch.not_in(_refused()))
    return select(back.c.reverses).where(back.c.reverses.is_not(None), arrives)


def unsettled_vouchers(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those vouchers that still have a booking which DATEV has not finally answered."""
    found: set[str] = set()
    for part in parts(ids):
        query = (
            select(entries.c.voucher)
            .distinct()
            .outerjoin(batches, batches.c.id == entries.c.batch)
            .where(
                entries.c.voucher.in_(part),
                (batches.c.id.is_(None)) | (batches.c.state.not_in(FINAL)),
            )
        )
        found.update(connection.execute(query).scalars())
    return found


def of_voucher(connection: Connection, voucher: str) -> list[EntryRow]:
    """All bookings of one voucher, the first one first."""
    query = (
        select(*_COLUMNS).where(entries.c.voucher == voucher).order_by(entries.c.created_at, entries.c.turn)
    )
    return [EntryRow(*row) for row in connection.execute(query)]
