"""Stamps as the API writes them, whole seconds in UTC, and the ranges of its filters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta


def stamp(moment: datetime) -> str:
    """A stamp, e.g. `2026-10-30T08:12:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def moment_of(text: str) -> datetime:
    """The moment of a stamp, in UTC; raises ValueError for what is none."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def from_seconds(seconds: float) -> datetime:
    """The moment that lies so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


def range_of(text: str) -> tuple[str, str]:
    """First and last stamp of `A...B`, both ends included, with or without quotes; else ValueError.

    An end may be a day, which counts whole, or a moment with its offset from UTC.
    """
    first, dots, last = text.strip('"').partition("...")
    if not dots:
        raise ValueError(f"{text} is no range")
    return _edge(first, timedelta()), _edge(last, timedelta(days=1, seconds=-1))


def _edge(text: str, whole_day: timedelta) -> str:
    if len(text) == 10:
        day = date.fromisoformat(text)
        return stamp(datetime(day.year, day.month, day.day, tzinfo=UTC) + whole_day)
    if len(text) < 19:
        raise ValueError(f"{text} is no moment")
    return stamp(moment_of(text))
