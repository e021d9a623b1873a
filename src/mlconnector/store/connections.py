"""Connections: what they are, what state they are in, how far they were read, what they remember."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, or_, select
from sqlalchemy import update as update_rows

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.tables import connections, cursors, memories
from mlconnector.store.upsert import add_row, put_row

ConnectionState = Literal["ready", "needs_login", "degraded", "paused"]


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One source account joined to one client, as it stands in the database.

    Nothing of it is handed over before it was released; `released_at` is None as long as nobody has.
    """

    name: str
    source: str
    client: str
    settings: str
    state: ConnectionState
    state_reason: str
    created_at: datetime
    updated_at: datetime
    released_at: datetime | None = None
    released_by: str | None = None

    @property
    def is_disconnected(self) -> bool:
        """Whether it rests without credentials until somebody sets it up again."""
        return self.state == "paused"


def create(
    connection: Connection,
    name: str,
    source: str,
    client: str,
    settings: str,
    now: datetime,
    *,
    state: ConnectionState = "needs_login",
    reason: str = "",
) -> ConnectionRow:
    """Add a connection; its name, source and client stay, because identities outside derive from them.

    Raises NeedsHuman (`connection_exists`) when the name is taken.
    """
    row = {
        "name": name,
        "source": source,
        "client": client,
        "settings": settings,
        "state": state,
        "state_reason": reason,
        "created_at": now,
        "updated_at": now,
    }
    if not add_row(connection, connections, row):
        raise NeedsHuman(Problem("connection_exists", {"name": name}))
    return read(connection, name)


def update(connection: Connection, name: str, settings: str, now: datetime) -> None:
    """Replace the settings. Raises NeedsHuman (`connection_unknown`)."""
    changed = update_rows(connections).where(connections.c.name == name)
    if not connection.execute(changed.values(settings=settings, updated_at=now)).rowcount:
        raise _unknown(name)


def find(connection: Connection, name: str) -> ConnectionRow | None:
    """The connection of this name, or None."""
    query = select(connections).where(connections.c.name == name)
    row = connection.execute(query).mappings().first()
    return None if row is None else ConnectionRow(**row)


def read(connection: Connection, name: str) -> ConnectionRow:
    """The connection of this name. Raises NeedsHuman (`connection_unknown`)."""
    found = find(connection, name)
    if found is None:
        raise _unknown(name)
    return found


def hold(connection: Connection, name: str) -> None:
    """Let nobody else who holds this connection go on before the caller's transaction ends."""
    connection.execute(select(connections.c.name).where(connections.c.name == name).with_for_update())


def every(connection: Connection) -> list[ConnectionRow]:
    """All connections, by name."""
    rows = [ConnectionRow(**row) for row in connection.execute(select(connections)).mappings()]
    return sorted(rows, key=lambda row: row.name)


def set_state(
    connection: Connection,
    name: str,
    state: ConnectionState,
    reason: str,
    now: datetime,
    *,
    unless: ConnectionState | None = None,
) -> bool:
    """Put a connection into a state, with the reason for people; whether state or reason changed.

    One that is in the state `unless` stays there. Raises NeedsHuman (`connection_unknown`).
    """
    table = connections.c
    differs = or_(table.state != state, table.state_reason != reason)
    changed = update_rows(connections).where(table.name == name, differs)
    if unless is not None:
        changed = changed.where(table.state != unless)
    if connection.execute(changed.values(state=state, state_reason=reason, updated_at=now)).rowcount:
        return True
    read(connection, name)
    return False


def release(connection: Connection, name: str, by: str, now: datetime) -> bool:
    """Note that somebody has released a connection; False where it was before, which then stays noted."""
    return _note_release(connection, name, connections.c.released_at.is_(None), now, by)


def withdraw_release(connection: Connection, name: str) -> bool:
    """Note that a connection is not released any more; whether it was."""
    return _note_release(connection, name, connections.c.released_at.is_not(None), None, None)


def _note_release(
    connection: Connection, name: str, where: ColumnElement[bool], at: datetime | None, by: str | None
) -> bool:
    changed = update_rows(connections).where(connections.c.name == name, where)
    return bool(connection.execute(changed.values(released_at=at, released_by=by)).rowcount)


def cursor(connection: Connection, name: str) -> str | None:
    """How far the source of a connection was read; None before its first reading."""
    return connection.execute(select(cursors.c.value).where(cursors.c.connection == name)).scalar()


def moved_at(connection: Connection, name: str) -> datetime | None:
    """When it was last noted how far a source was read."""
    return connection.execute(select(cursors.c.moved_at).where(cursors.c.connection == name)).scalar()


def move_cursor(connection: Connection, name: str, value: str, now: datetime) -> None:
    """Note how far a source was read; call it in the transaction that stores what was read."""
    put_row(connection, cursors, {"connection": name, "value": value, "moved_at": now})


def recall(connection: Connection, name: str, key: str) -> Any:
    """The JSON value that the source of a connection remembers under `key`, or None."""
    query = select(memories.c.value).where(memories.c.connection == name, memories.c.key == key)
    text = connection.execute(query).scalar()
    return None if text is None else json.loads(text)


def remember(connection: Connection, name: str, key: str, value: Any) -> None:
    """Remember a JSON value under `key`."""
    put_row(connection, memories, {"connection": name, "key": key, "value": json.dumps(value)})


def _unknown(name: str) -> NeedsHuman:
    return NeedsHuman(Problem("connection_unknown", {"name": name}))
