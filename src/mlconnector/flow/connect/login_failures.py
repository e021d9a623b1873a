"""Login failures: why the latest login to a system came to nothing, kept until one succeeds.

Whoever logs in, often the tax adviser, sees it in a browser; whoever looks after the connection does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.context.context import Context
from mlconnector.learnt_shapes import learnt
from mlconnector.store import connections
from mlconnector.store.audit import append
from mlconnector.systems.kit.check_steps import CheckStep, Who, failed_step
from mlconnector.systems.kit.oauth import error_code

STEP = "connection.login"


@dataclass(frozen=True, slots=True)
class LoginFailure:
    """Why a login came to nothing, and when: the cause and facts of a step of a ping, and who can help."""

    at: datetime
    cause: str
    facts: Mapping[str, str] = field(default_factory=dict)
    who: Who = "you"

    def step(self) -> CheckStep:
        """The failure as a step of a ping."""
        facts = {**self.facts, "at": self.at.isoformat()}
        return replace(CheckStep(STEP, "warning"), cause=self.cause, facts=facts, who=self.who)


def declined(context: Context, system: str, error: str) -> None:
    """Note that a login came back with an error code instead of a code, as when somebody did not consent."""
    facts = {"system": _title(context, system), "answer": error_code(error)}
    _note(context, system, CheckStep(STEP, "warning", "login_declined", facts))


def came_late(context: Context, system: str) -> None:
    """Note that a login came back when it was not waited for any more."""
    _note(context, system, CheckStep(STEP, "warning", "login_too_late", {"system": _title(context, system)}))


def failed(context: Context, system: str, error: ConnectorError) -> None:
    """Note the error that a login ended with."""
    title = _title(context, system)
    if isinstance(error, NeedsLogin):
        facts = {"system": title, "answer": error.reason}
        step = CheckStep(STEP, "warning", "login_not_accepted", facts)
    else:
        step = failed_step(STEP, title, error)
    if isinstance(error, NeedsHuman):
        # Its words may need the system's name in a command, not its title.
        step = replace(step, facts=error.problem.facts)
    _note(context, system, step)


def latest(context: Context, system: str) -> LoginFailure | None:
    """Why the latest login came to nothing; None where it did not, or there was none."""
    with context.read() as db:
        kept = connections.recall(db, context.name, _key(system))
    return None if kept is None else msgspec.convert(kept, learnt(LoginFailure))


def forget(context: Context, system: str) -> None:
    """A login has succeeded: what was before does not matter any more."""
    if latest(context, system) is not None:
        _remember(context, system, None)


def _note(context: Context, system: str, step: CheckStep) -> None:
    noted = LoginFailure(context.now(), step.cause, dict(step.facts), step.who)
    _remember(context, system, msgspec.to_builtins(noted))
    with context.write() as db:
        detail = {"system": system, "cause": step.cause, "facts": dict(step.facts)}
        append(db, [context.event(context.name, "login_failed", detail)], context.now())


def _remember(context: Context, system: str, value: Any) -> None:
    with context.write() as db:
        connections.remember(db, context.name, _key(system), value)


def _title(context: Context, system: str) -> str:
    settings = context.settings
    known = (settings.source_system, settings.sink_system)
    return next((one.title for one in known if one.name == system), system)


def _key(system: str) -> str:
    return f"{system}.login_failure"
