"""What commands share that take a file over: its faults, its difference, and the question before applying."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from mlconnector.commands.output import (
    Exit,
    complaints,
    heading,
    language,
    os_reason,
    paragraph,
    phrase,
    print_json,
    print_table,
)
from mlconnector.given_files import given_bytes
from mlconnector.mapping.list_entries import Fault
from mlconnector.mapping.sheets import LARGEST_FILE
from mlconnector.settings import UnreadableSettings
from mlconnector.texts.catalogue import fault
from mlconnector.texts.language import Language
from mlconnector.texts.named import for_connection

AppliedAtOnce = Annotated[bool, typer.Option("--yes")]
By = Annotated[str, typer.Option()]
WithoutAsking = Annotated[bool, typer.Option("--yes")]

_SHOWN = 40
_YES: dict[Language, str] = {"de": "ja", "en": "yes"}


def content_of(file: Path) -> bytes:
    """The bytes of a file; `-` is standard input. Raises UnreadableSettings when it cannot be read."""
    try:
        return given_bytes(file, LARGEST_FILE)
    except OSError as error:
        raise UnreadableSettings(str(file), None, phrase("unreadable", reason=os_reason(error))) from error


def refuse(name: str, file: Path, faults: Sequence[Fault], *, json: bool) -> NoReturn:
    """Say what is wrong with a file, line by line, and end with 2: nothing of it is applied."""
    spoken = language()
    if json:
        told = [
            {"line": one.line, "fault": one.key, "words": fault(one.key, one.facts, spoken)} for one in faults
        ]
        print_json({"applied": False, "faults": told})
    else:
        for one in faults[:_SHOWN]:
            words = for_connection(fault(one.key, one.facts, spoken), name)
            paragraph(phrase("fault_line", file=file, line=one.line, fault=words), hanging=2, to=complaints)
        if len(faults) > _SHOWN:
            paragraph(phrase("more_faults", count=len(faults) - _SHOWN), to=complaints)
        paragraph(phrase("nothing_applied_for_faults", count=len(faults)), to=complaints, style="bold")
    raise typer.Exit(Exit.WRONG_USE)


def show_part(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Show one part of a difference, its first rows; nothing where there are none."""
    if not rows:
        return
    heading(phrase("part_title", title=title, count=len(rows)))
    print_table(columns, rows[:_SHOWN], indent=2)
    if len(rows) > _SHOWN:
        paragraph(phrase("more_rows", count=len(rows) - _SHOWN), 2)


def agreed_to(*, yes: bool) -> bool:
    """Whether the difference shall be applied: by --yes, or by the word that is typed at a terminal."""
    if yes or not at_a_terminal():
        return yes
    return typed_yes("apply_question")


def may_go_on(question: str, *, yes: bool, json: bool, **facts: object) -> bool:
    """Whether to do what a command was given for: asked once at a terminal, and not with --yes.

    Without a terminal nobody is asked. At one, --json cannot ask, and so does nothing without --yes.
    """
    if yes or not at_a_terminal():
        return True
    return not json and typed_yes(question, **facts)


def at_a_terminal() -> bool:
    """Whether somebody is there who can answer a question."""
    return sys.stdin.isatty()


def typed_yes(question: str, **facts: object) -> bool:
    """Ask at a terminal, and say whether yes was typed."""
    typed = input(f"{phrase(question, word=_YES[language()], **facts)} ")
    return typed.strip().casefold() in _YES.values()


def not_applied() -> NoReturn:
    """Say that nothing was applied, and end with 1."""
    paragraph(phrase("nothing_applied"))
    raise typer.Exit(Exit.PROBLEMS)


def applied_json(data: dict[str, Any], *, applied: bool, open_changes: bool) -> None:
    """Print a difference for machines; ends with 1 when there is one that was not applied."""
    print_json({"applied": applied, **data})
    if open_changes and not applied:
        raise typer.Exit(Exit.PROBLEMS)
