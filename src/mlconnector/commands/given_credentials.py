"""Credentials as a command gets them: in a file, on standard input, or typed in; never as arguments."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from mlconnector.commands.output import complaints, os_reason, paragraph, phrase
from mlconnector.flow.connect import credentials
from mlconnector.given_files import given_text
from mlconnector.settings import UnreadableSettings, parse_toml

TRIES = 3
"""How often somebody is asked for a credential that is empty, or refused."""


def can_ask(file: Path | None) -> bool:
    """Whether somebody sits at the terminal who can be asked for what the file does not have."""
    return sys.stdin.isatty() and str(file) != "-"


def asked(names: Sequence[str]) -> dict[str, str]:
    """Credentials as somebody types them in; an empty one is asked for again."""
    given: dict[str, str] = {}
    for name in names:
        for _ in range(TRIES):
            given[name] = getpass.getpass(f"{name}: ")
            if given[name].strip():
                break
            paragraph(phrase("credential_empty", names=name), to=complaints)
    _refuse_blank(given, "stdin")
    return given


def asked_once(names: Sequence[str]) -> dict[str, str]:
    """What somebody types in of credentials that may be left out."""
    typed = {name: getpass.getpass(f"{name}: ") for name in names}
    return {name: secret for name, secret in typed.items() if secret.strip()}


def given_in(file: Path, known: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The credentials in a TOML file by `<system>.<name>`, and the names that are not known."""
    where = place_of(file)
    text = text_of(file)
    try:
        tables = parse_toml(text, where)
    except UnreadableSettings as error:
        expected = phrase("secrets_form")
        raise UnreadableSettings(where, None, f"{expected}\n{as_tables(known)}") from error
    named = {
        f"{system}.{name}" if isinstance(values, dict) else system: str(value)
        for system, values in tables.items()
        for name, value in (values.items() if isinstance(values, dict) else [("", values)])
    }
    given = {name: value for name, value in named.items() if name in known}
    _refuse_blank(given, where)
    return given, [name for name in named if name not in known]


def _refuse_blank(given: dict[str, str], where: str) -> None:
    empty = credentials.blank(given)
    if empty:
        raise UnreadableSettings(where, None, phrase("credential_empty", names=", ".join(empty)))


def place_of(file: Path | None) -> str:
    """What the file is called in complaints."""
    return "stdin" if str(file) == "-" else str(file)


def as_tables(names: Sequence[str]) -> str:
    """How credentials stand in a TOML file."""
    lines: list[str] = []
    for name in names:
        system, _, secret = name.partition(".")
        if f"  [{system}]" not in lines:
            lines.append(f"  [{system}]")
        lines.append(f'  {secret} = "…"')
    return "\n".join(lines)


def text_of(file: Path) -> str:
    """The text of a file. Raises UnreadableSettings."""
    try:
        return given_text(file)
    except OSError as error:
        raise UnreadableSettings(str(file), None, phrase("unreadable", reason=os_reason(error))) from error
    except UnicodeDecodeError as error:
        raise UnreadableSettings(str(file), None, phrase("unreadable", reason="UTF-8")) from error
