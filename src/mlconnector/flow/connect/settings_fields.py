"""Single settings of a connection as fields: read out of its text, and put back into their lines.

The text stays the whole truth. What everybody has to fill in is a field, and so is what a complaint is about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlconnector.settings import Complaint, UnreadableSettings, line_of, parse_toml
from mlconnector.systems.registry import sink_systems

_OF_BOOKS = ("begin", "chart", "account_length", "fiscal_year_start")
_OF_SINK = ("client", "client_id")
_LINE = re.compile(
    r"(?P<name>\s*[\w\"'-]+\s*=\s*)"
    r"(?P<value>\"[^\"\\]*\"|\[\"[^\"\\]*\"\]|[\w.:-]+)"
    r"(?P<rest>\s*(#.*)?)"
)


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting by its place, e.g. `books.begin`, as people type it; `is_essential` where all fill it in."""

    place: str
    value: str
    is_essential: bool


def fields(text: str, complaints: Iterable[Complaint] = ()) -> list[SettingField]:
    """The settings that everybody fills in, then those that complaints are about, where each has a line."""
    essential = list(_essential(text))
    wrong = [one.name for one in complaints if one.line is not None]
    found = []
    for place in dict.fromkeys([*essential, *wrong]):
        matched = _line_at(text, place)
        if matched is not None:
            found.append(SettingField(place, _plain(matched[1]["value"]), place in essential))
    return found


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The text with other values in the lines of these settings; what has no line of its own stays."""
    for place, value in values.items():
        matched = _line_at(text, place)
        if matched is None:
            continue
        number, found = matched
        lines = text.splitlines()
        written = _written(found["value"], value.strip())
        lines[number - 1] = f"{found['name']}{written}{found['rest']}"
        text = "\n".join(lines) + "\n"
    return text


def _essential(text: str) -> Iterator[str]:
    tables = _tables(text)
    for sink in sink_systems():
        if sink in tables:
            yield from (f"{sink}.{name}" for name in _OF_SINK)
    yield from (f"books.{name}" for name in _OF_BOOKS)


def _tables(text: str) -> dict[str, Any]:
    try:
        return parse_toml(text, "settings")
    except UnreadableSettings:
        return {}


def _line_at(text: str, place: str) -> tuple[int, re.Match[str]] | None:
    """The line of a setting that has one of its own, with a single value; None for any other."""
    path = [part for part in place.split(".") if not part.isdigit()]
    number = line_of(text, path)
    if number is None or any(part.isdigit() for part in place.split(".")[:-1]):
        return None
    found = _LINE.fullmatch(text.splitlines()[number - 1])
    if found is None or found["name"].partition("=")[0].strip().strip("\"'") != path[-1]:
        return None
    return number, found


def _plain(value: str) -> str:
    return value.strip("[]").strip('"')


def _written(before: str, value: str) -> str:
    """A value as TOML writes it, in the way that the one before it was written."""
    if before.startswith("["):
        return f"[{json.dumps(value, ensure_ascii=False)}]"
    is_bare = not before.startswith('"') and re.fullmatch(r"[\w.:-]+", value)
    return value if is_bare else json.dumps(value, ensure_ascii=False)
