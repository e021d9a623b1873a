"""The breaker: work for a connection stops before its sink has refused too many of its requests.

A sink may block an app of which too many requests fail (4xx and 5xx); its `Courtesy` says how many. Refusals
of single documents count for the share, too; only those of everything else count in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import breaker_is_open, note_state
from mlconnector.model.problems import Problem
from mlconnector.store import audit, connections, refusals
from mlconnector.store.audit import append
from mlconnector.store.refusals import Outcome
from mlconnector.systems.sink import Courtesy

LOOKED_AT = 200
_LOOKS_BACK = timedelta(days=30)
# The other side asks for patience; that is no refusal.
_LATER = frozenset({408, 429})


def look_at_refusals(context: Context) -> None:
    """Open the breaker when the requests of a connection to its sink were refused too often.

    Looks only after a refusal; requests from before a person let the connection go on do not count.
    """
    if context.name not in context.services.refused:
        return
    context.services.refused.discard(context.name)
    system = context.settings.sink_system
    with context.read() as db:
        resumed = audit.latest(db, context.name, "resumed")
        since = context.now() - _LOOKS_BACK if resumed is None else resumed.at
        latest = refusals.outcomes(db, context.name, system.name, since, LOOKED_AT)
    problem = too_many(latest, system.courtesy)
    if problem is not None:
        note_state(context, "degraded", problem.cause, dict(problem.facts))


def too_many(latest: Sequence[Outcome], courtesy: Courtesy) -> Problem | None:
    """The problem that the latest requests are, the last one first, where too many of them were refused."""
    refused = sum(one.refused for one in latest)
    row = 0
    for one in latest:
        if one.refused and one.of_a_document:
            continue
        if not one.refused or one.status in _LATER:
            break
        row += 1
    too_many_of_all = len(latest) >= courtesy.of_at_least and refused > courtesy.refused_share * len(latest)
    if row < courtesy.refused_in_a_row and not too_many_of_all:
        return None
    facts = {"refused": str(refused), "requests": str(len(latest)), "row": str(row)}
    return Problem("breaker_open", facts)


def refuse_while_open(context: Context) -> None:
    """Raise NeedsHuman (`breaker_open`) while work for the connection rests."""
    with context.read() as db:
        row = connections.read(db, context.name)
        noted = audit.latest(db, context.name, "connection_state") if breaker_is_open(row) else None
    if noted is not None:
        known = noted.detail["facts"]
        facts = {"refused": known["refused"], "requests": known["requests"], "row": known["row"]}
        raise NeedsHuman(Problem("breaker_open", facts))


def resume(context: Context, by: str) -> None:
    """Let a connection go on whose work rests. Raises NeedsHuman (`nothing_to_resume`) for any other."""
    now = context.now()
    with context.write() as db:
        row = connections.read(db, context.name)
        if not breaker_is_open(row):
            raise NeedsHuman(Problem("nothing_to_resume", {"name": context.name, "connection": row.state}))
        connections.set_state(db, context.name, "ready", "", now)
        append(db, [context.event(context.name, "resumed", {"by": by})], now)
    context.forget_facts()
