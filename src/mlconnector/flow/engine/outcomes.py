"""Outcomes: each of the four errors becomes a note on the connection and a word for the durable flow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import msgspec

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.context.breaker import look_at_refusals
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import note_state
from mlconnector.learnt_shapes import learnt

log = logging.getLogger(__name__)

Kept = dict[str, Any]
"""An outcome as the durable flow keeps it: plain JSON, with the fields of its result where it is done."""

Result = TypeVar("Result")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a step ended: `done`, or why not.

    `later` comes with the seconds to wait, or None. What a step returned is kept beside this, so no result
    may have a field of these names. After `needs_login` and `needs_human` the connection says so and work for
    it rests; `broken` is a bug.
    """

    outcome: Literal["done", "later", "needs_login", "needs_human", "broken"]
    reason: str = ""
    wait: float | None = None

    def __str__(self) -> str:
        return self.outcome if self.outcome == "done" else f"{self.outcome}: {self.reason}"


class NotDone(Exception):
    """A step of a workflow ended otherwise than done: what comes after it is left out."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome


def outcome_in(kept: Kept) -> Outcome:
    """How a step ended, from what was kept of it."""
    return msgspec.convert(kept, learnt(Outcome))


def result_in(kept: Kept, shape: type[Result]) -> Result:
    """What a step that is done returned, from what was kept of it. Raises NotDone for any other one."""
    outcome = outcome_in(kept)
    if outcome.outcome != "done":
        raise NotDone(outcome)
    return msgspec.convert(kept, learnt(shape))


def outcome_of(context: Context, work: Callable[[], object]) -> Kept:
    """Do a step's work and say how it ended; the work returns a dataclass or None."""
    waits = False
    try:
        return _outcome_of(context, work)
    except RetryLater as error:
        waits = True
        # A command tells in its own words what it knows to be out of reach.
        level = logging.INFO if context.services.reach.is_out(context.name) else logging.WARNING
        log.log(level, "%s: later: %s", context.name, error.reason)
        return {"outcome": "later", "wait": error.after, "reason": error.reason}
    finally:
        _flush(context, waits=waits)


def _outcome_of(context: Context, work: Callable[[], object]) -> Kept:
    try:
        result = work()
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
    return {"outcome": "done", **(msgspec.to_builtins(result) or {})}


def _flush(context: Context, *, waits: bool) -> None:
    """Store what the outside answered; a database that is down must not change how the work ended."""
    try:
        context.http_log.flush()
        context.services.reach.store(context.database, context.name, waits=waits)
        look_at_refusals(context)
    except RetryLater as error:
        log.warning("the technical log waits with its rows: %s", error.reason)
