"""Vouchers as people look for them: by name, by what they wait for, within a scope, in their batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.looked_at import looked_at
from mlconnector.store.saying import looked_through, named, of_amount, of_party, saying
from mlconnector.store.sets import SET_SIZE, parts
from mlconnector.store.tables import connections, entries, problems, revisions, vouchers
from mlconnector.store.vouchers import VoucherRow, VoucherState, problem_of, was_reversed


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """A voucher, and one problem that it waits for."""

    row: VoucherRow
    problem: Problem


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many vouchers of a connection wait for a cause."""

    connection: str
    cause: str
    count: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Which vouchers are meant: of a connection, in one of some states, dated from `first` to `last`.

    `number`, `customer` and `text` are parts of what they say, as `folded` writes them: of number or ids, of
    the party's name, or of any of these; `also` are vouchers that have the text elsewhere. `least` and `most`
    are bounds of the gross without its sign. `undated` says that those without a day are meant, too.
    """

    connection: str | None = None
    states: tuple[VoucherState, ...] = ()
    first: date | None = None
    last: date | None = None
    reversed_only: bool = False
    kind: str | None = None
    number: str = ""
    customer: str = ""
    text: str = ""
    also: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    undated: bool = False


COLUMNS = [vouchers.c[name] for name in VoucherRow.__dataclass_fields__]
_IN_ORDER = (vouchers.c.connection, vouchers.c.document_date, vouchers.c.number, vouchers.c.id)
_WAITING = ("needs_human", "rejected", "settled", "booked_by_hand")
_WAITS = vouchers.c.state.in_(_WAITING)
# How many vouchers of the same name are shown for a choice.
_AMBIGUOUS = 6


def find(connection: Connection, wanted: str, name: str | None = None) -> VoucherRow | None:
    """A voucher by our key, its document number or its external id, of all connections or of one.

    A number is looked for before an external id. Raises NeedsHuman (`voucher_ambiguous`) when several match.
    """
    for column in (vouchers.c.id, vouchers.c.number, vouchers.c.external_id):
        query = select(*COLUMNS).where(column == wanted).order_by(vouchers.c.connection, vouchers.c.id)
        if name is not None:
            query = query.where(vouchers.c.connection == name)
        rows = [VoucherRow(*row) for row in connection.execute(query.limit(_AMBIGUOUS))]
        if len(rows) > 1:
            shown = ", ".join(f"{row.id} ({row.connection}: {row.kind} {row.external_id})" for row in rows)
            raise NeedsHuman(Problem("voucher_ambiguous", {"voucher": wanted, "vouchers": shown}))
        if rows:
            return rows[0]
    return None


def waiting(
    connection: Connection, name: str | None = None, cause: str | None = None, wanted: Scope | None = None
) -> list[WaitingFor]:
    """Each voucher that waits with everything that it waits for, the oldest documents first."""
    query = (
        select(*COLUMNS, problems.c.key, problems.c.facts, problems.c.group_facts)
        .join(problems, problems.c.voucher == vouchers.c.id)
        .where(_WAITS)
        .order_by(*_IN_ORDER, problems.c.origin, problems.c.position)
    )
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    if cause is not None:
        query = query.where(problems.c.cause == cause)
    if wanted is not None:
        query = query.where(*_within(wanted))
    return [WaitingFor(VoucherRow(*row[:-3]), problem_of(row)) for row in connection.execute(query)]


def causes(connection: Connection, wanted: Scope, cause: str | None = None) -> list[CauseCount]:
    """For what the vouchers within a scope wait, the most frequent cause first."""
    count = func.count(vouchers.c.id.distinct())
    query = (
        select(vouchers.c.connection, problems.c.cause, count)
        .join(problems, problems.c.voucher == vouchers.c.id)
        .where(*_waiting(wanted))
        .group_by(vouchers.c.connection, problems.c.cause)
    )
    if cause is not None:
        query = query.where(problems.c.cause == cause)
    found = [CauseCount(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (-one.count, one.cause, one.connection))


def said_of_causes(
    connection: Connection, wanted: Scope, causes: Sequence[str]
) -> dict[tuple[str, str], list[Problem]]:
    """The problems within a scope by connection and cause; those that say the same, once."""
    found: dict[tuple[str, str], list[Problem]] = {}
    for part in parts(causes):
        query = (
            select(
                vouchers.c.connection,
                problems.c.cause,
                problems.c.key,
                problems.c.facts,
                problems.c.group_facts,
            )
            .distinct()
            .join(vouchers, problems.c.voucher == vouchers.c.id)
            .where(problems.c.cause.in_(part), *_waiting(wanted))
            .order_by(problems.c.facts)
        )
        for row in connection.execute(query):
            found.setdefault((row.connection, row.cause), []).append(problem_of(row))
    return found


def waiting_by_cause(
    connection: Connection, wanted: Scope, cause: str | None, *, limit: int | None = None, offset: int = 0
) -> dict[tuple[str, str], dict[VoucherRow, list[Problem]]]:
    """By connection and cause the vouchers within a scope that wait for it, the oldest first, or a page.

    Each comes with its problems of the cause; None means all causes.
    """
    of_cause = [problems.c.cause == cause] if cause is not None else []
    each = (
        select(vouchers.c.id, problems.c.cause)
        .distinct()
        .join(problems, problems.c.voucher == vouchers.c.id)
        .where(_WAITS, *of_cause, *_within(wanted))
        .subquery()
    )
    place = func.row_number().over(partition_by=(vouchers.c.connection, each.c.cause), order_by=_IN_ORDER)
    numbered = select(each, place.label("place")).join(vouchers, vouchers.c.id == each.c.id).subquery()
    paged = [numbered.c.place > offset]
    if limit is not None:
        paged.append(numbered.c.place <= offset + limit)
    query = (
        select(*COLUMNS, problems.c.cause, problems.c.key, problems.c.facts, problems.c.group_facts)
        .join(numbered, numbered.c.id == vouchers.c.id)
        .join(problems, and_(problems.c.voucher == vouchers.c.id, problems.c.cause == numbered.c.cause))
        .where(*paged)
        .order_by(*_IN_ORDER, problems.c.origin, problems.c.position)
    )
    found: dict[tuple[str, str], dict[VoucherRow, list[Problem]]] = {}
    for row in connection.execute(query):
        its = found.setdefault((row.connection, row.cause), {})
        its.setdefault(VoucherRow(*row[:-4]), []).append(problem_of(row))
    return found


def contents(connection: Connection, rows: Sequence[VoucherRow]) -> dict[str, str]:
    """What the newest revisions of vouchers say, as JSON by our key; those that could never be read lack."""
    found: dict[str, str] = {}
    for part in parts([row.id for row in rows]):
        query = (
            select(revisions.c.voucher, revisions.c.content)
            .join(vouchers, _newest())
            .where(revisions.c.voucher.in_(part))
        )
        found.update({row.voucher: row.content for row in connection.execute(query)})
    return found


def count(connection: Connection, wanted: Scope) -> int:
    """How many vouchers are within a scope."""
    query = select(func.count()).select_from(vouchers).where(*_within(wanted))
    return int(connection.execute(query).scalar_one())


def search(
    connection: Connection, wanted: Scope, *, limit: int | None = None, offset: int = 0
) -> Iterator[tuple[VoucherRow, str | None]]:
    """The vouchers within a scope with what their newest revision says, the latest changed first."""
    query = (
        select(*COLUMNS, revisions.c.content)
        .outerjoin(revisions, _newest())
        .where(*_within(wanted))
        .order_by(vouchers.c.changed_at.desc(), vouchers.c.id)
        .limit(limit)
        .offset(offset)
    )
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield VoucherRow(*row[:-1]), row[-1]


def of_ids(connection: Connection, ids: Sequence[str]) -> list[tuple[VoucherRow, str | None]]:
    """Some vouchers with what their newest revision says, by connection, the latest changed first."""
    found: list[tuple[Any, VoucherRow, str | None]] = []
    for part in parts(ids):
        query = select(*COLUMNS, revisions.c.content, vouchers.c.changed_at).outerjoin(revisions, _newest())
        rows = connection.execute(query.where(vouchers.c.id.in_(part)).order_by(vouchers.c.id))
        found += ((row.changed_at, VoucherRow(*row[:-2]), row.content) for row in rows)
    found.sort(key=lambda one: one[0], reverse=True)
    return [(row, content) for _, row, content in sorted(found, key=lambda one: one[1].connection)]


def naming(connection: Connection, name: str, text: str) -> Iterator[tuple[VoucherRow, str]]:
    """The vouchers of a connection in whose newest revision a text stands, with what it says."""
    query = (
        select(*COLUMNS, revisions.c.content)
        .join(revisions, _newest())
        .where(vouchers.c.connection == name, revisions.c.content.contains(text, autoescape=True))
    )
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield VoucherRow(*row[:-1]), row[-1]


def batches_with(connection: Connection, wanted: Scope) -> set[str]:
    """The batches that book a voucher within a scope."""
    query = (
        select(entries.c.batch)
        .distinct()
        .join(vouchers, vouchers.c.id == entries.c.voucher)
        .where(entries.c.batch.is_not(None), *_within(wanted))
    )
    return set(connection.execute(query).scalars())


def of_batch(
    connection: Connection, name: str, batch: str, *, limit: int | None = None, offset: int = 0
) -> list[VoucherRow]:
    """The vouchers that a batch of a connection books, or a page of them."""
    held = select(entries.c.voucher).where(entries.c.connection == name, entries.c.batch == batch)
    query = (
        select(*COLUMNS)
        .where(vouchers.c.id.in_(held))
        .order_by(vouchers.c.document_date, vouchers.c.number, vouchers.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [VoucherRow(*row) for row in connection.execute(query)]


def numbers_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """The numbers of these vouchers, or their external ids, by our key; what is no voucher lacks."""
    found: dict[str, str] = {}
    for part in parts(sorted(set(ids))):
        query = select(vouchers.c.id, vouchers.c.number, vouchers.c.external_id)
        for key, number, external_id in connection.execute(query.where(vouchers.c.id.in_(part))):
            found[key] = number or external_id
    return found


def in_state(connection: Connection, ids: Sequence[str], state: VoucherState) -> list[str]:
    """Which of these vouchers are in a state."""
    found: list[str] = []
    for part in parts(ids):
        query = select(vouchers.c.id).where(vouchers.c.id.in_(part), vouchers.c.state == state)
        found += connection.execute(query.order_by(vouchers.c.id)).scalars()
    return found


def problems_in_batches(connection: Connection, causes: Mapping[str, tuple[str, str]]) -> dict[str, Problem]:
    """The problem for which vouchers of batches wait, by the batch; `causes` are connections and causes."""
    found: dict[str, Problem] = {}
    for batch, (name, cause) in causes.items():
        query = (
            select(problems)
            .join(entries, entries.c.voucher == problems.c.voucher)
            .where(entries.c.connection == name, entries.c.batch == batch, problems.c.cause == cause)
            .limit(1)
        )
        row = connection.execute(query).first()
        if row is not None:
            found[batch] = problem_of(row)
    return found


def revisions_of(connection: Connection, voucher: str) -> dict[str, str]:
    """What each revision of a voucher says, as JSON, in the order in which they were read."""
    query = select(revisions.c.revision, revisions.c.content).where(revisions.c.voucher == voucher)
    return {row.revision: row.content for row in connection.execute(query.order_by(revisions.c.received_at))}


def _newest() -> ColumnElement[bool]:
    return and_(revisions.c.voucher == vouchers.c.id, revisions.c.revision == vouchers.c.revision)


def _waiting(wanted: Scope) -> Iterator[ColumnElement[bool]]:
    """The conditions for vouchers that are found by their problems, which are few.

    SQLite would begin with all that have one of the states, most of which wait for nothing.
    """
    yield looked_at(vouchers.c.state).in_(_WAITING)
    if wanted.connection is not None:
        yield looked_at(vouchers.c.connection) == wanted.connection
    yield from _within(replace(wanted, connection=None, states=()))
    if wanted.states:
        yield vouchers.c.state.in_(wanted.states)


def _within(wanted: Scope) -> Iterator[ColumnElement[bool]]:
    if wanted.connection is not None:
        yield vouchers.c.connection == wanted.connection
    if wanted.states:
        yield vouchers.c.state.in_(wanted.states)
        if wanted.connection is None:
            # The index of states begins with the connection.
            yield vouchers.c.connection.in_(select(connections.c.name))
    if wanted.kind is not None:
        yield vouchers.c.kind == wanted.kind
    day = vouchers.c.document_date
    bounds = [day >= wanted.first] if wanted.first is not None else []
    bounds += [day <= wanted.last] if wanted.last is not None else []
    if bounds:
        yield or_(day.is_(None), and_(*bounds)) if wanted.undated else and_(*bounds)
    if wanted.reversed_only:
        yield was_reversed()
    yield from _saying(wanted)


def _saying(wanted: Scope) -> Iterator[ColumnElement[bool]]:
    if wanted.number:
        yield looked_through(vouchers.c.id, named(wanted.number))
    if wanted.customer:
        yield looked_through(vouchers.c.id, of_party(wanted.customer))
    if wanted.text:
        also = [vouchers.c.id.in_(sorted(wanted.also))] if wanted.also else []
        yield or_(looked_through(vouchers.c.id, saying(wanted.text)), *also)
    if wanted.least is not None or wanted.most is not None:
        yield vouchers.c.id.in_(of_amount(wanted.least, wanted.most))
