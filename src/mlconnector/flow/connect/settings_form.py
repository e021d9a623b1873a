"""The settings of a connection as a form: its fields in groups, and what somebody changed of them.

The text stays the whole truth: the form shows what stands there, and what somebody changes goes back into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlconnector.flow.connect.settings_edit import at, with_value
from mlconnector.flow.connect.settings_fields import SOURCE, Kind, Schema, SettingField, schema_of
from mlconnector.flow.connect.settings_values import NO, YES, Unclear, as_one, shown, standing_in, typed
from mlconnector.settings import Complaint, UnreadableSettings, parse_toml
from mlconnector.texts.catalogue import word
from mlconnector.texts.fields import FieldWords, field_words, group_title, value_words
from mlconnector.texts.language import Language

NOT_PLACED = "place"
"""Why a setting was not changed: the text says it in a way that only a person can change."""

_SINK = "sink"
_ORDER = ("books", "tax", "places", "centres", "payments", "special", "documents", "seller", "master_data")
_LAST_OF_SOURCE = ("documents", "webhook")


@dataclass(frozen=True, slots=True)
class FormField:
    """A setting as it is filled in: `values` are what stands there, `options` what can be chosen, with words.

    `default` is what holds where nothing is given, in words.
    """

    name: str
    kind: Kind
    words: FieldWords
    values: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()
    default: str = ""
    is_needed: bool = False
    is_whole_number: bool = False


@dataclass(frozen=True, slots=True)
class FormGroup:
    """Fields that belong together; `in_text` names settings that only the text can say."""

    name: str
    title: str
    fields: tuple[FormField, ...]
    in_text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a form: the text with what was changed, and why some of that did not get there.

    `refused` says by fields why; with `is_lost` something was changed that the text has no place for.
    """

    text: str
    refused: Mapping[str, str] = field(default_factory=dict)
    is_lost: bool = False


def form_of(text: str, language: Language) -> tuple[FormGroup, ...]:
    """The form of a text; empty for one that is no TOML, or does not say which source and sink it has."""
    tables = _tables(text)
    known = None if tables is None else schema_of(tables)
    if tables is None or known is None:
        return ()
    groups: dict[str, tuple[list[FormField], list[str]]] = {}
    for one in known.fields:
        words = _words(known, one, language)
        fields, in_text = groups.setdefault(_group(known, one, words), ([], []))
        is_text = one.kind == "rows" or words.is_in_text
        values = None if is_text else shown(_as_choice(one, words), tables, language)
        if values is None:
            in_text.append(words.label)
        else:
            fields.append(_field(_as_choice(one, words), words, values, language))
    return tuple(
        FormGroup(
            name,
            _title(known, name, language),
            tuple(sorted(fields, key=lambda one: one.words.order)),
            tuple(in_text),
        )
        for name, (fields, in_text) in sorted(groups.items(), key=lambda found: _rank(found[0]))
    )


def entered(
    text: str, was: Mapping[str, Sequence[str]], given: Mapping[str, Sequence[str]], language: Language
) -> Entered:
    """The text with the fields that somebody changed: those `given` otherwise than they were."""
    changed = {name: given[name] for name in was if as_one(given[name]) != as_one(was[name])}
    tables = _tables(text)
    known = None if tables is None else schema_of(tables)
    if not changed or known is None:
        return Entered(text, is_lost=bool(changed))
    fields = {one.name: _as_choice(one, _words(known, one, language)) for one in known.fields}
    refused: dict[str, str] = {}
    for name in sorted(changed.keys() & fields.keys(), key=lambda one: fields[one].kind != "switch"):
        one = fields[name]
        if _is_switched_off(one, changed, fields):
            continue
        try:
            value = typed(one, changed[name], at(_tables(text) or {}, one.place), language)
        except Unclear as unclear:
            refused[name] = unclear.key
            continue
        after = with_value(text, one.place, value, known)
        if after is None:
            refused[name] = NOT_PLACED
        else:
            text = after
    return Entered(text, refused, is_lost=not changed.keys() <= fields.keys())


def fields_of(complaint: Complaint, groups: Sequence[FormGroup]) -> tuple[str, ...]:
    """The fields that a complaint is about: that of its place, else those of its table that it names."""
    fields = {one.name: one for group in groups for one in group.fields}
    place = complaint.name.partition(" ")[0]
    parts = place.split(".")
    for depth in range(len(parts), 0, -1):
        name = ".".join(parts[:depth])
        # A switch says that its table is there, and nothing of what is in it.
        if name in fields and (name == place or fields[name].kind != "switch"):
            return (name,)
    told = set(re.findall(r"[a-z_0-9]+(?:\.[a-z_0-9]+)*", complaint.template))
    within = [name for name in fields if name.startswith(f"{place}.")]
    return tuple(name for name in within if any(name.endswith(f".{one}") for one in told))


def _tables(text: str) -> dict[str, Any] | None:
    try:
        return parse_toml(text, "")
    except UnreadableSettings:
        return None


def _as_choice(one: SettingField, words: FieldWords) -> SettingField:
    """A text or whole number whose values have words is a choice."""
    if not words.values or one.kind not in {"text", "number"}:
        return one
    return replace(one, kind="choice", choices=tuple(one.of(value) for value in words.values))


def _is_switched_off(
    one: SettingField, changed: Mapping[str, Sequence[str]], fields: Mapping[str, SettingField]
) -> bool:
    """Whether somebody has just switched off the table that a setting is in."""
    tables = [".".join(one.place[:depth]) for depth in range(1, len(one.place))]
    return any(
        name in fields and fields[name].kind == "switch" and as_one(changed.get(name, [YES])) == NO
        for name in tables
    )


def _field(one: SettingField, words: FieldWords, values: tuple[str, ...], language: Language) -> FormField:
    default = standing_in(one, language)
    said = ", ".join(value_words(words, value, language) if one.choices else value for value in default)
    options = tuple(_options(one, words, values, language))
    return FormField(one.name, one.kind, words, values, options, said, one.is_needed, one.of is int)


def _options(
    one: SettingField, words: FieldWords, values: Sequence[str], language: Language
) -> Iterator[tuple[str, str]]:
    """The values of a choice with their words; what stands in the text and is none of them, too."""
    if one.kind not in {"choice", "yes_no", "switch", "choices", "ranking"}:
        return
    known = [str(each) for each in one.choices] or [YES, NO]
    if one.kind == "choice" and one.default is None and "" not in known:
        yield "", value_words(words, "none", language)
    yield from ((each, value_words(words, each, language)) for each in known)
    yield from ((each, each) for each in values if each and each not in known)


def _words(known: Schema, one: SettingField, language: Language) -> FieldWords:
    """The words of a setting; its own name where it has none."""
    found = field_words(_tables_of(known, one.place[0]), ".".join(one.place[1:]), language)
    return found or FieldWords(one.place[-1], "", "", "", is_essential=one.is_needed, values={})


def _tables_of(known: Schema, table: str) -> Sequence[str]:
    """Where the words of a table are looked for: those of the source first in its own."""
    return (known.source, SOURCE) if table == SOURCE else (table,)


def _group(known: Schema, one: SettingField, words: FieldWords) -> str:
    table = one.place[0]
    if table not in {SOURCE, known.sink}:
        return words.group or table
    nested = one.place[1] if table == SOURCE and (len(one.place) > 2 or one.kind == "switch") else ""
    inner = words.group or nested
    start = SOURCE if table == SOURCE else _SINK
    return f"{start}.{inner}" if inner else start


def _title(known: Schema, group: str, language: Language) -> str:
    start, _, inner = group.partition(".")
    if start in {SOURCE, _SINK}:
        system = known.source if start == SOURCE else known.sink
        tables = _tables_of(known, SOURCE if start == SOURCE else system)
        title = word("system", system, language)
        return group_title(tables if inner else (), inner or start, language).replace("{system}", title)
    return group_title((), group, language) or group


def _rank(group: str) -> tuple[int, int]:
    """Where a group stands: the source with its parts, the sink with its own, the books and what follows."""
    start, _, inner = group.partition(".")
    if start == SOURCE:
        return (0, _LAST_OF_SOURCE.index(inner) + 1 if inner in _LAST_OF_SOURCE else 0)
    if start == _SINK:
        return (1, 0)
    return (2, _ORDER.index(group) if group in _ORDER else len(_ORDER))
