"""Which day a value of a date column means; pure.

Dataverse writes columns of three behaviours, two of them alike: UserLocal is a moment in UTC, whose day
depends on where it is looked at from; TimeZoneIndependent is what everybody sees, though it ends in Z, too;
DateOnly is a day alone. The metadata tells them apart. Facts:
https://learn.microsoft.com/power-apps/developer/data-platform/behavior-format-date-time-attribute.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mlconnector.systems.dynamics.shapes import FORMATTED
from mlconnector.systems.kit.fields import clean, day_in
from mlconnector.systems.kit.json_answers import Raw

USER_LOCAL = "UserLocal"
_AS_WRITTEN = frozenset({"TimeZoneIndependent", "DateOnly"})
_SHOWN = re.compile(r"\b(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})([./-])(\d{1,2})\5(\d{4}))\b")


class Unclear(ValueError):
    """A moment that may mean either of two days; `at_night` where what is odd about it is the hour."""

    def __init__(self, written: date, local: date, shown: str, *, at_night: bool = False) -> None:
        super().__init__(f"{written} or {local}")
        self.at_night = at_night
        self.written = written
        self.local = local
        self.shown = shown


@dataclass(frozen=True, slots=True)
class Days:
    """How date columns are read: in the business time zone `zone`, and by their behaviours.

    `behaviours` has the date columns of each table whose metadata could be read, by name; a column of it that
    is not among them is no date column, but a text.
    """

    zone: ZoneInfo
    behaviours: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def day(self, row: Raw, table: str, column: str) -> date:
        """The day in a column that is filled. Raises Unclear, or ValueError where it is none."""
        value = str(row[column]).strip()
        if "T" not in value:
            return day_in(value)
        moment = datetime.fromisoformat(value)
        written, local = moment.date(), day_in(value, self.zone)
        behaviour = self._behaviour(table, column)
        if behaviour in _AS_WRITTEN or moment.tzinfo is None:
            return written
        shown = clean(row.get(f"{column}{FORMATTED}"))
        if behaviour == USER_LOCAL and written != local and _is_typed_at_night(column, moment, self.zone):
            raise Unclear(written, local, shown, at_night=True)
        # Shown as written it may be either: the user whose login this is may live by UTC.
        if behaviour == USER_LOCAL or written == local or set(_days_in(shown)) & {written, local} == {local}:
            return local
        raise Unclear(written, local, shown)

    def _behaviour(self, table: str, column: str) -> str:
        """The behaviour of a column; a moment in a text is one in UTC; empty where nothing is known."""
        known = self.behaviours.get(table)
        return "" if known is None else known.get(column, USER_LOCAL)


def _is_typed_at_night(column: str, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a moment is one of the first hours of a day, in a column that the system does not fill itself.

    A day is kept as midnight. Nobody issues invoices shortly after; but programs write local time as if it
    were UTC, which is how an evening becomes the next day. Only columns of one's own have a prefix.
    """
    local = moment.astimezone(zone)
    return "_" in column and (local.hour, local.minute) != (0, 0)


def _days_in(text: str) -> Iterator[date]:
    """All days that a text may show, whichever of day and month comes first."""
    for year, month, day, one, _, other, last in _SHOWN.findall(text):
        ways = [(year, month, day)] if year else [(last, other, one), (last, one, other)]
        for way in ways:
            try:
                yield date(*map(int, way))
            except ValueError:
                continue
