"""Whether a connection is released, by whom, and what waits for nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.store import batches, connections, entries, person_records
from mlconnector.store.connections import ConnectionRow


@dataclass(frozen=True, slots=True)
class Released:
    """When a connection was released, and by whom."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is ready for the sink and waits for nothing but the release."""

    vouchers: int
    persons: int
    batches: int

    def __bool__(self) -> bool:
        return bool(self.vouchers or self.persons or self.batches)


def released(row: ConnectionRow) -> Released | None:
    """Who has released a connection and when; None while nobody has."""
    return None if row.released_at is None else Released(row.released_at, row.released_by or "")


def is_released(context: Context) -> bool:
    """Whether something of the connection may go to the sink now."""
    with context.read() as db:
        return connections.read(db, context.name).released_at is not None


def waiting(db: Connection, name: str) -> Waiting:
    """What of a connection waits for nothing but its release."""
    frozen = len(batches.listed(db, name, ["frozen"]))
    due = person_records.counts(db, name).get("due", 0)
    return Waiting(entries.unsent_vouchers(db, name), due, frozen)
