"""What the settings of a connection are called in forms: `fields.toml`, here and in folders of systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlconnector.texts.language import Language
from mlconnector.texts.tables import table


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A setting in words: its label, what more is to say, an example, and the group that it stands in.

    `group` is empty where it follows from its table. `values` are the words of its values, as far as it has
    its own. `order` is where its words stand among all others, and so where it stands in its group. With
    `is_in_text` it is left to the text.
    """

    label: str
    hint: str
    example: str
    group: str
    is_essential: bool
    values: Mapping[str, str]
    order: tuple[int, int] = (0, 0)
    is_in_text: bool = False


def field_words(tables: Sequence[str], key: str, language: Language) -> FieldWords | None:
    """The words of a setting by its key, e.g. `documents.missing`; None where there are none.

    `tables` says in which tables of words it is looked for, the first that has it counts.
    """
    every = table("fields.toml")
    place = next((number for number, one in enumerate(tables) if key in every.get(one, {})), None)
    if place is None:
        return None
    found = every[tables[place]][key]
    return FieldWords(
        str(found[language]),
        str(found.get("hint", {}).get(language, "")),
        str(found.get("example", "")),
        _group(tables, key),
        bool(found.get("essential", False)),
        {value: str(words[language]) for value, words in found.get("choices", {}).items()},
        (place, list(every[tables[place]]).index(key)),
        bool(found.get("in_text", False)),
    )


def value_words(words: FieldWords, value: str, language: Language) -> str:
    """What a value of a setting is called; the value itself where it has no words."""
    common = table("fields.toml")["value"].get(value)
    return words.values.get(value) or (str(common[language]) if common else value)


def group_title(tables: Sequence[str], group: str, language: Language) -> str:
    """What a group of settings is called, by its table or its name; empty where it has no words."""
    found = _entry([*tables, "group"], group)
    return str(found[language]) if found else ""


def _entry(tables: Sequence[str], key: str) -> dict[str, Any] | None:
    every = table("fields.toml")
    return next((every[one][key] for one in tables if key in every.get(one, {})), None)


def _group(tables: Sequence[str], key: str) -> str:
    """The group that a setting names, or the nearest table around it."""
    parts = key.split(".")
    for depth in range(len(parts), 0, -1):
        found = _entry(tables, ".".join(parts[:depth]))
        if found is not None and "in" in found:
            return str(found["in"])
    return ""
