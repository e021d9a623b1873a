"""Where values stand in a TOML text, for complaints that name the line and edits that change one; and how
values are written.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Path = tuple[str, ...]

_LARGEST_SHORT = 0xFFFF
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TOKEN = re.compile(
    r'"""(?:\\.|[^"\\]|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:\\.|[^"\\\n])*+"'
    r"|'[^'\n]*+'"
    r"|\#[^\n]*+"
    r"|[\[\]{}\n=]"
    r"|[^\"'\#\[\]{}\n=]++"
    r"|.",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or a setting of a text: its full path, and where it stands, each from and to.

    `lines` are its lines without the last line break, `value` is what stands behind the equals sign, without
    a comment. Of a header `value` is empty; `row` is one of several tables with the same name.
    """

    kind: Literal["header", "row", "setting"]
    path: Path
    lines: tuple[int, int]
    value: tuple[int, int]


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """The line of a TOML text where a value stands, as near as can be said without a full parse."""
    wanted = [part for part in location if isinstance(part, str)]
    index = next((part for part in location if isinstance(part, int)), 0)
    best: tuple[int, int] | None = None
    table: list[str] = []
    seen: dict[str, int] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if line.startswith("["):
            name = line.strip("[]").strip()
            table = [part.strip().strip('"') for part in name.split(".")]
            seen[name] = seen.get(name, -1) + 1
            if line.startswith("[[") and seen[name] != index:
                table = []
                continue
            here = table
        elif "=" in line and not line.startswith("#"):
            here = [*table, *(part.strip().strip('"') for part in line.partition("=")[0].split("."))]
        else:
            continue
        depth = len(here)
        if here == wanted[:depth] and (best is None or depth > best[0]):
            best = (depth, number)
    return best[1] if best else None


def statements(text: str) -> Iterator[Statement]:
    """The headers and settings of a text that is valid TOML, in their order."""
    at = 0
    table: Path = ()
    while at < len(text):
        ends = _line_end(text, at)
        line = text[at:ends].strip()
        if not line or line.startswith("#"):
            at = ends + 1
            continue
        if line.startswith("["):
            value = _value_end(text, at)
            table = _path(tomllib.loads(text[at:value]))
            kind: Literal["header", "row"] = "row" if line.startswith("[[") else "header"
            found = Statement(kind, table, (at, _line_end(text, value)), (value, value))
        else:
            equals = next(one.start() for one in _TOKEN.finditer(text, at) if one[0] == "=")
            start = equals + 1 + len(text[equals + 1 :]) - len(text[equals + 1 :].lstrip(" \t"))
            value = _value_end(text, start)
            path = (*table, *_path(tomllib.loads(f"{text[at:equals]}= 0")))
            found = Statement("setting", path, (at, _line_end(text, value)), (start, value))
        yield found
        at = found.lines[1] + 1


def toml_value(value: object) -> str:
    """A value as TOML writes it, in one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))
        case Mapping():
            inner = ", ".join(f"{toml_key(str(key))} = {toml_value(one)}" for key, one in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case _:
            return str(value)


def toml_key(key: str) -> str:
    """The name of a setting as TOML writes it."""
    return key if _BARE.fullmatch(key) and not key.isdigit() else toml_value(key)


def _escaped(character: str) -> str:
    """What JSON leaves as it is, and neither TOML nor a terminal does."""
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LARGEST_SHORT else f"\\U{code:08x}"


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _value_end(text: str, start: int) -> int:
    """Where a value or header ends: before the comment or the line break that no bracket is open at."""
    depth, last = 0, start
    for one in _TOKEN.finditer(text, start):
        piece = one[0]
        if piece.startswith("#") or piece == "\n":
            if depth == 0:
                return last
            continue
        if piece in "[{":
            depth += 1
        elif piece in "]}":
            depth -= 1
        if piece.strip():
            last = one.start() + len(piece.rstrip())
    return last


def _path(tables: Any) -> Path:
    """The names on the way to the only thing that tables hold."""
    found: list[str] = []
    while isinstance(tables, dict | list) and tables:
        if isinstance(tables, list):
            tables = tables[0]
            continue
        ((name, tables),) = tables.items()
        found.append(name)
    return tuple(found)
