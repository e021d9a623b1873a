"""The breaker: work for a connection stops before DATEV has refused too many of its requests.

DATEV wants fewer than a tenth of all requests to fail (4xx and 5xx), and may block an app that does not keep
to it. Refusals of single documents count for that share, too; only those of everything else count in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.states import breaker_is_open, note_state
from mlconnector.model.problems import Problem
from mlconnector.store import audit, connections, refusals
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.refusals import Outcome

IN_A_ROW = 10
SHARE = 0.10
AT_LEAST = 50
LOOKED_AT = 200
_LOOKS_BACK = timedelta(days=30)
# The other side asks for patience; that is no refusal.
_LATER = frozenset({408, 429})


def look_at_refusals(services: Services, name: str) -> None:
    """Open the breaker when the requests of a connection to DATEV were refused too often.

    Looks only after a refusal; requests from before a person let the connection go on do not count.
    """
    if name not in services.refused:
        return
    services.refused.discard(name)
    with services.database.read() as db:
        resumed = audit.latest(db, name, "resumed")
        since = services.now() - _LOOKS_BACK if resumed is None else resumed.at
        problem = too_many(refusals.outcomes(db, name, "datev", since, LOOKED_AT))
    if problem is not None:
        note_state(services, name, "degraded", problem.cause, dict(problem.facts))


def too_many(latest: Sequence[Outcome]) -> Problem | None:
    """The problem that the latest requests are, the last one first, where too many of them were refused."""
    refused = sum(one.refused for one in latest)
    row = 0
    for one in latest:
        if one.refused and one.of_a_document:
            continue
        if not one.refused or one.status in _LATER:
            break
        row += 1
    if row < IN_A_ROW and not (len(latest) >= AT_LEAST and refused > SHARE * len(latest)):
        return None
    facts = {"refused": str(refused), "requests": str(len(latest)), "row": str(row)}
    return Problem("breaker_open", facts)


def refuse_while_open(services: Services, name: str) -> None:
    """Raise NeedsHuman (`breaker_open`) while work for the connection rests."""
    with services.database.read() as db:
        row = connections.read(db, name)
        noted = audit.latest(db, name, "connection_state") if breaker_is_open(row) else None
    if noted is not None:
        known = noted.detail["facts"]
        facts = {"refused": known["refused"], "requests": known["requests"], "row": known["row"]}
        raise NeedsHuman(Problem("breaker_open", facts))


def resume(services: Services, name: str, by: str) -> None:
    """Let a connection go on whose work rests. Raises NeedsHuman (`nothing_to_resume`) for any other."""
    now = services.now()
    with services.database.write() as db:
        row = connections.read(db, name)
        if not breaker_is_open(row):
            raise NeedsHuman(Problem("nothing_to_resume", {"name": name, "connection": row.state}))
        connections.set_state(db, name, "ready", "", now)
        append(db, [AuditEvent(name, name, "resumed", {"by": by})], now)
    services.forget_facts(name)
