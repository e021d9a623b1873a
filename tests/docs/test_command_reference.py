"""Commands that the reference, the help and the texts name exist, with the options that are named."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer._click.exceptions import MissingParameter

from mlconnector.cli import COMMANDS
from mlconnector.commands.command_line import PROGRAM
from tests.docs.blocks import ROOT
from tests.docs.command_lines import found, parse

REFERENCE = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
HELP = tomllib.loads((ROOT / "src/mlconnector/texts/help.toml").read_text(encoding="utf-8"))
TEXTS = sorted((ROOT / "src").rglob("texts/*.toml"))
_ROW = re.compile(r"^\| `([^`]+)` \| (.*) \|[^|]*\|$", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_SPAN = re.compile(rf"`{PROGRAM} ([^`]+)`")
_EVERYWHERE = {"--help", "--json"}


def options(name: str) -> list[set[str]]:
    """All options of a command, each by all its names: also short ones, and what takes it back."""
    _, command, _ = found(name.split())
    return [
        set(one.opts) | set(one.secondary_opts) for one in command.params if one.param_type_name == "option"
    ]


def rows() -> dict[str, str]:
    """The rows of the reference by the name of the command."""
    return {found(shlex.split(row[1]))[0]: row[0] for row in _ROW.finditer(REFERENCE)}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_names_every_option_of_a_command(name: str) -> None:
    row = rows()[name]
    if "the same options" in row:
        row += rows()["vouchers"]
    named = set(_OPTION.findall(row))
    assert named <= set().union(*options(name))
    assert [names for names in options(name) if not names & (named | _EVERYWHERE)] == []


@pytest.mark.parametrize(
    "name", [name for name, table in HELP.items() if "example" in table and name in COMMANDS]
)
def test_the_example_in_the_help_of_a_command_is_one(name: str) -> None:
    _, *words = shlex.split(HELP[name]["example"].partition(" >> ")[0])
    assert found(words)[0] == name
    parse(words)


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_texts_tell_people_to_give_is_a_command(file: Path) -> None:
    for text in sentences(tomllib.loads(file.read_text(encoding="utf-8"))):
        for given in _SPAN.findall(text):
            try:
                parse(shlex.split(given))
            except MissingParameter:
                assert not found(shlex.split(given))[2], given


def sentences(table: Any) -> Iterator[str]:
    """Every text of a table and the tables in it."""
    if isinstance(table, str):
        yield table
    for inner in table.values() if isinstance(table, dict) else table if isinstance(table, list) else ():
        yield from sentences(inner)
