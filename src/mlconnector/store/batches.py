"""Batches: frozen bytes and what became of them, with a note before and after every attempt to send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from mlconnector.model.voucher_facts import folded
from mlconnector.store.saying import named
from mlconnector.store.tables import batches, entries, transfers
from mlconnector.store.upsert import put_row

BatchFormat = Literal["extf", "dxso", "master"]
BatchState = Literal[
    "frozen", "submitting", "unknown", "submitted", "succeeded", "partial", "failed", "dissolved"
]

ARRIVED: tuple[BatchState, ...] = ("succeeded", "partial")
"""States of batches whose bookings stand in DATEV; of a partial one those that are still in it."""

NOT_TAKEN: tuple[BatchState, ...] = ("failed", "dissolved")
FINAL: tuple[BatchState, ...] = (*ARRIVED, *NOT_TAKEN)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as it stands in the database, without its bytes."""

    id: str
    connection: str
    client: str
    period: str
    format: BatchFormat
    file_name: str
    sha256: str
    rows: int
    vouchers: int
    state: BatchState
    job_id: str | None
    polls: int
    parked: bool
    deliveries: int
    follows: int
    answer: str
    cause: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batches are meant; what is empty is not asked for.

    `first` and `last` are months. `text` is a part of the name of the file, of the id or the job, or of the
    number or id of a voucher in it.
    """

    connection: str | None = None
    states: Sequence[BatchState] = ()
    format: BatchFormat | None = None
    first: str = ""
    last: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How many batches of a connection came to an end, and how many vouchers are in them."""

    connection: str
    state: BatchState
    batches: int
    vouchers: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a batch was handed over; `outcome` is a word and the job, e.g. `accepted 4711`."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str


class NewBatch(TypedDict):
    """A batch as it is frozen; `changes` and `answer` are JSON."""

    id: str
    connection: str
    client: str
    period: str
    format: BatchFormat
    file_name: str
    content: bytes
    sha256: str
    rows: int
    vouchers: int
    changes: str
    state: BatchState
    job_id: str | None
    polls: int
    answer: str
    cause: str
    created_at: datetime
    changed_at: datetime


_COLUMNS = [batches.c[name] for name in BatchRow.__dataclass_fields__]


def insert_batch(connection: Connection, row: NewBatch) -> None:
    """Freeze a batch; one that was taken apart and has the same content again takes its place."""
    put_row(connection, batches, row)


def read(connection: Connection, batch: str) -> BatchRow | None:
    """A batch by its id."""
    row = connection.execute(select(*_COLUMNS).where(batches.c.id == batch)).first()
    return None if row is None else BatchRow(*row)


def find(connection: Connection, wanted: str) -> BatchRow | None:
    """A batch by its id or its file name; file names carry a part of the id, so they are its own."""
    query = select(*_COLUMNS).where((batches.c.id == wanted) | (batches.c.file_name == wanted))
    row = connection.execute(query.order_by(batches.c.created_at.desc())).first()
    return None if row is None else BatchRow(*row)


def content(connection: Connection, batch: str) -> bytes:
    """The frozen bytes of a batch."""
    return bytes(connection.execute(select(batches.c.content).where(batches.c.id == batch)).scalar_one())


def listed(
    connection: Connection, name: str | None = None, states: Sequence[BatchState] | None = None
) -> list[BatchRow]:
    """Batches, the oldest first."""
    query = select(*_COLUMNS).order_by(batches.c.created_at, batches.c.period, batches.c.id)
    if name is not None:
        query = query.where(batches.c.connection == name)
    if states is not None:
        query = query.where(batches.c.state.in_(list(states)))
    return [BatchRow(*row) for row in connection.execute(query)]


def count(connection: Connection, wanted: Wanted) -> int:
    """How many batches are meant."""
    return int(
        connection.execute(select(func.count()).select_from(batches).where(*_meant(wanted))).scalar_one()
    )


def search(
    connection: Connection, wanted: Wanted, *, limit: int | None = None, offset: int = 0
) -> list[BatchRow]:
    """The batches that are meant, the latest first."""
    latest = (batches.c.created_at.desc(), batches.c.period.desc(), batches.c.id.desc())
    query = select(*_COLUMNS).where(*_meant(wanted)).order_by(*latest).limit(limit).offset(offset)
    return [BatchRow(*row) for row in connection.execute(query)]


def refused_since(connection: Connection, name: str, since: datetime) -> list[BatchRow]:
    """The batches of a connection that DATEV has not, or not all, taken since a moment; the oldest first."""
    refused = batches.c.state.in_(["failed", "partial"]), batches.c.changed_at >= since
    query = select(*_COLUMNS).where(batches.c.connection == name, *refused)
    rows = connection.execute(query.order_by(batches.c.changed_at, batches.c.id))
    return [BatchRow(*row) for row in rows]


def ended_within(connection: Connection, since: datetime, until: datetime) -> list[Ended]:
    """How many batches with bookings came to which end between two moments, by connection and state."""
    query = (
        select(batches.c.connection, batches.c.state, func.count(), func.sum(batches.c.vouchers))
        .where(batches.c.format != "master", batches.c.state.in_(FINAL))
        .where(batches.c.changed_at >= since, batches.c.changed_at < until)
        .group_by(batches.c.connection, batches.c.state)
        .order_by(batches.c.connection, batches.c.state)
    )
    return [Ended(row[0], row[1], row[2], int(row[3])) for row in connection.execute(query)]


def states(connection: Connection, names: Sequence[str]) -> dict[str, BatchState]:
    """The state of each batch of some connections, by its id."""
    query = select(batches.c.id, batches.c.state).where(batches.c.connection.in_(list(names)))
    return {row.id: row.state for row in connection.execute(query)}


def attempts(connection: Connection, batch: str) -> list[Attempt]:
    """Every time that a batch was handed over, the first one first."""
    query = (
        select(transfers.c.attempt, transfers.c.started_at, transfers.c.finished_at, transfers.c.outcome)
        .where(transfers.c.batch == batch)
        .order_by(transfers.c.attempt)
    )
    return [Attempt(*row) for row in connection.execute(query)]


def _meant(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.connection is not None:
        yield batches.c.connection == wanted.connection
    if wanted.states:
        yield batches.c.state.in_(list(wanted.states))
    if wanted.format is not None:
        yield batches.c.format == wanted.format
    if wanted.first:
        yield batches.c.period >= wanted.first
    if wanted.last:
        yield batches.c.period <= wanted.last
    if wanted.text:
        meant = entries.c.voucher.in_(named(folded(wanted.text)))
        holding = select(entries.c.batch).where(entries.c.batch.is_not(None), meant)
        of_its_own = _has((batches.c.file_name, batches.c.id, batches.c.job_id), wanted.text)
        yield or_(of_its_own, batches.c.id.in_(holding))


def _has(columns: Sequence[ColumnElement[str | None]], text: str) -> ColumnElement[bool]:
    return or_(*(column.icontains(text, autoescape=True) for column in columns))


def unfinished(connection: Connection, name: str) -> list[BatchRow]:
    """Batches of a connection that DATEV has not finally answered."""
    return listed(connection, name, ["frozen", "submitting", "unknown", "submitted"])


def hold(connection: Connection, row: BatchRow) -> bool:
    """Keep others from changing a batch until the transaction ends; False when it is not as it was read."""
    query = select(*_COLUMNS).where(batches.c.id == row.id).with_for_update()
    return [BatchRow(*found) for found in connection.execute(query)] == [row]


def change(connection: Connection, batch: str, now: datetime, **values: object) -> None:
    """Note a change of a batch."""
    connection.execute(update(batches).where(batches.c.id == batch).values(changed_at=now, **values))


def count_up(connection: Connection, batch: str, column: str) -> int:
    """Raise one of a batch's counters (`polls`, `deliveries`, `follows`) and return its new value."""
    counter = batches.c[column]
    connection.execute(update(batches).where(batches.c.id == batch).values({column: counter + 1}))
    return int(connection.execute(select(counter).where(batches.c.id == batch)).scalar_one())


def note_attempt(connection: Connection, batch: str, now: datetime) -> int:
    """Write down that the batch is about to be sent; returns which attempt it is."""
    query = select(func.coalesce(func.max(transfers.c.attempt), 0)).where(transfers.c.batch == batch)
    attempt = int(connection.execute(query).scalar_one()) + 1
    connection.execute(insert(transfers), {"batch": batch, "attempt": attempt, "started_at": now})
    return attempt


def note_outcome(connection: Connection, batch: str, outcome: str, now: datetime) -> None:
    """Write down what came back of the latest attempt."""
    latest = select(func.max(transfers.c.attempt)).where(transfers.c.batch == batch).scalar_subquery()
    connection.execute(
        update(transfers)
        .where(transfers.c.batch == batch, transfers.c.attempt == latest)
        .values(finished_at=now, outcome=outcome)
    )


def jobs(connection: Connection, batch: str) -> set[str]:
    """The jobs that took the batch in earlier attempts."""
    query = select(transfers.c.outcome).where(transfers.c.batch == batch, transfers.c.outcome != "")
    outcomes = [outcome.split(" ", 1) for outcome in connection.execute(query).scalars()]
    return {words[1] for words in outcomes if words[0] in {"accepted", "adopted"}}


def answer(row: BatchRow) -> dict[str, Any]:
    """What DATEV answered for a batch, as far as it did."""
    return dict(json.loads(row.answer)) if row.answer else {}
