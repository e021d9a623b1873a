"""The audit trail: append-only rows, each hashed together with the one before it.

A row's hash is SHA-256 over the hash of the row before it and the canonical JSON of all its fields, so that
a row cannot be changed, removed, added or moved without breaking every hash after it. The head keeps the
last hash: it is the lock for appending, and shows when rows at the end are missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mlconnector.errors import Broken
from mlconnector.store.database import Database
from mlconnector.store.sets import parts
from mlconnector.store.tables import audit, audit_head
from mlconnector.store.tables.moments import in_utc

FIRST_HASH = "0" * 64
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


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the trail is whole; `rows` hold, up to `first_broken`, which is the first that does not.

    `head` is the last good hash: written down elsewhere, it also proves that nobody wrote a whole new trail.
    """

    ok: bool
    rows: int
    head: str
    first_broken: int | None = None
    reason: str = ""


def append(connection: Connection, events: Sequence[AuditEvent], now: datetime) -> None:
    """Add events to the trail in their order, within the caller's transaction.

    From here until the transaction ends nobody else can append: call it last, and once for many events.
    Raises Broken when a detail has a key that is named like a secret, or is not JSON.
    """
    if not events:
        return
    details = [_detail(event) for event in events]
    lock = select(audit_head.c.sequence, audit_head.c.hash).where(audit_head.c.id == 1).with_for_update()
    head = connection.execute(lock).first()
    if head is None:
        raise Broken("the head of the audit trail is missing; verify the trail and restore it from a backup")
    sequence, last_hash = head.sequence, head.hash
    at = in_utc(now).isoformat(timespec="microseconds")
    rows = []
    for event, detail in zip(events, details, strict=True):
        sequence += 1
        values = (sequence, at, event.connection, event.subject, event.event, detail)
        last_hash = _link(last_hash, values)
        rows.append(dict(zip(audit.c.keys(), (*values, last_hash), strict=True)))
    connection.execute(insert(audit), rows)
    connection.execute(
        update(audit_head).where(audit_head.c.id == 1).values(sequence=sequence, hash=last_hash)
    )


def verify(database: Database) -> AuditVerdict:
    """Read the whole trail, in constant memory, and say where it is broken first."""
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        head = connection.execute(
            select(audit_head.c.sequence, audit_head.c.hash).where(audit_head.c.id == 1)
        ).first()
        query = select(audit).order_by(audit.c.sequence)
        with connection.execute(query, execution_options={"yield_per": _READ_AT_ONCE}) as rows:
            verdict = _follow(rows)
    if not verdict.ok:
        return verdict
    if head is None:
        return _broken(verdict, "the head of the trail is missing")
    if head.sequence > verdict.rows:
        return _broken(verdict, f"the rows from here to {head.sequence} are missing at the end")
    if head.sequence < verdict.rows:
        return _broken(verdict, "rows were added behind the head", head.sequence + 1)
    if head.hash != verdict.head:
        return _broken(verdict, "the head of the trail does not belong to its last row", head.sequence)
    return verdict


def story(connection: Connection, subjects: Sequence[str]) -> list[AuditRow]:
    """What happened to these subjects, in order."""
    found: list[AuditRow] = []
    for part in parts(sorted(set(subjects))):
        found += [
            _audit_row(row) for row in connection.execute(select(audit).where(audit.c.subject.in_(part)))
        ]
    return sorted(found, key=lambda row: row.sequence)


def latest(connection: Connection, subject: str, event: str) -> AuditRow | None:
    """The last time that something happened to a subject; None when it never did."""
    query = select(audit).where(audit.c.subject == subject, audit.c.event == event)
    row = connection.execute(query.order_by(audit.c.sequence.desc()).limit(1)).first()
    return None if row is None else _audit_row(row)


def _follow(rows: Iterable[Row[Any]]) -> AuditVerdict:
    """Follow the chain from its beginning to the first row that does not hold."""
    count, last_hash = 0, FIRST_HASH
    for row in rows:
        good = AuditVerdict(True, count, last_hash)
        if row.sequence != count + 1:
            if row.sequence <= count:
                return _broken(good, "its number is out of order", row.sequence)
            return _broken(good, f"it is missing; the next row is {row.sequence}")
        link = _link(last_hash, tuple(row[:-1]))
        if link != row.hash:
            return _broken(good, "its content or its hash was changed, or it is not in its place")
        count, last_hash = row.sequence, link
    return AuditVerdict(True, count, last_hash)


def _broken(good: AuditVerdict, reason: str, sequence: int | None = None) -> AuditVerdict:
    first = good.rows + 1 if sequence is None else sequence
    return AuditVerdict(False, good.rows, good.head, first, reason)


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


def _audit_row(row: Row[Any]) -> AuditRow:
    at = datetime.fromisoformat(row.at)
    detail = json.loads(row.detail)
    return AuditRow(row.sequence, at, row.connection, row.subject, row.event, detail, row.hash)
