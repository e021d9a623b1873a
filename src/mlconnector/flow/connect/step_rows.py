"""Steps of a ping in words, for whoever shows them."""

from __future__ import annotations

from typing import Any

from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.texts.catalogue import found, step_cause, step_people, step_title
from mlconnector.texts.language import Language
from mlconnector.texts.named import for_connection


def step_row(name: str, step: CheckStep, language: Language) -> dict[str, Any]:
    """A step of the ping of a connection, in words and as data."""
    words = step_cause(step.cause, step.facts, language) if step.cause else ""
    return {
        "step": step.key,
        "title": step_title(step.key, language),
        "outcome": step.outcome,
        "cause": step.cause,
        "words": for_connection(words, name),
        "who": step_people(step.cause, step.who, step.facts, language)
        if step.outcome in {"failed", "warning"}
        else "",
        "found": found(step.key, step.facts, language) if step.outcome == "ok" else "",
        "facts": dict(step.facts),
    }
