"""Planning: what a place is told, and when, as a pure function of what is the case and what it knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mlconnector.flow.notify.matters import Matter
from mlconnector.store.notices import Identity, NoticeRow, PlaceRow

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180, 360, 1440))
"""How long after each failure in a row a place is tried again; the last one counts from then on."""


@dataclass(frozen=True, slots=True)
class Habits:
    """When messages go out: hours of the day, and how far apart. `quiet` is from which hour until which."""

    digest_hour: int
    quiet: tuple[int, int] | None
    apart: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be noted of a place, and what it is to be told now; nothing where it is not the time.

    `over` is not the case any more; what of it could not be sent before is `missed`.
    """

    new: list[Identity]
    over: list[Identity]
    missed: list[Identity]
    message: list[Matter]


def habits(digest_hour: int, quiet_hours: str, minutes_between: int) -> Habits:
    """The habits as settings write them, e.g. `20-7` for the quiet hours."""
    begin, _, end = quiet_hours.partition("-")
    quiet = (int(begin), int(end)) if begin else None
    return Habits(digest_hour, quiet, timedelta(minutes=minutes_between))


def plan(
    place: PlaceRow, kept: Sequence[NoticeRow], current: Sequence[Matter], now: datetime, wanted: Habits
) -> Plan:
    """What to do for a place at a moment in the zone of the installation."""
    concerning = [one for one in current if one.occasion in place.occasions.split()]
    rows = {row.identity: row for row in kept}
    is_case = {one.identity for one in concerning}
    new = [one.identity for one in concerning if one.identity not in rows]
    over = [identity for identity in rows if identity not in is_case]
    unsent = {row.identity: row.since for row in rows.values() if row.settled_at is None}
    missed = [identity for identity in over if identity in unsent and place.failing_since is not None]
    since = {identity: moment for identity, moment in unsent.items() if identity in is_case}
    since |= dict.fromkeys(new, now)
    pending = [one for one in concerning if one.identity in since]
    due = _may_send(place, now, wanted) and (
        any(one.is_urgent for one in pending)
        or any(moment <= _latest_digest(now, wanted.digest_hour) for moment in since.values())
    )
    return Plan(new, over, missed, pending if due else [])


def next_try(tries: int, now: datetime) -> datetime:
    """When a place is tried again that could not be reached so often before."""
    return now + PAUSES[min(tries, len(PAUSES) - 1)]


def _may_send(place: PlaceRow, now: datetime, wanted: Habits) -> bool:
    if wanted.quiet is not None and _is_within(now.hour, *wanted.quiet):
        return False
    if place.next_try_at is not None:
        return now >= place.next_try_at
    return place.told_at is None or now - place.told_at >= wanted.apart


def _is_within(hour: int, begin: int, end: int) -> bool:
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


def _latest_digest(now: datetime, hour: int) -> datetime:
    """The latest moment at which the daily message was due."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
