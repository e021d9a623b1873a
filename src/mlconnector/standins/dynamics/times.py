"""Times as Dataverse writes them, and the days of the company's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")


def instant(epoch: float) -> str:
    """Seconds since the epoch as `2026-07-01T08:00:00Z`."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_of(text: str) -> int:
    """The seconds since the epoch of an instant."""
    return int(datetime.fromisoformat(text).timestamp())


def local_midnight(day: date) -> str:
    """A day of a column with user-local behaviour: midnight of the user's zone in UTC."""
    return instant(datetime.combine(day, time(), ZONE).timestamp())


def local_day(text: str) -> date:
    """The day that a user sees for an instant."""
    return datetime.fromisoformat(text).astimezone(ZONE).date()


def token_time(epoch: float) -> str:
    """The time part of a delta token, `11/03/2026 10:10:44` in UTC."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%m/%d/%Y %H:%M:%S")


def token_epoch(text: str) -> float:
    """The seconds since the epoch of the time part of a delta token; ValueError when it is not one."""
    return datetime.strptime(text, "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC).timestamp()


def json_date(text: str, offset: str = "") -> str:
    """An instant as the .NET JSON serializer writes it: `/Date(1793872800000+0100)/`."""
    return f"/Date({epoch_of(text) * 1000}{offset})/"
