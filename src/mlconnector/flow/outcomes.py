"""Outcomes: each of the four errors becomes a note on the connection and a word for the durable flow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.services import Services
from mlconnector.store import connections
from mlconnector.store.audit import AuditEvent, append

log = logging.getLogger(__name__)

Outcome = dict[str, Any]


def outcome_of(services: Services, name: str, work: Callable[[], Outcome | None]) -> Outcome:
    """Do a step's work and say how it ended, as plain JSON that a durable flow can keep.

    `done` with what the work returned; `later` with the seconds to wait, or None; `needs_login` and
    `needs_human`, after which the connection says so and work for it rests; `broken` for bugs.
    """
    try:
        result = work() or {}
    except RetryLater as error:
        log.warning("%s: later: %s", name, error.reason)
        return {"outcome": "later", "after": error.after, "reason": error.reason}
    except NeedsLogin as error:
        _note(services, name, "needs_login", f"{error.system}: {error.reason}")
        return {"outcome": "needs_login", "reason": str(error)}
    except NeedsHuman as error:
        services.forget_facts(name)
        _note(services, name, "degraded", error.problem.cause, dict(error.problem.facts))
        return {"outcome": "needs_human", "reason": error.problem.cause}
    except Exception as error:  # a bug must stop this connection's work visibly, not the whole process
        log.exception("%s: broken", name)
        reason = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
        _note(services, name, "degraded", f"broken: {reason}")
        return {"outcome": "broken", "reason": reason}
    finally:
        services.http_log.flush()
    return {"outcome": "done", **result}


def ready(services: Services, name: str) -> None:
    """Note that a connection works again after something had been wrong with it."""
    _note(services, name, "ready", "")


def _note(
    services: Services,
    name: str,
    state: connections.ConnectionState,
    reason: str,
    facts: dict[str, str] | None = None,
) -> None:
    with services.database.write() as db:
        if connections.set_state(db, name, state, reason, services.now()):
            detail = {"state": state, "reason": reason, "facts": facts or {}}
            append(db, [AuditEvent(name, name, "connection_state", detail)], services.now())
