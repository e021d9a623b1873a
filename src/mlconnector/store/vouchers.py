"""Vouchers and their revisions: what was read, what state it is in, and why it waits."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypedDict

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from mlconnector.model.problems import Problem
from mlconnector.store import derived
from mlconnector.store.batches import FINAL
from mlconnector.store.looked_at import looked_at
from mlconnector.store.sets import parts
from mlconnector.store.tables import (
    batches,
    clearings,
    entries,
    problems,
    revisions,
    voucher_facts,
    vouchers,
)

VoucherState = Literal[
    "received",
    "bookable",
    "needs_human",
    "ignored",
    "booked_by_hand",
    "batched",
    "sent",
    "settled",
    "rejected",
]
GONE_NOWHERE: frozenset[VoucherState] = frozenset({"received", "bookable", "needs_human", "rejected"})
"""What a person may still stop: what is in a batch is on its way, and what arrived is booked."""
SetAside = Literal["ignored", "booked_by_hand"]
"""What a person may do with a voucher instead of letting it be booked: leave it out, or book it by hand."""

# The reason of a received voucher that a person let go on; it is read again before it is decided.
REPLAYED = "replayed"
# The same of one that waited for nothing but its system to answer, which every run tries again.
TRIED_AGAIN = "tried again"
# What the reason of a voucher begins with that a person left out.
LEFT_OUT = "left out: "


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """A voucher as it stands in the database."""

    id: str
    connection: str
    kind: str
    external_id: str
    number: str | None
    document_date: date | None
    revision: str
    booked_revision: str | None
    booked_entry: str | None
    state: VoucherState
    reason: str
    set_aside_by: str | None = None
    set_aside_at: datetime | None = None
    record: str = ""

    @property
    def label(self) -> str:
        """What people call it: its number, or its id in the source."""
        return self.number or self.external_id

    @property
    def is_set_aside(self) -> bool:
        """Whether a person left it out, or has booked it by hand."""
        return self.set_aside_at is not None

    @property
    def set_aside_because(self) -> str:
        """The reason that the person gave, in that person's words."""
        return self.reason.removeprefix(LEFT_OUT)

    @property
    def is_reversed(self) -> bool:
        """Whether it was booked, and nothing of it stands in DATEV any more (`storniert`)."""
        was_booked = self.state == "settled" and self.booked_revision is not None
        return was_booked and self.booked_entry is None


class NewVoucher(TypedDict):
    """A voucher that was read for the first time."""

    id: str
    connection: str
    kind: str
    external_id: str
    record: str
    number: str | None
    document_date: date | None
    revision: str
    state: VoucherState
    read_at: datetime
    changed_at: datetime


class SeenAgain(TypedDict):
    """What becomes of a voucher whose record was read again."""

    id: str
    number: str | None
    document_date: date | None
    revision: str
    state: VoucherState
    reason: str
    read_at: datetime
    changed_at: datetime


class Standing(TypedDict, total=False):
    """Which booking of a voucher stands in the books, and of which revision it is."""

    id: str
    booked_entry: str | None
    booked_revision: str | None


class NewRevision(TypedDict):
    """A revision of a voucher; `content` is its canonical JSON."""

    voucher: str
    revision: str
    content: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A voucher that wants a decision, with the content of its newest revision."""

    row: VoucherRow
    content: str


_COLUMNS = [vouchers.c[name] for name in VoucherRow.__dataclass_fields__]


def by_ids(connection: Connection, ids: Sequence[str]) -> dict[str, VoucherRow]:
    """Vouchers by our own key; missing ones are left out."""
    found: dict[str, VoucherRow] = {}
    for part in parts(ids):
        for row in connection.execute(select(*_COLUMNS).where(vouchers.c.id.in_(part))):
            found[row.id] = VoucherRow(*row)
    return found


def hold(connection: Connection, ids: Iterable[str]) -> dict[str, VoucherRow]:
    """Vouchers by our own key, kept from being changed by others until the transaction ends."""
    found: dict[str, VoucherRow] = {}
    for part in parts(sorted(set(ids))):
        query = select(*_COLUMNS).where(vouchers.c.id.in_(part)).order_by(vouchers.c.id)
        for row in connection.execute(query.with_for_update()):
            found[row.id] = VoucherRow(*row)
    return found


def of_records(connection: Connection, name: str, records: Collection[str]) -> list[VoucherRow]:
    """The vouchers of a connection that are read with one of these records, in the order of their key."""
    found: list[VoucherRow] = []
    for part in parts(sorted(records)):
        query = select(*_COLUMNS).where(vouchers.c.connection == name, vouchers.c.record.in_(part))
        found += [VoucherRow(*row) for row in connection.execute(query.order_by(vouchers.c.id))]
    return found


def insert_vouchers(connection: Connection, rows: Sequence[NewVoucher]) -> None:
    """Add vouchers that were read for the first time."""
    if rows:
        connection.execute(insert(vouchers), list(rows))
        _note_facts(connection, [row["id"] for row in rows])


def insert_revisions(connection: Connection, rows: Sequence[NewRevision]) -> None:
    """Add revisions; those already known (a source that went back to an earlier state) stay as they are."""
    known: set[tuple[str, str]] = set()
    for part in parts([row["voucher"] for row in rows]):
        query = select(revisions.c.voucher, revisions.c.revision).where(revisions.c.voucher.in_(part))
        known.update((row.voucher, row.revision) for row in connection.execute(query))
    new = [row for row in rows if (row["voucher"], row["revision"]) not in known]
    if new:
        connection.execute(insert(revisions), new)
        _note_facts(connection, [row["voucher"] for row in new])


def update_vouchers(connection: Connection, rows: Sequence[SeenAgain] | Sequence[Standing]) -> None:
    """Change vouchers in one statement; every row names `id` and the same further columns."""
    if not rows:
        return
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
    statement = update(vouchers).where(vouchers.c.id == bindparam("of_id")).values(changed)
    connection.execute(
        statement,
        [
            {"of_id": row["id"], **{f"new_{name}": value for name, value in row.items() if name != "id"}}
            for row in rows
        ],
    )
    if "revision" in rows[0]:
        _note_facts(connection, [row["id"] for row in rows])


def _note_facts(connection: Connection, ids: Sequence[str]) -> None:
    """Keep what vouchers are searched by, as their newest revisions are now."""
    newest = and_(revisions.c.voucher == vouchers.c.id, revisions.c.revision == vouchers.c.revision)
    columns = (vouchers.c.id, vouchers.c.number, vouchers.c.external_id, revisions.c.content)
    for part in parts(sorted(set(ids))):
        query = select(*columns).outerjoin(revisions, newest).where(vouchers.c.id.in_(part))
        facts = [derived.of_voucher(*row) for row in connection.execute(query)]
        connection.execute(delete(voucher_facts).where(voucher_facts.c.voucher.in_(part)))
        if facts:
            connection.execute(insert(voucher_facts), facts)


def set_state(
    connection: Connection,
    ids: Iterable[str],
    state: VoucherState,
    now: datetime,
    reason: str = "",
    *,
    of: Collection[VoucherState] | None = None,
) -> None:
    """Bring vouchers into a state; only those that are in one of the states `of`, where they are given."""
    for part in parts(list(ids)):
        changed = update(vouchers).where(vouchers.c.id.in_(part))
        if of is not None:
            changed = changed.where(vouchers.c.state.in_(of))
        connection.execute(changed.values(state=state, reason=reason, changed_at=now))


def set_aside(
    connection: Connection, ids: Iterable[str], state: SetAside, reason: str, by: str, now: datetime
) -> None:
    """Leave vouchers out, or note that somebody has booked them by hand as they stand now.

    What no batch holds of their bookings is deleted, and what they waited for.
    """
    keys = list(ids)
    given = f"{LEFT_OUT}{reason}" if state == "ignored" else reason
    noted: dict[str, Any] = {"state": state, "reason": given, "changed_at": now}
    noted |= {"set_aside_by": by, "set_aside_at": now}
    if state == "booked_by_hand":
        noted["booked_revision"] = vouchers.c.revision
    for part in parts(keys):
        connection.execute(update(vouchers).where(vouchers.c.id.in_(part)).values(noted))
    drop_waiting_entries(connection, keys)
    put_problems_aside(connection, keys)


def note_seen_by_hand(connection: Connection, ids: Iterable[str]) -> None:
    """Note that whoever booked vouchers by hand knows them as they stand now."""
    for part in parts(list(ids)):
        seen = update(vouchers).where(vouchers.c.id.in_(part))
        connection.execute(seen.values(booked_revision=vouchers.c.revision))


def take_back(connection: Connection, ids: Iterable[str], now: datetime) -> None:
    """Let vouchers that were left out or booked by hand be read again and decided anew."""
    keys = list(ids)
    anew = {"state": "received", "reason": REPLAYED, "changed_at": now}
    anew |= {"set_aside_by": None, "set_aside_at": None}
    standing = select(entries.c.revision).where(entries.c.id == vouchers.c.booked_entry).scalar_subquery()
    for part in parts(keys):
        these = update(vouchers).where(vouchers.c.id.in_(part))
        connection.execute(these.where(vouchers.c.state == "booked_by_hand").values(booked_revision=standing))
        connection.execute(these.values(anew))
    put_problems_aside(connection, keys)


def put_problems_aside(connection: Connection, ids: Iterable[str]) -> None:
    """Forget what vouchers waited for."""
    for part in parts(list(ids)):
        connection.execute(delete(problems).where(problems.c.voucher.in_(part)))


def waiting_for_decision(
    connection: Connection, name: str, after: str, limit: int, *, payments: bool | None = None
) -> list[Waiting]:
    """Vouchers of a connection that want a decision, in the order of their key, beginning after `after`.

    These are the newly received ones and those whose source changed after DATEV had them. What is still on
    its way to DATEV must arrive or fail before anything new is decided. `payments` says whether only those
    are meant, or only all others.
    """
    on_its_way = exists().where(
        entries.c.voucher == vouchers.c.id, entries.c.batch == batches.c.id, batches.c.state.not_in(FINAL)
    )
    wants = or_(
        vouchers.c.state == "received",
        and_(vouchers.c.state == "settled", vouchers.c.revision != vouchers.c.booked_revision),
    )
    query = (
        select(*_COLUMNS, revisions.c.content)
        .join(
            revisions,
            and_(revisions.c.voucher == vouchers.c.id, revisions.c.revision == vouchers.c.revision),
        )
        .where(vouchers.c.connection == name, vouchers.c.id > after, wants, ~on_its_way)
        .order_by(vouchers.c.id)
        .limit(limit)
    )
    if payments is not None:
        is_payment = vouchers.c.kind == "payment"
        query = query.where(is_payment if payments else ~is_payment)
    rows = connection.execute(query).all()
    return [Waiting(VoucherRow(*row[:-1]), row[-1]) for row in rows]


def payments_to_decide(
    connection: Connection, name: str, client: str, causes: Sequence[str], items: Sequence[str]
) -> set[str]:
    """Payments of a connection that wait for one of the causes, and those booked that clear open items.

    Payments that are on their way to DATEV are left alone.
    """
    found: set[str] = set()
    payments = select(vouchers.c.id).where(vouchers.c.connection == name, vouchers.c.kind == "payment")
    for part in parts(causes):
        waits = select(problems.c.voucher).where(problems.c.cause.in_(part))
        query = payments.where(vouchers.c.state == "needs_human", vouchers.c.id.in_(waits))
        found.update(connection.execute(query).scalars())
    for part in parts(items):
        clears = (
            select(entries.c.voucher)
            .join(clearings, clearings.c.entry == entries.c.id)
            .where(clearings.c.client == client, clearings.c.open_item.in_(part))
        )
        query = payments.where(vouchers.c.state.in_(["bookable", "settled"]), vouchers.c.id.in_(clears))
        found.update(connection.execute(query).scalars())
    return found


def replayed(connection: Connection, name: str, limit: int) -> list[VoucherRow]:
    """Vouchers that a person or a run let go on and that were not read again yet."""
    let_go_on = vouchers.c.reason.in_([REPLAYED, TRIED_AGAIN])
    query = select(*_COLUMNS).where(vouchers.c.connection == name, vouchers.c.state == "received", let_go_on)
    return [VoucherRow(*row) for row in connection.execute(query.order_by(vouchers.c.id).limit(limit))]


def replayed_counts(connection: Connection) -> dict[str, int]:
    """How many vouchers of each connection a person let go on that were not read again yet."""
    query = (
        select(vouchers.c.connection, func.count())
        .where(vouchers.c.state == "received", vouchers.c.reason == REPLAYED)
        .group_by(vouchers.c.connection)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def content(connection: Connection, voucher: str, revision: str) -> str | None:
    """The content of one revision as canonical JSON."""
    query = select(revisions.c.content).where(
        revisions.c.voucher == voucher, revisions.c.revision == revision
    )
    return connection.execute(query).scalar()


def problems_of(
    connection: Connection, ids: Sequence[str], origin: str | None = None
) -> dict[str, list[Problem]]:
    """What keeps vouchers waiting, by our key; `origin` is `source` or `mapping`."""
    found: dict[str, list[Problem]] = {}
    for part in parts(ids):
        query = select(problems).where(problems.c.voucher.in_(part)).order_by(problems.c.position)
        if origin is not None:
            query = query.where(problems.c.origin == origin)
        for row in connection.execute(query):
            found.setdefault(row.voucher, []).append(problem_of(row))
    return found


def problem_of(row: Row[*tuple[Any, ...]]) -> Problem:
    """The problem that a row of the table tells."""
    return Problem(row.key, json.loads(row.facts), tuple(json.loads(row.group_facts)))


def replace_problems(
    connection: Connection, origin: str, by_voucher: Mapping[str, Sequence[Problem]]
) -> None:
    """Put other problems of one origin in the place of the earlier ones; none means that they are solved."""
    for part in parts(list(by_voucher)):
        connection.execute(delete(problems).where(problems.c.voucher.in_(part), problems.c.origin == origin))
    rows = [
        {
            "voucher": voucher,
            "origin": origin,
            "position": position,
            "key": problem.key,
            "cause": problem.cause,
            "facts": json.dumps(dict(problem.facts), ensure_ascii=False),
            "group_facts": json.dumps(problem.group),
        }
        for voucher, found in by_voucher.items()
        for position, problem in enumerate(found)
    ]
    if rows:
        connection.execute(insert(problems), rows)


def held_for(connection: Connection, cause: str | None, name: str | None) -> list[str]:
    """Keys of the vouchers that wait for a human, all of them or those with one cause.

    One that is booked waits when something was found about it since, e.g. that its record is gone; booked by
    hand, that it changed.
    """
    with_problem = vouchers.c.id.in_(select(problems.c.voucher))
    waits = or_(
        vouchers.c.state.in_(["needs_human", "rejected"]),
        and_(vouchers.c.state.in_(["settled", "booked_by_hand"]), with_problem),
    )
    query = select(vouchers.c.id).distinct().where(waits)
    if cause is not None:
        query = query.join(problems, problems.c.voucher == vouchers.c.id).where(problems.c.cause == cause)
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    return list(connection.execute(query.order_by(vouchers.c.id)).scalars())


def states(connection: Connection, name: str | None = None) -> dict[str, dict[str, int]]:
    """How many vouchers of each connection are in which state."""
    query = select(vouchers.c.connection, vouchers.c.state, func.count()).group_by(
        vouchers.c.connection, vouchers.c.state
    )
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    found: dict[str, dict[str, int]] = {}
    for owner, state, count in connection.execute(query):
        found.setdefault(owner, {})[state] = count
    return found


def reversed_counts(connection: Connection, name: str | None = None) -> dict[str, int]:
    """How many vouchers of each connection were booked and taken back again."""
    query = (
        select(vouchers.c.connection, func.count().label("found"))
        .where(was_reversed())
        .group_by(vouchers.c.connection)
    )
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    return {row.connection: row.found for row in connection.execute(query)}


def was_reversed() -> ColumnElement[bool]:
    """Whether a voucher was booked, and nothing of it stands in DATEV any more; they have an index."""
    return and_(
        looked_at(vouchers.c.state) == "settled",
        vouchers.c.booked_revision.is_not(None),
        vouchers.c.booked_entry.is_(None),
    )


def listed(
    connection: Connection, name: str | None, state: VoucherState | None, limit: int
) -> list[VoucherRow]:
    """Vouchers, the latest changed first."""
    query = select(*_COLUMNS).order_by(vouchers.c.changed_at.desc(), vouchers.c.id).limit(limit)
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    if state is not None:
        query = query.where(vouchers.c.state == state)
    return [VoucherRow(*row) for row in connection.execute(query)]


def drop_waiting_entries(connection: Connection, ids: Sequence[str]) -> None:
    """Delete bookings that no batch holds yet, because their vouchers changed or lost their footing."""
    for part in parts(ids):
        waiting = and_(entries.c.voucher.in_(part), entries.c.batch.is_(None))
        gone = select(entries.c.id).where(waiting)
        for table in derived.BESIDE_ENTRIES:
            connection.execute(delete(table).where(table.c.entry.in_(gone)))
        connection.execute(delete(entries).where(waiting))
