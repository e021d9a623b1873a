"""Runs of a connection: when they were, what they counted, how they ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from mlconnector.store.tables import runs


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run."""

    id: str
    connection: str
    trigger: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    outcome: str


def begin(connection: Connection, run: str, name: str, trigger: str, now: datetime) -> None:
    """Note that a run began; a run that goes on after a restart keeps its first note."""
    if connection.execute(select(runs.c.id).where(runs.c.id == run)).first() is None:
        connection.execute(
            insert(runs), {"id": run, "connection": name, "trigger": trigger, "started_at": now}
        )


def count(connection: Connection, run: str, more: Mapping[str, int]) -> None:
    """Add to what a run counted."""
    text = connection.execute(select(runs.c.counts).where(runs.c.id == run)).scalar_one()
    counts = json.loads(text)
    for name, number in more.items():
        counts[name] = counts.get(name, 0) + number
    connection.execute(update(runs).where(runs.c.id == run).values(counts=json.dumps(counts)))


def end(connection: Connection, run: str, outcome: str, now: datetime) -> None:
    """Note how a run ended."""
    connection.execute(update(runs).where(runs.c.id == run).values(finished_at=now, outcome=outcome))


def latest(connection: Connection, name: str, limit: int = 1) -> list[RunRow]:
    """The latest runs of a connection, the last one first."""
    columns = [runs.c[field] for field in RunRow.__dataclass_fields__]
    query = select(*columns).where(runs.c.connection == name).order_by(runs.c.started_at.desc()).limit(limit)
    return [
        RunRow(
            row.id,
            row.connection,
            row.trigger,
            row.started_at,
            row.finished_at,
            json.loads(row.counts),
            row.outcome,
        )
        for row in connection.execute(query)
    ]


def last_done(connection: Connection, name: str) -> datetime | None:
    """When a run of a connection last went through; None where none did yet."""
    done = select(func.max(runs.c.finished_at)).where(runs.c.connection == name, runs.c.outcome == "done")
    found: datetime | None = connection.execute(done).scalar()
    return found
