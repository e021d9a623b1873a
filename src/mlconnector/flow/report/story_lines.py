"""The words of a story: what the detail of an event says, line by line, and what changed in the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mlconnector.flow.report.field_values import field_value
from mlconnector.texts import notation
from mlconnector.texts.catalogue import explain, reason, word
from mlconnector.texts.language import Language

# Of hashes people compare the beginning; machines get all of them.
_HASHES = frozenset({"revision", "before", "sha256"})
_HASH_SHOWN = 16
_WORDS = {
    "reason": "reason",
    "role": "role",
    "trigger": "trigger",
    "result": "batch",
    "system": "system",
    "answer": "filed",
    "outcome": "handed_over",
}


def lines_of(detail: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What an event's detail says, line by line; what says nothing is left out."""
    for name, value in detail.items():
        label = word("detail", name, language)
        if value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            yield f"{label}: " + ", ".join(f"{key} {inner}" for key, inner in value.items())
        elif isinstance(value, list):
            yield from (f"{label}: {_one(inner, language)}" for inner in value)
        elif name in _HASHES:
            yield f"{label}: {str(value)[:_HASH_SHOWN]}…"
        else:
            yield f"{label}: {_told(name, value, language)}"


def why_of(one: Mapping[str, Any], language: Language) -> tuple[str, str, str]:
    """A field of a booking, its value, and the rule that gave it."""
    why = reason(one["rule"], one.get("facts", {}), language)
    value = field_value(one["field"], str(one["value"]), language)
    return word("field", one["field"], language), value, why


def fields_of(content: Mapping[str, Any]) -> dict[str, str]:
    """What a revision says, field by field, each with its place such as `party.name` or `lines.2.text`."""
    return dict(_flat(content, ""))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The fields in which two revisions differ, each with what it was and is; empty where it is not there."""
    old, new = fields_of(before), fields_of(after)
    names = dict.fromkeys((*old, *new))
    return [(name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name) != new.get(name)]


def _told(name: str, value: Any, language: Language) -> str:
    if name == "until":
        return notation.moment(datetime.fromisoformat(str(value)), language)
    return word(_WORDS[name], str(value), language) if name in _WORDS else str(value)


def _one(value: Any, language: Language) -> str:
    if isinstance(value, Mapping) and "rule" in value:
        field, given, why = why_of(value, language)
        return f"{field} = {given}: {why}"
    if isinstance(value, Mapping) and "key" in value:
        words = explain(value["key"], value.get("facts", {}), language)
        return f"{words.what} {words.why}"
    if isinstance(value, Mapping) and "before" in value:
        return f"{value['field']}: {value['before']} → {value['after']} ({value['reason']})"
    return str(value)


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name}.{number}")
    elif value not in (None, ""):
        yield name, str(value)
