"""Limits on calls that a whole key shares, whoever calls with it: how many a minute, and how many a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

MINUTE = 60.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class CallLimit:
    """How often a key may call; `name` tells keys apart and is no secret, `per_day` may be without limit."""

    name: str
    per_minute: int
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class CallsLeft:
    """What is left of a limit; `closed_for` are the seconds in which nobody may call at all."""

    minute: int
    day: int | None
    closed_for: float


class Spent(msgspec.Struct, frozen=True):
    """What a key has spent: moments of its latest calls, when it was closed and until when, calls of a day.

    All in seconds since the epoch; `day` counts days in UTC.
    """

    calls: tuple[float, ...] = ()
    closed_until: float = 0.0
    day: int = 0
    calls_of_day: int = 0
    closed_at: float = 0.0


class CallBudget(Protocol):
    """The budgets of all keys, shared by every worker and process."""

    def take(self, limit: CallLimit) -> float:
        """Take one call; 0 when it may be made now, else after how many seconds to ask again."""

    def close(self, limit: CallLimit, seconds: float) -> None:
        """Let nobody call with this key for so long, because the other side said that it was too much."""

    def left(self, limit: CallLimit) -> CallsLeft:
        """What is left now."""


def take(spent: Spent, limit: CallLimit, now: float) -> tuple[Spent, float]:
    """Take one call where the limit allows it; else the seconds until it may."""
    spent = _counted(spent, now)
    if spent.closed_until > now:
        return spent, spent.closed_until - now
    if limit.per_day is not None and spent.calls_of_day >= limit.per_day:
        return spent, (spent.day + 1) * DAY - now
    if len(spent.calls) >= limit.per_minute:
        return spent, max(spent.calls[-limit.per_minute] + MINUTE - now, 0.01)
    calls, of_day = (*spent.calls, now), spent.calls_of_day + 1
    return msgspec.structs.replace(spent, calls=calls, calls_of_day=of_day), 0.0


def close(spent: Spent, now: float, seconds: float) -> Spent:
    """Let nobody call for so long."""
    spent = _counted(spent, now)
    return msgspec.structs.replace(spent, closed_at=now, closed_until=max(spent.closed_until, now + seconds))


def left(spent: Spent, limit: CallLimit, now: float) -> CallsLeft:
    """What is left of a limit."""
    spent = _counted(spent, now)
    day = None if limit.per_day is None else max(limit.per_day - spent.calls_of_day, 0)
    closed_for = max(spent.closed_until - now, 0.0)
    return CallsLeft(max(limit.per_minute - len(spent.calls), 0), day, closed_for)


def _counted(spent: Spent, now: float) -> Spent:
    """Without the calls of earlier minutes and days; a clock that was set back makes nobody wait for long."""
    calls = tuple(min(moment, now) for moment in spent.calls if moment > now - MINUTE)
    closed_at = min(spent.closed_at, now)
    closed_until = spent.closed_until - (spent.closed_at - closed_at)
    closed_until = closed_until if closed_until <= now + DAY else now
    day = int(now // DAY)
    of_day = spent.calls_of_day if day == spent.day else 0
    return Spent(calls, closed_until, day, of_day, closed_at)
