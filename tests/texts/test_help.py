"""Help: every command, argument and option has its words in both languages, and none is cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group
from typer.testing import CliRunner

from mlconnector.cli import COMMANDS, app
from mlconnector.commands.help_pages import PARAMETERS, entry, parameter_entry
from tests.texts.tables import LANGUAGES, table

PROGRAM = get_group(app)
GROUPS = sorted({path.partition(" ")[0] for path in COMMANDS if " " in path})
SHARED = table("help.toml")["shared"][PARAMETERS]


def loaded(path: str) -> TyperCommand:
    command: Any = PROGRAM
    for name in path.split():
        command = command.commands[name]
    return command  # type: ignore[no-any-return]


def parameters() -> Iterator[tuple[str, str]]:
    for path in COMMANDS:
        yield from ((path, one.name) for one in loaded(path).params)


def lacking(found: Any, place: str) -> str:
    """What to add to the table; empty where nothing lacks."""
    missing = [language for language in LANGUAGES if not found.get(language)]
    return f"texts/help.toml: {place} needs {' and '.join(missing)}" if missing else ""


@pytest.mark.parametrize("path", [*COMMANDS, *GROUPS, ""])
def test_every_command_says_what_it_does_in_both_languages(path: str) -> None:
    assert lacking(entry(path), f'["{path or "ml-connector"}"]') == ""
    if "more" in entry(path):
        assert lacking(entry(path)["more"], f'["{path}".more]') == ""


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_an_example_that_can_be_given(path: str) -> None:
    example = entry(path).get("example", "")
    assert example.startswith(f"ml-connector {path}"), f'texts/help.toml: ["{path}"] needs an example'


def test_every_argument_and_option_has_words_in_both_languages() -> None:
    found = [
        lacking(parameter_entry(path, name), f'["{path}".{PARAMETERS}] {name}') for path, name in parameters()
    ]
    assert [one for one in found if one] == []


def test_no_text_is_left_over() -> None:
    known = {*COMMANDS, *GROUPS, "ml-connector", "shared", "labels"}
    assert set(table("help.toml")) - known == set()
    of_commands = set(parameters())
    own = {(path, name) for path in COMMANDS for name in entry(path).get(PARAMETERS, {})}
    assert own - of_commands == set()
    assert set(SHARED) - {name for _, name in of_commands} == {"help"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", ["20", "60", "200"])
def test_nothing_of_the_help_is_cut_off_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch, language: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", language)
    for path in ("", *GROUPS, "login", "preview", "numbers import"):
        shown = CliRunner().invoke(app, [*path.split(), "--help"]).stdout.split()
        wanted = f"{entry(path)[language]} {entry(path).get('more', {}).get(language, '')}".split()
        assert "".join(wanted) in "".join(shown)
        if path in {"", *GROUPS}:
            for name in PROGRAM.commands if not path else loaded_group(path).commands:
                told = entry(f"{path} {name}".strip())[language]
                assert "".join(told.split()) in "".join(shown)


def loaded_group(path: str) -> TyperGroup:
    group = PROGRAM.commands[path]
    assert isinstance(group, TyperGroup)
    return group


def test_german_help_speaks_german_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    english = re.compile(r"\b(Usage|Options|Arguments|Commands|Example|default|required|Show|the|of)\b")
    for path in ("", *GROUPS, *COMMANDS):
        shown = CliRunner().invoke(app, [*path.split(), "--help"]).stdout
        assert english.findall(re.sub(r"(?m)^ +Beispiel: .*$", "", shown)) == [], path


def test_help_follows_the_settings_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ml-connector.toml").write_text('language = "de"\nport = "broken"\n')
    assert CliRunner().invoke(app, ["status", "--help"]).stdout.startswith("Aufruf: ml-connector status")


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de_DE.UTF-8", "de"), ("de_AT", "de"), ("en_GB.UTF-8", "en"), ("C.UTF-8", "en"), ("fr_FR", "en")],
)
def test_where_nothing_is_set_the_locale_counts(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, locale: str, language: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", locale)
    shown = CliRunner().invoke(app, ["status", "--help"]).stdout
    assert shown.startswith("Aufruf" if language == "de" else "Usage")
