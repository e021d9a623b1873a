"""Delays: why something cannot be done now, in words."""

from __future__ import annotations

from mlconnector.errors import RetryLater
from mlconnector.systems.kit.check_steps import failed_step
from mlconnector.systems.kit.silence import Silence
from mlconnector.texts.catalogue import step_cause, word
from mlconnector.texts.language import Language


def why_later(error: RetryLater, language: Language) -> str:
    """Why something may work later; where an outside system is silent, with address, setting and cure."""
    if not isinstance(error, Silence):
        return error.reason
    step = failed_step("", word("system", error.system, language), error)
    return step_cause(step.cause, step.facts, language)
