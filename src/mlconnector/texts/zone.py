"""The time zone in which moments are shown: that of the installation, once it was opened."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT = "Europe/Berlin"

_shown_in = ZoneInfo(DEFAULT)


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of a name of the IANA database; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def show_in(zone: ZoneInfo) -> None:
    """Show moments in this zone from now on."""
    global _shown_in  # noqa: PLW0603 - everything that a process shows is shown in one zone
    _shown_in = zone


def shown_in() -> ZoneInfo:
    """The zone in which moments are shown."""
    return _shown_in


def day_of(moment: datetime) -> date:
    """The day that it is in that zone at a moment."""
    return moment.astimezone(_shown_in).date()
