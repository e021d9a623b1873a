"""The words of a story: what the detail of an event says, line by line, and what changed in the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlconnector.flow.report.detail_values import told
from mlconnector.flow.report.field_values import field_value, source_value
from mlconnector.texts.catalogue import reason, word
from mlconnector.texts.language import Language

_NOTHING: tuple[Any, ...] = (None, "", [], {})
# What another name of the same detail says in words.
_SAID = {"facts": "", "causes": "problems"}


def lines_of(event: str, detail: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What an event's detail says, line by line; what says nothing is left out."""
    for name, value in detail.items():
        if value in _NOTHING or (name in _SAID and _SAID[name] in {"", *detail}):
            continue
        label = word("detail", name, language)
        yield from (f"{label}: {one}" for one in told(event, name, value, detail, language))


def why_of(one: Mapping[str, Any], language: Language) -> tuple[str, str, str]:
    """A field of a booking, its value, and the rule that gave it."""
    why = reason(one["rule"], one.get("facts", {}), language)
    value = field_value(one["field"], str(one["value"]), language)
    return word("field", one["field"], language), value, why


def fields_of(content: Mapping[str, Any]) -> dict[str, str]:
    """What a revision says, field by field, each with its place such as `party.name` or `lines.2.text`."""
    return dict(_flat(content, ""))


def changed(
    before: Mapping[str, Any], after: Mapping[str, Any], language: Language
) -> list[tuple[str, str, str]]:
    """The fields in which two revisions differ, in words, each with what it was and is; empty for nothing."""
    old, new = fields_of(before), fields_of(after)
    names = dict.fromkeys((*old, *new))
    return [
        (
            _called(name, language),
            source_value(name, old.get(name, ""), language),
            source_value(name, new.get(name, ""), language),
        )
        for name in names
        if old.get(name) != new.get(name)
    ]


def _called(place: str, language: Language) -> str:
    """`lines.2.text` as `Position 2: Text`; what the source itself names is called as the source does."""
    whole, _, rest = place.partition(".")
    number, _, inner = rest.partition(".")
    title = word("source_field", whole, language)
    if not rest:
        return title
    if number.isdecimal():
        return f"{title} {number}: {_called(inner, language)}" if inner else f"{title} {number}"
    if whole == "attributes":
        return word("attribute", rest, language)
    return f"{title}: {_called(rest, language)}"


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name}.{number}")
    elif isinstance(value, bool):
        yield name, str(value).lower()
    elif value not in (None, ""):
        yield name, str(value)
