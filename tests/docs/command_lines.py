"""The command lines of the documentation: where they stand, and what they say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from typer._click.core import Command
from typer.main import get_command

from mlconnector.cli import app
from mlconnector.commands.command_line import PROGRAM, Group
from tests.docs.blocks import ROOT

MAKE = "make"
_FENCE = re.compile(r"^\s*```")
_SPAN = re.compile(r"`([^`]+)`")
# What stands before a command in a terminal, in a pipeline of a code forge, and in a unit of systemd.
_BEFORE = re.compile(r"^\s*(\$ |- run: |ExecStart=)?")
_CALLED = re.compile(rf"^(?:\S*/)?({PROGRAM}|{MAKE})(?= |$)")
_SENT_TO = re.compile(r" >>? \S+$")


@dataclass(frozen=True)
class CommandLine:
    """A command as a page gives it; `words` come after the name of the program.

    `shown` is whether it has a line of its own, or stands within a sentence, `fed` whether another command
    gives it its standard input. Where its output is sent to a file is left out.
    """

    page: str
    line: int
    program: str
    words: tuple[str, ...]
    shown: bool
    fed: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.program} {shlex.join(self.words)}"

    @property
    def command(self) -> str:
        """The words that name the command, e.g. `numbers import`."""
        return found(self.words)[0]


def pages() -> list[Path]:
    """Every page, in the order in which somebody new reads them."""
    folders = ("tutorial", "how-to", "reference", "explanation")
    first = [ROOT / "README.md"]
    rest = [page for folder in folders for page in sorted((ROOT / "docs" / folder).rglob("*.md"))]
    return [*first, *rest, *(page for page in sorted(ROOT.glob("*.md")) if page not in first)]


def command_lines(page: Path) -> list[CommandLine]:
    """Each command line of a page, in order: those in blocks, and those within a sentence."""
    name = str(page.relative_to(ROOT))
    blocks, prose = _parted(page.read_text(encoding="utf-8"))
    lines = [each for number, text in blocks for each in _of_block(name, number, text)]
    for span in _SPAN.finditer(prose):
        number = prose.count("\n", 0, span.start()) + 1
        lines += _of_line(name, number, " ".join(span[1].split()), shown=False)
    return sorted(lines, key=lambda each: each.line)


def _parted(text: str) -> tuple[list[tuple[int, str]], str]:
    """The lines of all blocks with their numbers, and the text in which those lines are empty."""
    blocks: list[tuple[int, str]] = []
    prose: list[str] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = bool(_FENCE.match(line))
        if inside and not fence:
            blocks.append((number, line))
        prose.append("" if inside or fence else line)
        inside ^= fence
    return blocks, "\n".join(prose)


def _of_block(page: str, number: int, text: str) -> Iterator[CommandLine]:
    return _of_line(page, number, _BEFORE.sub("", text), shown=True)


def _of_line(page: str, number: int, text: str, *, shown: bool) -> Iterator[CommandLine]:
    for place, part in enumerate(text.split(" | ")):
        called = _CALLED.match(part.strip())
        if called:
            words = shlex.split(_SENT_TO.sub("", part), comments=True)[1:]
            yield CommandLine(page, number, called[1], tuple(words), shown, fed=place > 0)


def _program() -> Group:
    program = get_command(app)
    assert isinstance(program, Group)
    return program


def found(words: Sequence[str]) -> tuple[str, Command, list[str]]:
    """A command by the words that begin with its name: name, command, and the other words.

    Raises KeyError for one that does not exist.
    """
    command: Command = _program()
    rest, name = list(words), ""
    while isinstance(command, Group) and rest and not rest[0].startswith("-"):
        command = command.commands[rest[0]]
        name = f"{name} {rest.pop(0)}".strip()
    return name, command, rest


def parse(words: Sequence[str]) -> None:
    """Parse the words as the program does, without doing anything; raises the library's UsageError."""
    name, command, rest = found(words)
    if not isinstance(command, Group):
        command.make_context(name, rest)
