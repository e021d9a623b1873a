"""Parts of a mapping are put into the text of a connection, whose other lines and comments stay as they are.

A text can say the same in many ways. What comes of an edit is read again, and has to say just what was meant;
where it does not, a person has to edit the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.mapping_rows import Part, with_parts
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings, parse_toml

FACTS = ("product", "product_code", "category", "pipeline")
"""What rows of accounts look at beside the attributes that a source names."""
_HEADER = re.compile(r"\s*\[")


def edited(text: str, parts: Sequence[Part]) -> str:
    """The text with these parts. Raises NeedsHuman (`rows_not_placed`) where that cannot be done safely."""
    before = parse_toml(text, "settings")
    wanted = {**before, "mapping": with_parts(before.get("mapping", {}), parts)}
    after = text
    # From the last row to the first, so that no edit moves what another one looks for.
    for part in sorted(parts, key=lambda one: -(one.replaces or 0)):
        after = _placed(after, part)
    try:
        is_right = parse_toml(after, "settings") == wanted
    except UnreadableSettings:
        is_right = False
    if not is_right:
        raise NeedsHuman(Problem("rows_not_placed", {"rows": "\n".join(one.toml for one in parts)}))
    return after


def row_changed(text: str, table: str, number: int, changes: Mapping[str, Any]) -> Part:
    """A row of a table with other values; None takes one away. Raises NeedsHuman (`row_unknown`)."""
    content = _with_changes(_row(text, table, number), changes)
    return Part(table, content, {table: 1}, is_row=True, replaces=number)


def row_followed(text: str, table: str, number: int, changes: Mapping[str, Any], begins: date) -> Part:
    """A new row with the facts of one that stays, and other values from a day on.

    Raises NeedsHuman (`row_unknown`).
    """
    content = _with_changes(_row(text, table, number), {**changes, "valid_from": begins})
    return Part(table, content, {table: 1}, is_row=True)


def _row(text: str, table: str, number: int) -> Mapping[str, Any]:
    """A row as it is written, by its number from 1."""
    rows = parse_toml(text, "settings").get("mapping", {}).get(table, [])
    if not isinstance(rows, list) or not 0 < number <= len(rows):
        raise NeedsHuman(Problem("row_unknown", {"table": table, "number": str(number)}))
    found: Mapping[str, Any] = rows[number - 1]
    return found


def _with_changes(row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    content = {**row, **changes}
    return {name: value for name, value in content.items() if value is not None}


def row_added(table: str, fact: str, value: str, content: Mapping[str, Any]) -> Part:
    """A new row for lines of which a fact has a value."""
    looked_at = {fact: value} if fact in FACTS else {"attributes": {fact: value}}
    given = {name: one for name, one in content.items() if one is not None}
    return Part(table, {**looked_at, **given}, {value: 1}, is_row=True)


def entry_changed(text: str, table: str, attribute: str, value: str, number: str) -> Part:
    """A table with another entry for a value of its attribute."""
    before = parse_toml(text, "settings").get("mapping", {}).get(table)
    entries = {**(before or {}).get("table", {}), value: number}
    content = {"attribute": attribute, "table": entries}
    return Part(table, content, {value: 1}, is_row=False, replaces=None if before is None else 0)


def _placed(text: str, part: Part) -> str:
    lines = text.splitlines()
    if part.is_row and part.replaces:
        headers = _headers(lines, f"[[mapping.{part.table}]]")
        if len(headers) >= part.replaces:
            first = headers[part.replaces - 1]
            last = _end(lines, first, f"[mapping.{part.table}.")
            lines[first:last] = part.toml.splitlines()
    elif not part.is_row and part.replaces is not None:
        lines = _with_table(lines, part)
    else:
        # A row belongs behind the others of its table, which is a matter of order as much as of looks.
        lines += ["", *part.toml.splitlines()]
    return "\n".join(lines) + "\n"


def _with_table(lines: list[str], part: Part) -> list[str]:
    """The lines with other entries in a table of its own; its other settings stay."""
    headers = _headers(lines, f"[mapping.{part.table}]")
    if not headers:
        return lines
    first = headers[0]
    last = _end(lines, first, f"[mapping.{part.table}.table]")
    names = ("attribute", "table")
    kept = [
        line
        for line in _without(lines[first + 1 : last], f"[mapping.{part.table}.table]")
        if line.partition("=")[0].strip() not in names
    ]
    return [*lines[:first], *part.toml.splitlines(), *kept, *lines[last:]]


def _without(lines: Sequence[str], header: str) -> list[str]:
    """The lines up to a header."""
    at = next((number for number, line in enumerate(lines) if _named(line) == header), len(lines))
    return list(lines[:at])


def _headers(lines: Sequence[str], header: str) -> list[int]:
    return [number for number, line in enumerate(lines) if _named(line) == header]


def _named(line: str) -> str:
    """The header in a line, without spaces and comment; empty where there is none."""
    return line.partition("#")[0].replace(" ", "").strip() if _HEADER.match(line) else ""


def _end(lines: Sequence[str], first: int, inner: str) -> int:
    """Where the lines of a header end; comments before the next header belong to that."""
    last = next(
        (
            number
            for number in range(first + 1, len(lines))
            if _named(lines[number]) and not _named(lines[number]).startswith(inner)
        ),
        len(lines),
    )
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return last
