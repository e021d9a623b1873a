"""A place as data for commands and the API, without its address."""

from __future__ import annotations

from typing import Any

from mlconnector.flow.notify.places import Place
from mlconnector.texts.catalogue import explain
from mlconnector.texts.language import Language


def place_data(one: Place, language: Language) -> dict[str, Any]:
    """A place for programs, without its address."""
    failure = None
    if one.failure is not None:
        words = explain(one.failure.key, one.failure.facts, language)
        failure = {"key": one.failure.key, "what": words.what, "why": words.why, "do": words.do}
    return {
        "place": one.name,
        "kind": one.kind,
        "goes_to": one.goes_to,
        "occasions": list(one.occasions),
        "language": one.language,
        "added_at": one.added_at,
        "added_by": one.added_by,
        "told_at": one.told_at,
        "waiting": one.waiting,
        "failing_since": one.failing_since,
        "next_try_at": one.next_try_at,
        "failure": failure,
    }
