"""What commands print: tables and sentences for people, JSON for machines, and the exit codes."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from mlconnector.commands import document, progress
from mlconnector.environment import spoken as spoken_by_installation
from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.report import batch_words
from mlconnector.settings import UnreadableSettings, load_settings, os_error_name, refuse
from mlconnector.texts.catalogue import Explanation, explain, people, plain, sentence, word
from mlconnector.texts.language import Language

if TYPE_CHECKING:
    from mlconnector.app import Application

AsJson = Annotated[bool, typer.Option("--json")]
Spoken = Annotated[str | None, typer.Option("--language")]

# Wider lines of text are hard to read; a terminal, or COLUMNS, may be narrower.
_WIDEST = 110
GAP = 2
"""Blanks between two columns of a table."""
# To what width a column of texts may shrink before it goes beneath.
_NARROWEST = 16
# What works on a terminal, cannot be seen, or turns the direction of writing; scripts and emoji need joiners.
_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_FLOW = str.maketrans(dict.fromkeys("\t\n\v\f\r", " "))

# The states of vouchers in the order in which they are told.
_WAY = (
    "received",
    "bookable",
    "batched",
    "sent",
    "settled",
    "needs_human",
    "rejected",
    "ignored",
    "booked_by_hand",
)

console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """Exit codes."""

    FINE = 0
    PROBLEMS = 1
    WRONG_USE = 2
    LOGIN_NEEDED = 3


@contextmanager
def application(*, says_disconnected: bool = False) -> Iterator[Application]:
    """The installation that the settings describe, for the time of one command.

    At its end it is said which of the connections that the command was about are disconnected, and what to
    do; `says_disconnected` is for commands that say so themselves.
    """
    # Some commands need no installation, and would wait until all of it is loaded.
    from mlconnector.app import opened  # noqa: PLC0415

    with opened(load_settings()) as app:
        try:
            yield app
        except typer.Exit:
            if not says_disconnected:
                _say_disconnected(app)
            raise
        if not says_disconnected:
            _say_disconnected(app)


def _say_disconnected(app: Application) -> None:
    for name in app.services.disconnected_in_use():
        words = explain("disconnected", {"name": name}, language())
        paragraph(words.what, to=complaints, style="bold")
        paragraph(words.do, 2, to=complaints)


def language() -> Language:
    """The language of the installation; where its settings cannot be read, that of the environment."""
    return spoken_by_installation()


def spoken_language(given: str | None) -> Language:
    """The language that a command was told to speak, else that of the installation."""
    if given not in {None, "de", "en"}:
        refuse("--language", "“{given}” will not do; possible is one of {known}", given=given, known="de, en")
    if given == "de":
        return "de"
    return "en" if given else language()


def phrase(key: str, /, **facts: object) -> str:
    """A sentence of the commands in the language of the installation."""
    return sentence(key, plain(facts), language())


def named(kind: str, value: str) -> str:
    """Our word for a value, e.g. of the kind `state`, in the language of the installation."""
    return word(kind, value, language())


def batches_title(formats: Collection[str]) -> str:
    """What to call batches of these formats."""
    if "dxso" not in formats:
        return phrase("batches_title")
    return phrase("suggestions_title" if set(formats) == {"dxso"} else "batches_and_suggestions_title")


def batch_state(channel: str, state: str) -> str:
    """Our word for a batch's state, in the language of the installation."""
    return batch_words.batch_state(channel, state, language())


def states_in_words(counts: Mapping[str, int]) -> str:
    """How many vouchers are in which state, in the order of their way."""
    way = [*(state for state in _WAY if state in counts), *sorted(set(counts) - set(_WAY))]
    return ", ".join(f"{named('state', state)}: {counts[state]}" for state in way)


def say(key: str, /, **facts: object) -> None:
    """Print a sentence of the commands; it may be copied whole, so its lines are not broken."""
    print_line(phrase(key, **facts))


def visible(text: str) -> str:
    """A text whose control characters can be seen, so that none of them does anything to a terminal."""
    if text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode()
        if unicodedata.category(one) in _CONTROLS and one not in _JOINERS
        else one
        for one in text
    )


def print_line(text: str, indent: int = 0, *, to: Console = console, style: str = "") -> None:
    """Print a text in one line; where a document is wanted, it alone goes to standard output."""
    progress.current().spoken()
    asked = document.current()
    if asked.wanted:
        asked.said.append(text)
        to = complaints
    to.print(Text(" " * indent + visible(text), style))


def paragraph(
    text: str, indent: int = 0, *, hanging: int = 0, to: Console = console, style: str = ""
) -> None:
    """Print a text within the width, broken between words; later lines stand `hanging` further in.

    Longer words, such as addresses, stay whole, so that they can be copied.
    """
    flowing = visible(text.translate(_FLOW)).strip()
    if not flowing:
        return
    room = max(min(to.width, _WIDEST) - indent, 1)
    first, *rest = _wrapped(flowing, room, to)
    if rest and hanging:
        rest = _wrapped(flowing[len(first) :].lstrip(), max(room - hanging, 1), to)
    for number, line in enumerate((first, *rest)):
        print_line(line, indent + (hanging if number else 0), to=to, style=style)


def heading(text: str, indent: int = 0, *, hanging: int = 0) -> None:
    """Print a text in bold."""
    paragraph(text, indent, hanging=hanging, style="bold")


def print_json(value: Any) -> None:
    """Print a value as the command's JSON document; moments in ISO form, with their offset."""
    document.print_json(value)


def json_text(value: Any, indent: int | None = None) -> str:
    """A value as JSON that does nothing to a terminal."""
    return document.json_text(value, indent)


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    indent: int = 0,
    right: Collection[int] = (),
    style: str = "",
) -> None:
    """Print rows under their headings, if there are any, with numbers at the `right`; nothing is cut off.

    What is piped has one line for each row. In a terminal, or within COLUMNS, longer texts go on in the next
    line of their cell, and the last columns stand beneath their row where there is no room beside it.
    """
    cells = [[_cell(one) for one in row] for row in rows]
    heads = [_cell(one) for one in columns]
    longest = [max(map(cell_len, column)) for column in zip(*([heads] if heads else []), *cells, strict=True)]
    least = [
        min(width, _NARROWEST) if any(" " in row[at] for row in cells) else width
        for at, width in enumerate(longest)
    ]
    has_edge = console.is_terminal or bool(os.environ.get("COLUMNS"))
    room = console.width - indent if has_edge else _needed(longest)
    beside = max([count for count in range(2, len(least) + 1) if _needed(least[:count]) <= room], default=1)
    widths = _shared_out(longest[:beside], least[:beside], room)
    if heads:
        print_row(heads[:beside], widths, indent=indent, right=right, style="bold")
    for row in cells:
        print_row(row[:beside], widths, indent=indent, right=right, style=style)
        beneath = [
            f"{heads[at]} {row[at]}" if heads else row[at] for at in range(beside, len(row)) if row[at]
        ]
        paragraph(" · ".join(beneath), indent + GAP, hanging=GAP, style=style)


def print_row(
    cells: Sequence[str],
    widths: Sequence[int],
    *,
    indent: int = 0,
    right: Collection[int] = (),
    style: str = "",
) -> None:
    """Print one row of a table whose columns have these widths; what is longer goes on in the next line."""
    shown = [visible(cell) for cell in cells]
    if any(cell_len(cell) > width for cell, width in zip(shown, widths, strict=True)):
        lines = _folded(shown, widths, right)
    else:
        # rich takes a millisecond for a row, and hardly one of a list of thousands has to be folded.
        blanks = [" " * (width - cell_len(cell)) for cell, width in zip(shown, widths, strict=True)]
        pairs = enumerate(zip(shown, blanks, strict=True))
        parts = [f"{blank}{cell}" if at in right else f"{cell}{blank}" for at, (cell, blank) in pairs]
        lines = [(" " * GAP).join(parts)]
    for line in lines:
        print_line(line.rstrip(), indent, style=style)


def _folded(cells: Sequence[str], widths: Sequence[int], right: Collection[int]) -> list[str]:
    """The lines of a row in which a cell is longer than its column."""
    # Hardly a row has to be folded, and rows in pipes never.
    from rich.table import Table  # noqa: PLC0415

    table = Table.grid(padding=(0, GAP, 0, 0))
    for at, width in enumerate(widths):
        table.add_column(justify="right" if at in right else "left", width=width, overflow="fold")
    table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    lines = console.render_lines(table, console.options.update(width=_needed(widths)), pad=False)
    return ["".join(segment.text for segment in line) for line in lines]


def _cell(value: object) -> str:
    return "" if value is None else visible(str(value))


def _needed(widths: Sequence[int]) -> int:
    """The room that columns take."""
    return sum(widths) + GAP * (len(widths) - 1)


def _shared_out(longest: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths of columns: each gets its least, and what is left goes to those that lack fewest."""
    widths, left = list(least), room - _needed(least)
    for at in sorted(range(len(widths)), key=lambda at: longest[at] - least[at]):
        more = max(min(longest[at] - least[at], left), 0)
        widths[at] += more
        left -= more
    if len(widths) == 1:
        widths[0] = max(min(widths[0], room), 2)
    return widths


def _wrapped(text: str, room: int, to: Console) -> list[str]:
    """The lines of a text, each of which takes `room` cells at most where its words allow it."""
    return [line.plain.rstrip() for line in Text(text, overflow="ignore").wrap(to, room)]


def print_words(
    words: Explanation, indent: int = 0, *, to: Console = console, spoken: Language | None = None
) -> None:
    """Print why something is so, what to do and who does it."""
    who = words.who and sentence("who", {"who": words.who}, spoken or language())
    for part in (words.why, words.do, who):
        if part:
            paragraph(part, indent, to=to)


@contextmanager
def answered() -> Iterator[None]:
    """Turn the four errors into words and an exit code; nothing else is caught."""
    try:
        yield
    except (UnreadableSettings, NeedsLogin, NeedsHuman, RetryLater, Broken, OSError) as error:
        code = _exit_code(error)
        if document.current().wanted:
            name, words, more = _in_words(error)
            document.print_problem(name, **asdict(words), exit_code=code, **more)
        elif isinstance(error, UnreadableSettings):
            for line in error.lines(language()):
                print_line(line, to=complaints)
        else:
            _, words, _ = _in_words(error)
            paragraph(words.what, to=complaints, style="bold")
            print_words(words, 2, to=complaints)
        raise typer.Exit(code) from error


def _exit_code(error: Exception) -> Exit:
    if isinstance(error, UnreadableSettings):
        return Exit.WRONG_USE
    return Exit.LOGIN_NEEDED if isinstance(error, NeedsLogin) else Exit.PROBLEMS


def _in_words(error: Exception) -> tuple[str, Explanation, dict[str, Any]]:
    """The name of a problem, what a user reads of it, and what is more in a document."""
    spoken = language()
    you, it = people("you", spoken), people("it", spoken)
    match error:
        case UnreadableSettings():
            words = Explanation("; ".join(error.lines(spoken)), "", phrase("settings_cure"), you)
            return "settings_unreadable", words, {"errors": error.data(spoken)}
        case NeedsLogin():
            what = phrase("login_needed", system=named("system", error.system), reason=error.reason)
            return "login_needed", Explanation(what, "", phrase("login_how"), you), {"system": error.system}
        case NeedsHuman():
            problem = error.problem
            return problem.key, explain(problem.key, problem.facts, spoken), {"cause": problem.cause}
        case RetryLater():
            # Only a command that failed needs it.
            from mlconnector.flow.report.delays import why_later  # noqa: PLC0415

            what = phrase("not_now", reason=why_later(error, spoken))
            return "later", Explanation(what, "", phrase("try_later"), you), {}
        case OSError() if error.errno in _NO_ROOM:
            what = phrase("no_room", reason=_reason(error))
            return "no_room", Explanation(what, "", phrase("try_later"), it), {}
        case OSError():
            return (
                "machine_refused",
                Explanation(phrase("machine_refused", reason=_reason(error)), "", "", it),
                {},
            )
        case _:
            return "broken", Explanation(phrase("not_as_agreed", reason=error), "", phrase("tell_it"), it), {}


def _reason(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{os_reason(error)}"


def os_reason(error: OSError) -> str:
    """Why the machine did not allow something, in the language of the installation."""
    return named("os_error", os_error_name(error))
