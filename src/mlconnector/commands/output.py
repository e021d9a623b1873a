"""What commands print: tables and sentences for people, JSON for machines, and the exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlconnector.app import Application, opened
from mlconnector.errors import NeedsHuman, NeedsLogin, RetryLater
from mlconnector.settings import Settings, UnreadableSettings, load_settings
from mlconnector.texts.catalogue import Language, explain

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

_PIPED_WIDTH = 140

console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """Exit codes."""

    FINE = 0
    PROBLEMS = 1
    WRONG_USE = 2
    LOGIN_NEEDED = 3


@contextmanager
def application() -> Iterator[Application]:
    """The installation that the settings describe, for the time of one command."""
    with opened(load_settings()) as app:
        yield app


def print_json(value: Any) -> None:
    """Print a value as JSON; moments in ISO form."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(table)


def print_problem(key: str, facts: Mapping[str, str], language: Language) -> None:
    """Print what happened, why, what to do and who does it."""
    words = explain(key, facts, language)
    complaints.print(Text(words.what, style="bold"))
    for part in (words.why, words.do):
        if part:
            complaints.print(f"  {part}", markup=False)
    if words.who:
        complaints.print(f"  ({words.who})", markup=False)


@contextmanager
def answered() -> Iterator[None]:
    """Turn the four errors into words and an exit code; nothing else is caught."""
    try:
        yield
    except UnreadableSettings as error:
        complaints.print(str(error), markup=False)
        raise typer.Exit(Exit.WRONG_USE) from error
    except NeedsLogin as error:
        complaints.print(f"Login needed at {error.system}: {error.reason}", markup=False)
        complaints.print("  Run: ml-connector login CONNECTION", markup=False)
        raise typer.Exit(Exit.LOGIN_NEEDED) from error
    except NeedsHuman as error:
        print_problem(error.problem.key, error.problem.facts, _language())
        raise typer.Exit(Exit.PROBLEMS) from error
    except RetryLater as error:
        complaints.print(f"Not possible at the moment: {error.reason}", markup=False)
        raise typer.Exit(Exit.PROBLEMS) from error
    except OSError as error:
        complaints.print(f"The system refused: {error}", markup=False)
        raise typer.Exit(Exit.PROBLEMS) from error


def _language() -> Language:
    try:
        return load_settings().language
    except UnreadableSettings:
        return Settings().language
