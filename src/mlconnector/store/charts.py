"""Counts for charts, each in one pass over its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from mlconnector.store.tables import entries, vouchers

_QUEUED = ("received", "bookable", "needs_human", "batched", "rejected")


def states_by_step(connection: Connection, starts: Sequence[datetime]) -> dict[tuple[int, str], int]:
    """How many vouchers came into their state in each step of time; `starts` in ascending order."""
    changed = vouchers.c.changed_at
    step = case(*[(changed >= at, number) for number, at in reversed(list(enumerate(starts)))]).label("step")
    query = (
        select(step, vouchers.c.state, func.count())
        .where(changed >= starts[0])
        .group_by(step, vouchers.c.state)
    )
    return {(number, state): count for number, state, count in connection.execute(query)}


def queue_by_age(connection: Connection, borders: Sequence[datetime]) -> dict[int, int]:
    """How many unsent vouchers were read after each border, the latest first; the rest come last."""
    read = vouchers.c.read_at
    step = case(*[(read >= at, number) for number, at in enumerate(borders)], else_=len(borders)).label(
        "step"
    )
    query = select(step, func.count()).where(vouchers.c.state.in_(_QUEUED)).group_by(step)
    return {row[0]: row[1] for row in connection.execute(query)}


def bookings_since(connection: Connection, since: datetime) -> Iterator[tuple[str, str]]:
    """Ledger and content of the bookings that were decided since a moment."""
    query = select(entries.c.ledger, entries.c.content).where(entries.c.created_at >= since)
    for row in connection.execute(query.execution_options(yield_per=1000)):
        yield row.ledger, row.content
