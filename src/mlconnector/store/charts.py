"""Counts for charts, each in one pass over its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, case, func, select

from mlconnector.store.derived import amount_of
from mlconnector.store.tables import entries, entry_lines, vouchers

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


@dataclass(frozen=True, slots=True)
class CaseSum:
    """What the lines of a tax case come to in a ledger and currency, with the sign of the lines."""

    ledger: str
    tax_case: str
    currency: str
    amount: Decimal


def sums_by_case(connection: Connection, since: datetime) -> list[CaseSum]:
    """What was booked since a moment, without statistical bookings."""
    columns = (entry_lines.c.ledger, entry_lines.c.tax_case, entry_lines.c.currency)
    new = select(entries.c.id).where(entries.c.created_at >= since)
    query = (
        select(*columns, func.sum(entry_lines.c.amount))
        .where(entry_lines.c.entry.in_(new), entry_lines.c.ledger != "statistical")
        .group_by(*columns)
    )
    return [CaseSum(*row[:3], amount_of(row[3])) for row in connection.execute(query)]
