"""What stands in a setting as people read and type it, and what they typed as the text has it.

A field that cannot show what stands in the text without changing it is not offered (`shown` gives None).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mlconnector.flow.connect.settings_edit import at
from mlconnector.flow.connect.settings_fields import SettingField
from mlconnector.texts.language import Language

YES, NO = "true", "false"
_SEPARATOR = ";"
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}([.,][0-9]{1,30})?")
_SIGN: Mapping[Language, str] = {"de": ",", "en": "."}
_DAY = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SCALARS = (str, int, float)


class Unclear(Exception):
    """What was typed may mean two things, or nothing; `key` is the text that says so."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def shown(field: SettingField, tables: Mapping[str, Any], language: Language) -> tuple[str, ...] | None:
    """What a field is filled with, each of several values by itself; None where it cannot be shown.

    Of a choice that is not given it is the value that holds instead, of everything else nothing.
    """
    given = at(tables, field.place)
    if field.kind == "switch":
        return None if not isinstance(given, dict | None) else (NO if given is None else YES,)
    if given is None:
        if field.kind in {"choice", "yes_no", "choices", "ranking"}:
            return standing_in(field)
        return ()
    found = _as_typed(field, given, language)
    if found is None or any(_is_odd(one) for one in found):
        return None
    return found


def standing_in(field: SettingField, language: Language = "en") -> tuple[str, ...]:
    """What holds where a setting is not given; empty where nothing does."""
    default = field.default
    if default is None:
        return ()
    if isinstance(default, frozenset):
        known = [one for one in field.choices if one in default]
        default = known or sorted(default, key=str)
    return _as_typed(field, list(default) if isinstance(default, tuple) else default, language) or ()


def typed(field: SettingField, given: Sequence[str], before: Any, language: Language) -> Any:
    """What somebody typed, as the text has it, instead of what stood there before; None for nothing.

    Raises Unclear.
    """
    text = as_one(given)
    match field.kind:
        case "switch":
            return {} if text == YES else None
        case "yes_no":
            return None if not text else text == YES if text in {YES, NO} else text
        case "choice":
            return _chosen(field, text)
        case "number":
            return _number(field, text, language) if text else None
        case "date":
            return _day(text) if text else None
        case "pairs":
            return _pairs(field, text, language) or None
        case "records":
            return _records(field, text, language) or None
        case "lines":
            return _lines(field, text, before, language)
        case "choices" | "ranking":
            return _several(field, text, before)
        case _:
            return text or None


def as_one(given: Sequence[str]) -> str:
    """The values of a field as one text, however a browser breaks lines."""
    return "\n".join(given).replace("\r\n", "\n").strip()


def _as_typed(field: SettingField, given: Any, language: Language) -> tuple[str, ...] | None:
    match field.kind:
        case "pairs":
            return _pairs_shown(given, language)
        case "records":
            return _records_shown(field, given, language)
        case "lines" | "choices" | "ranking":
            several = given if isinstance(given, list) else [given]
            if not all(isinstance(one, (*_SCALARS, Decimal)) for one in several):
                return None
            return tuple(filter(None, (_scalar(one, language) for one in several)))
        case _ if isinstance(given, datetime) or not isinstance(given, (*_SCALARS, date, Decimal)):
            return None
        case _:
            return (_scalar(given, language),)


def _scalar(value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, float | Decimal):
        return str(value).replace(".", ",") if language == "de" else str(value)
    return str(value)


def _is_odd(value: str) -> bool:
    """Whether a browser would give a value back otherwise than it got it."""
    return value != value.strip() or any(one in value for one in "\r\n\0")


def _pairs_shown(given: Any, language: Language) -> tuple[str, ...] | None:
    if not isinstance(given, dict) or not all(isinstance(one, _SCALARS) for one in given.values()):
        return None
    pairs = [(name, _scalar(value, language)) for name, value in given.items()]
    if any("=" in value or "\n" in name + value or name != name.strip() for name, value in pairs):
        return None
    return tuple(f"{name} = {value}" for name, value in pairs)


def _records_shown(field: SettingField, given: Any, language: Language) -> tuple[str, ...] | None:
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        return None
    names = [name for name, _ in field.columns]
    if any(one.keys() - set(names) or not one for one in given.values()):
        return None
    rows = {name: [one.get(column, "") for column in names] for name, one in given.items()}
    if any(not isinstance(one, _SCALARS) or _SEPARATOR in str(one) for row in rows.values() for one in row):
        return None
    written = {name: [_scalar(one, language) for one in row] for name, row in rows.items()}
    joined = {name: f"{_SEPARATOR} ".join(row).rstrip(f"{_SEPARATOR} ") for name, row in written.items()}
    return _pairs_shown(joined, language)


def _records(field: SettingField, text: str, language: Language) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, joined in _pairs(replace(field, of=str), text, language).items():
        values = [one.strip() for one in joined.split(_SEPARATOR)]
        if len(values) > len(field.columns):
            raise Unclear("records")
        columns = zip(field.columns, values, strict=False)
        found[name] = {
            column: value if of is str else _number(replace(field, of=of), value, language)
            for (column, of), value in columns
            if value
        }
    return found


def _pairs(field: SettingField, text: str, language: Language) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in filter(None, (one.strip() for one in text.split("\n"))):
        name, equals, value = (part.strip() for part in line.rpartition("="))
        if not equals or not name or not value:
            raise Unclear("pairs")
        if name in found:
            raise Unclear("twice")
        found[name] = value if field.of is str else _number(field, value, language)
    return found


def _chosen(field: SettingField, text: str) -> str | int | None:
    found = next((one for one in field.choices if str(one) == text), None)
    return found if found is not None else text or None


def _several(field: SettingField, text: str, before: Any) -> list[str | int]:
    """Values of a choice: of a ranking in their order, else as they stood there, new ones behind."""
    given = list(dict.fromkeys(filter(None, text.split("\n"))))
    chosen = [one for each in given if (one := _chosen(field, each)) is not None]
    if field.kind == "ranking" or not isinstance(before, list):
        return chosen
    return [one for one in before if one in chosen] + [one for one in chosen if one not in before]


def _lines(field: SettingField, text: str, before: Any, language: Language) -> Any:
    lines = [one.strip() for one in text.split("\n") if one.strip()]
    if not lines:
        return None
    values = lines if field.of is str else [_number(field, one, language) for one in lines]
    return values[0] if len(values) == 1 and isinstance(before, str) else values


def _number(field: SettingField, text: str, language: Language) -> int | float | str:
    """A number; what is none stays as it was typed, so that the checks say what is expected."""
    if not _NUMBER.fullmatch(text):
        return text
    before, _, behind = text.replace(",", ".").partition(".")
    sign = text[len(before) : len(before) + 1]
    if field.of is int and sign:
        return text
    if sign and sign != _SIGN[language] and len(behind) == 3 and before.strip("+-") != "0":
        # 1.000 is a thousand to one reader, and one to another.
        raise Unclear("number")
    exact = Decimal(text.replace(",", "."))
    if not sign:
        return int(exact)
    found = float(exact)
    return found if Decimal(str(found)) == exact else str(exact)


def _day(text: str) -> date | str:
    """A day; what is none stays as it was typed."""
    german = _DAY.fullmatch(text)
    try:
        if german is not None:
            return date(int(german[3]), int(german[2]), int(german[1]))
        return date.fromisoformat(text)
    except ValueError:
        return text
