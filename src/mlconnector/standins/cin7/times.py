"""Days and stamps as the API writes them.

A business day has no zone: it is a calendar day of the company. A stamp is UTC with a fraction whose trailing
zeros are left out. Inside this package a stamp is text with seven digits, so that it sorts as it runs.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_TICKS = 10_000_000


def day_text(day: date) -> str:
    """A business day, `2026-07-11T00:00:00`."""
    return f"{day.isoformat()}T00:00:00"


def day_of(text: str) -> date:
    """The day of a business day."""
    return date.fromisoformat(text[:10])


def stamp(moment: datetime, ticks: int = 0) -> str:
    """A stamp to the millisecond, with `ticks` of 100 nanoseconds below it."""
    utc = moment.astimezone(UTC)
    fraction = utc.microsecond // 1000 * 10_000 + ticks
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{fraction:07d}Z"


def moment_of(text: str) -> datetime:
    """The moment of a stamp, to the microsecond."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return seconds + timedelta(microseconds=int((fraction + "0000000")[:7]) // 10)


def shown(text: str) -> str:
    """A stamp as the original's serialiser writes it: `2026-07-11T08:15:30.25Z`."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    left = fraction.rstrip("0")
    return f"{whole}.{left}Z" if left else f"{whole}Z"


def parameter(text: str) -> str:
    """A moment of a query as a stamp, UTC where no zone is said; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return stamp(moment, moment.microsecond % 1000 * 10)


def from_seconds(seconds: float) -> datetime:
    """The moment that lies so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
