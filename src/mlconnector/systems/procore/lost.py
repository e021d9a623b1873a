"""Lists that the service account may not read: left alone for a day, then read on where they stood."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mlconnector.systems.source import Memory

NOT_ASKED_FOR = timedelta(hours=20)
_LOST = "lost_lists"


def lost_lists(memory: Memory) -> dict[str, str]:
    """Which lists could not be read, and when that was tried last."""
    found: dict[str, str] = memory.recall(_LOST) or {}
    return found


def resting(memory: Memory, now: datetime) -> set[str]:
    """The lists that are not asked for again yet."""
    lost = lost_lists(memory)
    return {name for name, tried in lost.items() if now - datetime.fromisoformat(tried) < NOT_ASKED_FOR}


def note(memory: Memory, refused: Iterable[str], read: Iterable[str], now: datetime) -> None:
    """Remember which lists of a pass could not be read, and forget those that could."""
    before = lost_lists(memory)
    rest = resting(memory, now)
    after = {name: tried for name, tried in before.items() if name not in set(read)}
    after |= {name: now.isoformat() for name in refused if name not in rest}
    if after != before:
        memory.remember(_LOST, after)


def forget(memory: Memory, read: Iterable[str]) -> None:
    """Ask for lists again that could be read: somebody has looked after the rights."""
    before, found = lost_lists(memory), set(read)
    after = {name: tried for name, tried in before.items() if name not in found}
    if after != before:
        memory.remember(_LOST, after)
