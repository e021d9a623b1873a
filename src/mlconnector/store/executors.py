"""Executors: the processes that do work, and how their death is noticed, so that others go on with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from mlconnector.store.tables import executors
from mlconnector.store.upsert import put_row

_RESIGNED = datetime(1970, 1, 1, tzinfo=UTC)


def register(connection: Connection, executor: str, host: str, process: int, now: datetime) -> None:
    """Note that a process began to work under the id `executor`; a restart under the same id replaces it."""
    row = {"id": executor, "host": host, "process": process, "started_at": now, "seen_at": now}
    put_row(connection, executors, row)


def beat(connection: Connection, executor: str, now: datetime) -> bool:
    """Give a sign of life; False when others already took this executor for dead: register again."""
    seen = update(executors).where(executors.c.id == executor).values(seen_at=now)
    return connection.execute(seen).rowcount == 1


def resign(connection: Connection, executor: str) -> None:
    """Note that a process has ended in good order: whoever looks next takes over what it left."""
    ended = update(executors).where(executors.c.id == executor)
    connection.execute(ended.values(seen_at=_RESIGNED))


def resigned(connection: Connection) -> list[str]:
    """Executors that have ended in good order."""
    return sorted(
        connection.execute(select(executors.c.id).where(executors.c.seen_at == _RESIGNED)).scalars()
    )


def last_seen(connection: Connection, executor: str) -> datetime | None:
    """When an executor gave its last sign of life; None when it is not registered."""
    return connection.execute(select(executors.c.seen_at).where(executors.c.id == executor)).scalar()


def silent(connection: Connection, now: datetime, seconds: float) -> list[str]:
    """Executors without a sign of life for more than `seconds`."""
    last = now - timedelta(seconds=seconds)
    return sorted(connection.execute(select(executors.c.id).where(executors.c.seen_at < last)).scalars())


def lively(connection: Connection, now: datetime, seconds: float) -> list[str]:
    """Executors that gave a sign of life within the last `seconds`."""
    last = now - timedelta(seconds=seconds)
    return sorted(connection.execute(select(executors.c.id).where(executors.c.seen_at >= last)).scalars())


def dead_here(connection: Connection, host: str, is_alive: Callable[[int], bool]) -> list[str]:
    """Executors of this host whose process is gone, known at once and without waiting for their silence."""
    query = select(executors.c.id, executors.c.process).where(executors.c.host == host)
    return sorted(row.id for row in connection.execute(query) if not is_alive(row.process))


def forget(connection: Connection, executor: str) -> bool:
    """Remove an executor, once its work is in other hands; whether it was there."""
    return connection.execute(delete(executors).where(executors.c.id == executor)).rowcount == 1
