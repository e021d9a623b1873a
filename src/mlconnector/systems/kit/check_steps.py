"""The steps of a ping, as sources and sinks report them, and what an error means for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.systems.kit.oauth import AppRefused
from mlconnector.systems.kit.pacing import TooMany
from mlconnector.systems.kit.silence import Kind, Silence

Outcome = Literal["ok", "warning", "failed", "skipped"]
Who = Literal["you", "adviser", "it", "vendor"]


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of a ping: what was tried, how it ended, and who can put it right.

    `key` names its title in the texts `checks.toml`, e.g. `shop.login`; `cause` names why it failed in
    `causes.toml`, e.g. `token_refused`. `facts` fill the texts; `system` is the title of the system asked.
    """

    key: str
    outcome: Outcome
    cause: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    who: Who = "you"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A part of a ping: the keys of its steps, and what gives them."""

    keys: tuple[str, ...]
    steps: Callable[[], Sequence[CheckStep]]


def in_order(attempts: Iterable[Attempt]) -> Iterator[CheckStep]:
    """All steps in order; what comes after a step that failed is skipped."""
    works = True
    for attempt in attempts:
        steps = attempt.steps() if works else [CheckStep(key, "skipped") for key in attempt.keys]
        yield from steps
        works = works and all(step.outcome in {"ok", "warning"} for step in steps)


def failed_step(key: str, system: str, error: ConnectorError, human: Who | None = None) -> CheckStep:
    """The step that an error ends, with a cause that every system may have; `system` is its title.

    `human` is who does what NeedsHuman asks for, where it is not who looks after a refused app, or the user.
    What refuses a login that people make in a browser is `login_needed`.
    """
    facts = {"system": system, "answer": error.said}
    if isinstance(error, NeedsHuman):
        who: Who = human or ("it" if isinstance(error, AppRefused) else "you")
        return CheckStep(key, "failed", error.problem.key, {**error.problem.facts, "system": system}, who)
    if isinstance(error, NeedsLogin):
        return CheckStep(key, "failed", "token_refused", facts)
    if isinstance(error, TooMany):
        after = f"{error.after or 0:.0f}"
        return CheckStep(key, "failed", "too_many_requests", {"system": system, "after": after}, "vendor")
    if isinstance(error, Silence):
        between = {"address": error.address, "setting": error.setting, "proxy": error.proxy}
        said = {"system": system, "answer": error.answer, **between}
        return CheckStep(key, "failed", _why_silent(error.kind), said, "it")
    if isinstance(error, RetryLater):
        return CheckStep(key, "failed", "out_of_order", facts, "vendor")
    return CheckStep(key, "failed", "unexpected_answer", facts, "it")


def _why_silent(kind: Kind) -> str:
    match kind:
        case "name":
            return "address_unknown"
        case "refused":
            return "connection_refused"
        case "route":
            return "no_route"
        case "timeout":
            return "no_answer"
        case "proxy":
            return "proxy_refused"
        case "certificate":
            return "certificate_refused"
        case "encryption":
            return "encryption_failed"
        case "other":
            return "unreachable"


def login_needed(key: str, system: str, error: NeedsLogin) -> CheckStep:
    """The step that nobody's login lets begin."""
    return CheckStep(key, "failed", "login_needed", {"system": system, "answer": error.reason})


def webhook_step(
    key: str, system: str, needed: Sequence[str] | None, secrets: Mapping[str, str], facts: Mapping[str, str]
) -> CheckStep:
    """Whether the credentials that webhooks need are there; `needed` is None where none are set up."""
    if needed is None:
        return CheckStep(key, "skipped", "not_configured", {"system": system})
    missing = [name for name in needed if not secrets.get(name)]
    if missing:
        return CheckStep(key, "failed", "secret_missing", {"system": system, "secrets": ", ".join(missing)})
    return CheckStep(key, "ok", facts=facts)
