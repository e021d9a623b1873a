"""Vouchers as people look for them: by name, by what they wait for, within a scope, in their batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
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
    """Which vouchers are meant: of a connection, in one of some states, dated from `first` to `last`."""

    connection: str | None = None
    states: tuple[VoucherState, ...] = ()
    first: date | None = None
    last: date | None = None
    reversed_only: bool = False
    kind: str | None = None


COLUMNS = [vouchers.c[name] for name in VoucherRow.__dataclass_fields__]
_IN_ORDER = (vouchers.c.connection, vouchers.c.document_date, vouchers.c.number, vouchers.c.id)
_WAITS = vouchers.c.state.in_(["needs_human", "rejected", "settled", "booked_by_hand"])
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
        .where(_WAITS, *_within(wanted))
        .group_by(vouchers.c.connection, problems.c.cause)
    )
    if cause is not None:
        query = query.where(problems.c.cause == cause)
    found = [CauseCount(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (-one.count, one.cause, one.connection))


def said_of_cause(connection: Connection, wanted: Scope, cause: str) -> list[Problem]:
    """The problems of one cause within a scope; those that say the same, once."""
    query = (
        select(problems.c.key, problems.c.facts, problems.c.group_facts)
        .distinct()
        .join(vouchers, problems.c.voucher == vouchers.c.id)
        .where(_WAITS, problems.c.cause == cause, *_within(wanted))
        .order_by(problems.c.facts)
    )
    return [problem_of(row) for row in connection.execute(query)]


def waiting_vouchers(
    connection: Connection, wanted: Scope, cause: str, *, limit: int | None = None, offset: int = 0
) -> dict[VoucherRow, list[Problem]]:
    """The vouchers within a scope that wait for one cause, the oldest first, with their problems of it."""
    with_cause = select(problems.c.voucher).where(problems.c.cause == cause)
    query = (
        select(*COLUMNS)
        .where(_WAITS, vouchers.c.id.in_(with_cause), *_within(wanted))
        .order_by(*_IN_ORDER)
        .limit(limit)
        .offset(offset)
    )
    rows = [VoucherRow(*row) for row in connection.execute(query)]
    found: dict[str, list[Problem]] = {}
    for part in parts([row.id for row in rows]):
        its = select(problems).where(problems.c.voucher.in_(part), problems.c.cause == cause)
        for row in connection.execute(its.order_by(problems.c.origin, problems.c.position)):
            found.setdefault(row.voucher, []).append(problem_of(row))
    return {row: found.get(row.id, []) for row in rows}


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


def found(
    connection: Connection, wanted: Scope, text: str, also: Collection[str] = ()
) -> Iterator[tuple[VoucherRow, str | None]]:
    """The vouchers within a scope in which a text may stand, the latest changed first, with what they say.

    It is looked for in number, ids and content, and may be more exact than that; vouchers that are `also`
    meant are found by our key.
    """
    query = select(*COLUMNS, revisions.c.content).outerjoin(revisions, _newest()).where(*_within(wanted))
    if text:
        named = (vouchers.c.number, vouchers.c.external_id, vouchers.c.id)
        places = [column.icontains(text, autoescape=True) for column in named]
        content = revisions.c.content
        # SQLite's LIKE looks at no capitals by itself, and in a fraction of the time.
        like = content.like if connection.dialect.name == "sqlite" else content.ilike
        said = like(_pattern(text), escape="/")
        query = query.where(or_(*places, said, vouchers.c.id.in_(sorted(also))))
    query = query.order_by(vouchers.c.changed_at.desc(), vouchers.c.id)
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield VoucherRow(*row[:-1]), row[-1]


def _pattern(text: str) -> str:
    """A text as databases look for it in JSON; what they may write or capitalise otherwise is left open."""
    letters = []
    for one in text:
        if one in "%_/":
            letters.append(f"/{one}")
        elif one.isspace() or one in '"\\' or not one.isprintable():
            letters.append("%")
        elif not one.isascii() and one.lower() != one.upper():
            letters.append("_")
        else:
            letters.append(one)
    return f"%{''.join(letters)}%"


def naming(connection: Connection, name: str, text: str) -> Iterator[tuple[VoucherRow, str]]:
    """The vouchers of a connection in whose newest revision a text stands, with what it says."""
    query = (
        select(*COLUMNS, revisions.c.content)
        .join(revisions, _newest())
        .where(vouchers.c.connection == name, revisions.c.content.contains(text, autoescape=True))
    )
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield VoucherRow(*row[:-1]), row[-1]


def in_batches(
    connection: Connection, name: str | None = None, batch: str | None = None
) -> Iterator[tuple[str, VoucherRow, str | None]]:
    """Batches by their id, each with the vouchers that it books and what these say."""
    query = (
        select(entries.c.batch, *COLUMNS, revisions.c.content)
        .distinct()
        .join(vouchers, vouchers.c.id == entries.c.voucher)
        .outerjoin(revisions, _newest())
        .where(entries.c.batch.is_not(None))
        .order_by(entries.c.batch, vouchers.c.document_date, vouchers.c.number, vouchers.c.id)
    )
    if name is not None:
        query = query.where(entries.c.connection == name)
    if batch is not None:
        query = query.where(entries.c.batch == batch)
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield row[0], VoucherRow(*row[1:-1]), row[-1]


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
    if wanted.first is not None:
        yield vouchers.c.document_date >= wanted.first
    if wanted.last is not None:
        yield vouchers.c.document_date <= wanted.last
    if wanted.reversed_only:
        yield was_reversed()
