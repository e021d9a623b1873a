"""Examples of settings in the comments of a connection's text: what is filled in there takes their place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlconnector.toml_lines import Path, Statement, statements

_COMMENTED = re.compile(r"^[ \t]*#[ \t]?(?P<line>[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A setting in a comment: from where to where its line is, and what stands behind its value there."""

    span: tuple[int, int]
    rest: str

    def line(self, setting: str) -> str:
        """The line with a setting that takes its place."""
        return f"{setting}{self.rest}"


def examples(text: str, known: Sequence[Statement], place: Path) -> Iterator[Example]:
    """Where a setting stands as an example within its table."""
    for header in (one for one in known if one.kind == "header" and one.path == place[:-1]):
        table = header.path
        for one in _comments(text, header.lines[1], _end_of(text, known, header)):
            commented = _header_in(one["line"])
            table = commented or table
            found = None if commented else _example(one, place[-1])
            if found is not None and table == place[:-1]:
                yield found


def in_commented_table(
    text: str, known: Sequence[Statement], table: Path, settings: Sequence[str]
) -> Iterator[str]:
    """The settings in a table whose header stands in a comment, each in the place of its example."""
    found = [one for one in _comments(text, 0, len(text)) if _header_in(one["line"]) == table]
    named = {setting: _named(setting) for setting in settings}
    ways = []
    for header in found:
        edits, new = [(header.span(), header["line"])], []
        examples = _examples_below(text, known, header.end())
        for setting, name in named.items():
            example = examples.get(name)
            if example is None:
                new.append(setting)
            else:
                edits.append((example.span, example.line(setting)))
        edits[0] = (header.span(), "\n".join([header["line"], *new]))
        after = text
        for (start, end), line in sorted(edits, reverse=True):
            after = replaced(after, start, end, line)
        ways.append((len(new), after))
    yield from (after for _, after in sorted(ways, key=lambda one: one[0]))


def _examples_below(text: str, known: Sequence[Statement], start: int) -> dict[str, Example]:
    """The examples below a header in a comment, up to the next header or setting."""
    end = next((one.lines[0] for one in known if one.lines[0] >= start), len(text))
    found: dict[str, Example] = {}
    for one in _comments(text, start, end):
        if _header_in(one["line"]):
            break
        name = _named(one["line"])
        example = _example(one, name) if name and name not in found else None
        if example is not None:
            found[name] = example
    return found


def _comments(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The lines of comments within a part of a text, but for what only looks so within a value."""
    values = [one.lines for one in statements(text)]
    for found in _COMMENTED.finditer(text, start, end):
        if not any(first <= found.start() <= last for first, last in values):
            yield found


def _example(comment: re.Match[str], name: str) -> Example | None:
    """The setting of this name that a comment has; None where it has none."""
    line = comment["line"]
    if _named(line) != name:
        return None
    (found,) = statements(line)
    return Example(comment.span(), line[found.value[1] :].rstrip())


def _named(line: str) -> str:
    """The name of the only setting in a line; empty where it is no setting."""
    if "=" not in line or line.lstrip().startswith(("#", "[")):
        return ""
    try:
        found = tomllib.loads(line)
        names = [one.path for one in statements(line)]
    except (tomllib.TOMLDecodeError, ValueError, RecursionError, StopIteration):
        return ""
    return names[0][0] if len(names) == 1 and len(names[0]) == 1 and found else ""


def _header_in(line: str) -> Path:
    """The table whose header a comment is; empty where it is none."""
    if not line.startswith("[") or line.startswith("[["):
        return ()
    try:
        tomllib.loads(line)
        return next(statements(line)).path
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return ()


def _end_of(text: str, known: Sequence[Statement], header: Statement) -> int:
    """Where what stands below a header ends."""
    after = [one for one in known if one.kind != "setting" and one.lines[0] > header.lines[0]]
    return after[0].lines[0] if after else len(text)


def replaced(text: str, start: int, end: int, new: str) -> str:
    """The text with something else from one place to another."""
    return f"{text[:start]}{new}{text[end:]}"
