"""Times as Pipedrive writes them: RFC 3339 with whole seconds in v2, a space instead in v1."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from mlconnector.standins.pipedrive.vocabulary import vocabulary

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def rfc3339(epoch: float) -> str:
    """Seconds since the epoch as `2026-07-01T08:00:00Z`."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_of(instant: str) -> int:
    """The seconds since the epoch of a v2 time."""
    return int(datetime.fromisoformat(instant).timestamp())


def v1_time(instant: str | None) -> str | None:
    """A v2 time in the writing of v1: `2026-07-01 08:00:00`, also UTC."""
    return None if instant is None else instant.replace("T", " ").removesuffix("Z")


def parse_instant(text: str) -> str:
    """A filter's time brought to UTC; ValueError when it is not RFC 3339 or has fractions of a second.

    Fractions are refused as by the original (seen by users of the v2 list endpoints).
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(text)
    return rfc3339(datetime.fromisoformat(text).timestamp())


def local_date(epoch: float) -> date:
    """The calendar day in the account's time zone."""
    return datetime.fromtimestamp(epoch, _zone()).date()


def _zone() -> ZoneInfo:
    return ZoneInfo(vocabulary().company.timezone)
