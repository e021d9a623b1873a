"""Reading a source again: asked for by a person, begun by the next run that reads changes.

What is asked for is kept beside the cursor, not in its place: a run under way moves the cursor on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from mlconnector.flow.context.context import Context
from mlconnector.store import connections
from mlconnector.store.audit import append

_ASKED_FOR = "reread"
# Where a day begins first (UTC+14): rather a little more is read than a little less.
_EARLIEST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Reread:
    """What shall be read again: what changed since a day, or everything (None)."""

    since: date | None


def ask(context: Context, since: date | None, by: str) -> Reread:
    """Let the next run read the source again. Raises NeedsHuman (`connection_unknown`).

    What is the same has its old revision, so nothing is booked twice; what changed unseen is found, and what
    is no longer final.
    """
    moment = None if since is None else datetime.combine(since, time.min, UTC) - _EARLIEST
    cursor = context.source.cursor_from(moment)
    told = since and since.isoformat()
    with context.write() as db:
        connections.remember(db, context.name, _ASKED_FOR, {"cursor": cursor, "since": told})
        append(db, [context.event(context.name, "reread_asked", {"since": told, "by": by})], context.now())
    return Reread(since)


def asked_for(context: Context) -> Reread | None:
    """What the next run will read again, if anybody asked for that."""
    with context.read() as db:
        asked = connections.recall(db, context.name, _ASKED_FOR)
    return asked and Reread(asked["since"] and date.fromisoformat(asked["since"]))


def begin_at(context: Context) -> str | None:
    """The cursor from which a pass begins: the one that was kept, or the one for what was asked for."""
    with context.write() as db:
        asked = connections.recall(db, context.name, _ASKED_FOR)
        if asked:
            connections.move_cursor(db, context.name, asked["cursor"], context.now())
            connections.remember(db, context.name, _ASKED_FOR, None)
            detail = {"since": asked["since"]}
            append(db, [context.event(context.name, "reread_began", detail)], context.now())
        return connections.cursor(db, context.name)
