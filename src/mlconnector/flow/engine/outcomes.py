"""Outcomes: each of the four errors becomes a note on the connection and a word for the durable flow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.context.breaker import look_at_refusals
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import note_state

log = logging.getLogger(__name__)

Outcome = dict[str, Any]


def outcome_of(context: Context, work: Callable[[], Outcome | None]) -> Outcome:
    """Do a step's work and say how it ended, as plain JSON that a durable flow can keep.

    `done` with what the work returned; `later` with the seconds to wait, or None; `needs_login` and
    `needs_human`, after which the connection says so and work for it rests; `broken` for bugs.
    """
    try:
        return _outcome_of(context, work)
    except RetryLater as error:
        log.warning("%s: later: %s", context.name, error.reason)
        return {"outcome": "later", "after": error.after, "reason": error.reason}
    finally:
        _flush(context)


def _outcome_of(context: Context, work: Callable[[], Outcome | None]) -> Outcome:
    try:
        result = work() or {}
    except RetryLater:
        raise
    except NeedsLogin as error:
        note_state(context, "needs_login", f"{error.system}: {error.reason}")
        return {"outcome": "needs_login", "reason": str(error)}
    except NeedsHuman as error:
        context.forget_facts()
        note_state(context, "degraded", error.problem.cause, dict(error.problem.facts))
        return {"outcome": "needs_human", "reason": error.problem.cause}
    except Exception as error:  # a bug must stop this connection's work visibly, not the whole process
        log.exception("%s: broken", context.name)
        reason = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
        note_state(context, "degraded", f"broken: {reason}")
        return {"outcome": "broken", "reason": reason}
    return {"outcome": "done", **result}


def _flush(context: Context) -> None:
    """Store the technical log and look at it; a database that is down must not change how the work ended."""
    try:
        context.http_log.flush()
        look_at_refusals(context)
    except RetryLater as error:
        log.warning("the technical log waits with its rows: %s", error.reason)
