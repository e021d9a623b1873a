"""Drafts: what somebody has begun to change, by connection and kind, until it is applied or discarded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from mlconnector.store.tables import drafts
from mlconnector.store.upsert import put_row


@dataclass(frozen=True, slots=True)
class Draft:
    """What was begun; `file` is what an uploaded list was called, empty for what was typed."""

    connection: str
    kind: str
    content: bytes
    file: str
    changed_by: str
    changed_at: datetime


def put(db: Connection, draft: Draft) -> None:
    """Keep a draft in the place of an earlier one."""
    row = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    put_row(db, drafts, row)


def read(db: Connection, connection: str, kind: str) -> Draft | None:
    """A draft; None where nothing was begun."""
    query = select(drafts).where(drafts.c.connection == connection, drafts.c.kind == kind)
    row = db.execute(query).first()
    return None if row is None else Draft(*row)


def every(db: Connection, kind: str) -> list[Draft]:
    """All drafts of a kind, by connection."""
    query = select(drafts).where(drafts.c.kind == kind).order_by(drafts.c.connection)
    return [Draft(*row) for row in db.execute(query)]


def drop(db: Connection, connection: str, kind: str) -> None:
    """Forget a draft."""
    db.execute(delete(drafts).where(drafts.c.connection == connection, drafts.c.kind == kind))


def purge(db: Connection, before: datetime) -> int:
    """Forget drafts that nobody has touched since a moment; how many there were."""
    return db.execute(delete(drafts).where(drafts.c.changed_at < before)).rowcount
