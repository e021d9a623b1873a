"""The audit trail: append-only rows, each hashed together with the one before it.

A row's hash is SHA-256 over the hash of the row before it and the canonical JSON of all its fields, so that
a row cannot be changed, removed, added or moved without changing every hash after it. The head keeps the
last hash under a seal that only the master key makes (`trail_seal.py`): whoever has only the database cannot
write a head that holds, neither for new hashes nor for fewer rows. What that leaves open is in
`docs/explanation/audit-trail.md`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, exists, func, insert, literal, select, union_all, update

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.database import Database
from mlconnector.store.sets import parts
from mlconnector.store.tables import audit, audit_head, batches, connections, credentials, vouchers
from mlconnector.store.tables.moments import in_utc
from mlconnector.store.trail_seal import TrailHead, TrailSeal

FIRST_HASH = "0" * 64
TRAIL = "audit trail"
"""The subject of events about the trail itself; their `connection` is empty."""
SEALED = "trail_sealed"
"""The event that a trail was sealed from here on, or anew, without a seal that held before."""
_SECRET_NAMES = ("secret", "token", "password", "passwort", "authorization", "credential", "cookie", "apikey")
_READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened to a record. `subject` is its identity, `detail` is JSON without secrets."""

    connection: str
    subject: str
    event: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An event as it stands in the trail."""

    sequence: int
    at: datetime
    connection: str
    subject: str
    event: str
    detail: dict[str, Any]
    hash: str


class TrailRow(NamedTuple):
    """A row of the trail as it is stored, `detail` as canonical JSON."""

    sequence: int
    at: str
    connection: str
    subject: str
    event: str
    detail: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the trail is whole; `rows` hold, up to `first_broken`, which is the first that does not.

    `head` is the last good hash: written down elsewhere, it also proves later that no row before it was
    removed. `sealed_anew` are the events after which the trail went on without a seal that held: what stands
    before the latest of them is proved by heads elsewhere only. What is broken is told by `cause`, a word of
    the kind `trail_fault`, with its `facts`.
    """

    ok: bool
    rows: int
    head: str
    first_broken: int | None = None
    cause: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    sealed_anew: tuple[AuditRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that was written down elsewhere; `sequence` is None where only the hash is known."""

    hash: str
    sequence: int | None = None


@dataclass
class _Proof:
    """What was found while the chain was followed: how far it holds, and which anchors are still to come."""

    open: dict[str, int | None]
    rows: int = 0
    head: str = FIRST_HASH
    sealed_anew: list[AuditRow] = field(default_factory=list)

    def broken(self, cause: str, sequence: int | None = None, **facts: object) -> AuditVerdict:
        """The verdict that the trail is broken, at the next row where no other is named."""
        first = self.rows + 1 if sequence is None else sequence
        plain = {name: str(value) for name, value in facts.items()}
        return AuditVerdict(False, self.rows, self.head, first, cause, plain, tuple(self.sealed_anew))


def append(connection: Connection, events: Sequence[AuditEvent], now: datetime) -> None:
    """Add events to the trail in their order, within the caller's transaction.

    From here until the transaction ends nobody else can append: call it last, and once for many events.
    Raises Broken when a detail has a key that is named like a secret, or is not JSON; and NeedsHuman when the
    trail was tampered with (`trail_not_ours`) or is sealed under a master key that was not given.
    """
    if not events:
        return
    head, seal = _locked(connection), _seal_of(connection)
    if head is None or not seal.holds(head):
        raise _not_ours()
    _extend(connection, head, events, now)


def begin(database: Database, now: datetime) -> None:
    """Seal a trail that was never sealed: that of a new database, or of a version that knew no seals.

    A trail that was emptied is not taken for a new one, nor one whose seal was removed for an old one, as far
    as what else stands in the database tells; `verify` and `append` then say what is wrong.
    """
    with database.read() as connection:
        head = _head(connection)
    if head is None or head.seal:
        return
    with database.write() as connection:
        head = _locked(connection)
        if head is None or head.seal:
            return
        was_sealed = _sealed_credentials(connection) is not None
        was_emptied = head.sequence == 0 and _untold(connection) is not None
        if was_sealed or was_emptied:
            return
        events = [AuditEvent("", TRAIL, SEALED, {"rows": head.sequence})] if head.sequence else []
        _extend(connection, head, events, now)


def checked_head(database: Database) -> TrailHead:
    """The last link of the trail. Raises NeedsHuman as `append` does when nothing could be added to it."""
    found, seal = head(database), database.trail_seal
    if found is None or seal is None or not seal.holds(found):
        raise _not_ours()
    return found


def is_sealed(database: Database) -> bool:
    """Whether the head is there and carries a seal of ours, so that the trail can go on."""
    found = head(database)
    seal = database.trail_seal
    return found is not None and seal is not None and seal.knows(found) and seal.holds(found)


def seal_anew(database: Database, now: datetime, reason: str, by: str) -> None:
    """Let a trail go on whose seal does not hold, because of a lost key or of tampering that was looked into.

    What was broken stays broken for `verify`; the event says from where on the trail can be trusted again.
    """
    with database.write() as connection:
        head = _locked(connection)
        if head is None:
            last = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
            row = connection.execute(last).first()
            head = TrailHead(row.sequence, row.hash) if row else TrailHead(0, FIRST_HASH)
            connection.execute(insert(audit_head).values(id=1, sequence=head.sequence, hash=head.hash))
        detail = {"rows": head.sequence, "reason": reason, "by": by}
        _extend(connection, head, [AuditEvent("", TRAIL, SEALED, detail)], now)


def renew_seal(connection: Connection) -> None:
    """Seal the head under the current master key. Raises NeedsHuman as `append` does."""
    head, seal = _locked(connection), _seal_of(connection)
    if head is None or not seal.holds(head):
        raise _not_ours()
    _write(connection, seal.sealed(head.sequence, head.hash))


def length(connection: Connection) -> int:
    """How many rows the trail has."""
    return connection.execute(select(audit_head.c.sequence)).scalar() or 0


def last_hash(connection: Connection) -> str:
    """The hash of the last row, as the head has it; empty where the head is missing."""
    found = _head(connection)
    return "" if found is None else found.hash


def head(database: Database) -> TrailHead | None:
    """The last link of the trail; None when it is missing."""
    with database.read() as connection:
        return _head(connection)


def verify(database: Database, anchors: Iterable[Anchor] = ()) -> AuditVerdict:
    """Read the whole trail, in constant memory, and say where it is broken first.

    `anchors` are heads that were written down elsewhere: each has to be in the trail. Raises NeedsHuman when
    the trail is sealed under a master key that was not given.
    """
    proof = _Proof({one.hash: one.sequence for one in anchors})
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        head = _head(connection)
        query = select(audit).order_by(audit.c.sequence)
        with connection.execute(query, execution_options={"yield_per": _READ_AT_ONCE}) as rows:
            broken = _follow(rows, proof) or _head_fault(head, proof)
        if broken:
            return broken
        if head is None or database.trail_seal is None or not database.trail_seal.holds(head):
            return proof.broken("seal_not_ours", max(proof.rows, 1))
        noted = _sealed_credentials(connection) or 0
        if noted > head.sequence:
            return proof.broken("credential_is_newer", rows=noted)
        untold = _untold(connection)
    if untold is not None:
        return proof.broken("untold", record=untold[0], name=untold[1])
    for anchored, sequence in proof.open.items():
        return proof.broken("anchor_missing", anchor=anchored, row="" if sequence is None else sequence)
    return AuditVerdict(True, proof.rows, proof.head, sealed_anew=tuple(proof.sealed_anew))


def story(connection: Connection, subjects: Sequence[str]) -> list[AuditRow]:
    """What happened to these subjects, in order."""
    found: list[AuditRow] = []
    for part in parts(sorted(set(subjects))):
        found += [
            _audit_row(row) for row in connection.execute(select(audit).where(audit.c.subject.in_(part)))
        ]
    return sorted(found, key=lambda row: row.sequence)


def naming(
    connection: Connection, subjects: Sequence[str], events: Sequence[str], text: str, most: int
) -> list[AuditRow]:
    """The latest events of these kinds whose detail names a text as a whole, the latest first."""
    named = audit.c.detail.contains(json.dumps(text), autoescape=True)
    query = select(audit).where(audit.c.subject.in_(subjects), audit.c.event.in_(events), named)
    rows = connection.execute(query.order_by(audit.c.sequence.desc()).limit(most))
    return [_audit_row(row) for row in rows]


def of_events(connection: Connection, subject: str, events: Sequence[str]) -> list[AuditRow]:
    """What happened to a subject of these kinds, in order."""
    mine = (audit.c.subject == subject, audit.c.event.in_(events))
    rows = connection.execute(select(audit).where(*mine).order_by(audit.c.sequence))
    return [_audit_row(row) for row in rows]


def around(connection: Connection, first: datetime | None, until: datetime | None) -> tuple[int, int]:
    """The numbers of the first and the last row from a moment on, and before another one; None is open.

    Rows have the moments of their order, so that this looks at few of them.
    """
    last = length(connection)
    begin = 1 if first is None else _first_from(connection, first, last)
    end = last if until is None else _first_from(connection, until, last) - 1
    return begin, end


def listed(connection: Connection, first: int, last: int) -> list[AuditRow]:
    """The rows with these numbers, in order."""
    query = select(audit).where(audit.c.sequence.between(first, last)).order_by(audit.c.sequence)
    return [_audit_row(row) for row in connection.execute(query)]


def every(connection: Connection, last: int) -> Iterator[TrailRow]:
    """The whole trail up to a row, as it is stored."""
    query = select(audit).where(audit.c.sequence <= last).order_by(audit.c.sequence)
    with connection.execute(query, execution_options={"yield_per": _READ_AT_ONCE}) as rows:
        for row in rows:
            yield TrailRow(*row)


def verify_copy(rows: Iterable[TrailRow], anchors: Iterable[Anchor]) -> AuditVerdict:
    """Follow the chain of a copy of the trail, and look for heads that were written down elsewhere."""
    proof = _Proof({one.hash: one.sequence for one in anchors})
    broken = _follow(rows, proof)
    if broken:
        return broken
    for anchored, sequence in proof.open.items():
        return proof.broken("anchor_missing", anchor=anchored, row="" if sequence is None else sequence)
    return AuditVerdict(True, proof.rows, proof.head, sealed_anew=tuple(proof.sealed_anew))


def _first_from(connection: Connection, moment: datetime, last: int) -> int:
    """The number of the first row at or after a moment; one more than the last where there is none."""
    wanted, low, high = in_utc(moment).isoformat(timespec="microseconds"), 1, last + 1
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(select(audit.c.at).where(audit.c.sequence == middle)).scalar()
        if at is not None and at < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def latest(connection: Connection, subject: str, event: str) -> AuditRow | None:
    """The last time that something happened to a subject; None when it never did."""
    query = select(audit).where(audit.c.subject == subject, audit.c.event == event)
    row = connection.execute(query.order_by(audit.c.sequence.desc()).limit(1)).first()
    return None if row is None else _audit_row(row)


def _head(connection: Connection, *, lock: bool = False) -> TrailHead | None:
    table = audit_head.c
    query = select(table.sequence, table.hash, table.key_id, table.seal).where(table.id == 1)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return None if row is None else TrailHead(*row)


def _locked(connection: Connection) -> TrailHead | None:
    return _head(connection, lock=True)


def _seal_of(connection: Connection) -> TrailSeal:
    seal = connection.get_execution_options().get("trail_seal")
    if not isinstance(seal, TrailSeal):
        raise Broken("the audit trail cannot go on: the database was opened without the master key")
    return seal


def _not_ours() -> NeedsHuman:
    return NeedsHuman(Problem("trail_not_ours", {}))


def _extend(connection: Connection, head: TrailHead, events: Sequence[AuditEvent], now: datetime) -> None:
    """Chain events to a head, whatever its seal, and seal the new one."""
    sequence, last_hash = head.sequence, head.hash
    at = in_utc(now).isoformat(timespec="microseconds")
    rows = []
    for event in events:
        sequence += 1
        values = (sequence, at, event.connection, event.subject, event.event, _detail(event))
        last_hash = _link(last_hash, values)
        rows.append(dict(zip(audit.c.keys(), (*values, last_hash), strict=True)))
    if rows:
        connection.execute(insert(audit), rows)
    _write(connection, _seal_of(connection).sealed(sequence, last_hash))


def _write(connection: Connection, head: TrailHead) -> None:
    values = {"sequence": head.sequence, "hash": head.hash, "key_id": head.key_id, "seal": head.seal}
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(values))


def _sealed_credentials(connection: Connection) -> int | None:
    """How long the trail was at least when a credential was sealed last; None before any was with it."""
    found: int | None = connection.execute(select(func.max(credentials.c.trail_sequence))).scalar()
    return found


def _untold(connection: Connection) -> tuple[str, str] | None:
    """Kind and name of something that begins with an event, and of which the trail has none."""
    parts = [
        select(literal(kind).label("kind"), table.c[name].label("name"))
        .where(~exists().where(audit.c.subject == table.c[name]))
        .limit(1)
        .subquery()
        for kind, table, name in (
            ("connection", connections, "name"),
            ("batch", batches, "id"),
            ("voucher", vouchers, "id"),
        )
    ]
    row = connection.execute(union_all(*(select(part) for part in parts))).first()
    return None if row is None else (row.kind, row.name)


def _follow(rows: Iterable[Row[Any] | TrailRow], proof: _Proof) -> AuditVerdict | None:
    """Follow the chain from its beginning to its end, or to the first row that does not hold."""
    for row in rows:
        if row.sequence != proof.rows + 1:
            if row.sequence <= proof.rows:
                return proof.broken("out_of_order", row.sequence)
            return proof.broken("missing", next=row.sequence)
        link = _link(proof.head, tuple(row[:-1]))
        if link != row.hash:
            return proof.broken("changed")
        proof.rows, proof.head = row.sequence, link
        if link in proof.open and proof.open[link] in {None, row.sequence}:
            del proof.open[link]
        if row.subject == TRAIL and row.event == SEALED:
            proof.sealed_anew.append(_audit_row(row))
    return None


def _head_fault(head: TrailHead | None, proof: _Proof) -> AuditVerdict | None:
    """Whether the head does not belong to the last row."""
    if head is None:
        return proof.broken("head_missing")
    if head.sequence > proof.rows:
        return proof.broken("end_missing", last=head.sequence)
    if head.sequence < proof.rows:
        return proof.broken("behind_head", head.sequence + 1)
    if head.hash != proof.head:
        return proof.broken("head_differs", head.sequence)
    return None


def _link(previous: str, values: tuple[Any, ...]) -> str:
    return hashlib.sha256(f"{previous}\n{_canonical(list(values))}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _detail(event: AuditEvent) -> str:
    named = _secret_name(event.detail)
    if named is not None:
        raise Broken(
            f"the audit event {event.event!r} has the detail {named!r}, which is named like a secret"
        )
    try:
        return _canonical(dict(event.detail))
    except (TypeError, ValueError) as error:
        raise Broken(f"the detail of the audit event {event.event!r} is not JSON: {error}") from error


def _secret_name(value: Any) -> str | None:
    """The first key, at any depth, that is named like a secret."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            plain = str(name).lower().replace("_", "").replace("-", "")
            if any(word in plain for word in _SECRET_NAMES):
                return str(name)
            found = _secret_name(inner)
            if found is not None:
                return found
    elif isinstance(value, list | tuple):
        return next((name for name in map(_secret_name, value) if name is not None), None)
    return None


def _audit_row(row: Row[Any] | TrailRow) -> AuditRow:
    at = datetime.fromisoformat(row.at)
    detail = json.loads(row.detail)
    return AuditRow(row.sequence, at, row.connection, row.subject, row.event, detail, row.hash)
