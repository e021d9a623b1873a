"""The first open day of a client's books: corrections go into the first month that is still open."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.store import open_days
from mlconnector.store.audit import append
from mlconnector.store.open_days import OpenDay


def first_open_day(context: Context, db: Connection) -> date:
    """The first day on which something may still be booked for what was booked before.

    It is the day that the adviser has named. While nobody has named one, every month but this one counts as
    closed: its VAT return may be on its way.
    """
    named = open_days.read(db, context.client)
    return context.now().date().replace(day=1) if named is None else named.open_from


def open_from(context: Context) -> date:
    """The first open day as it counts now."""
    with context.read() as db:
        return first_open_day(context, db)


def named(context: Context) -> OpenDay | None:
    """The day that somebody has named, with by whom and why."""
    with context.read() as db:
        return open_days.read(db, context.client)


def name_open_day(context: Context, day: date, by: str, reason: str) -> OpenDay:
    """Note from which day on the client's books are open, for all its connections; returns what is noted."""
    now = context.now()
    noted = OpenDay(context.client, day, by, reason, now)
    with context.write() as db:
        before = open_days.read(db, context.client)
        open_days.put(db, noted)
        detail = {
            "client": context.client,
            "open_from": day.isoformat(),
            "before": "" if before is None else before.open_from.isoformat(),
            "by": by,
            "reason": reason,
        }
        append(db, [context.event(context.name, "open_day_named", detail)], now)
    return noted
