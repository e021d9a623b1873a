"""The one JSON document that a command prints where --json was given, whatever becomes of it."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TextIO

# What works on a terminal or cannot be seen, and JSON lets stand as it is, below U+FFFF.
_STANDING = re.compile(
    r"[\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_FORMATS = frozenset({"json", "sarif"})


@dataclass
class Document:
    """Whether a document is `wanted` and was `printed`, and what was `said` beside it."""

    wanted: bool = False
    printed: bool = False
    said: list[str] = field(default_factory=list)


_current = Document()


def current() -> Document:
    """The document of the command that is under way."""
    return _current


@contextmanager
def begun(arguments: Sequence[str]) -> Iterator[Document]:
    """The document of a command given with these arguments, for the time that it takes."""
    global _current  # noqa: PLW0603 - one command is under way in a process, and everything it calls prints
    before, _current = _current, Document(_is_wanted(arguments))
    try:
        yield _current
    finally:
        _current = before


def _is_wanted(arguments: Sequence[str]) -> bool:
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = zip(own, [*own[1:], ""], strict=False)
    return "--json" in own or any(
        option.partition("=")[2] in _FORMATS if option.startswith("--format=") else value in _FORMATS
        for option, value in given
        if option == "--format" or option.startswith("--format=")
    )


def print_json(value: Any) -> None:
    """Print a value as JSON; moments in ISO form, with their offset."""
    sys.stdout.write(json_text(value, indent=2) + "\n")
    _current.printed = True


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON that does nothing to a terminal: JSON escapes only the oldest control characters."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    return _STANDING.sub(_as_escape, text)


def _as_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


@contextmanager
def spooled() -> Iterator[TextIO]:
    """A place for a long document that is written piece by piece; it is printed once it is whole."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        yield file
        file.seek(0)
        shutil.copyfileobj(file, sys.stdout)
    _current.printed = True


def print_problem(
    problem: str, what: str, *, why: str = "", do: str = "", who: str = "", exit_code: int, **more: Any
) -> None:
    """Print why a command did not do what it was asked, unless it has printed its document already."""
    if not _current.printed:
        words = {"what": what, "why": why, "do": do, "who": who}
        print_json({"problem": problem, **words, "exit": exit_code, **more})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
