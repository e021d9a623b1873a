"""What was given wrongly is told in the user's language: what was given, and what is possible."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlconnector.cli import app

GERMAN = [
    ("open-from mine 31.12.2026", "TAG: „31.12.2026“ geht nicht; möglich ist ein Tag wie 2026-01-31."),
    (
        "numbers import mine f --ledger all",
        "--ledger: „all“ geht nicht; möglich ist eines von debtors, creditors.",
    ),
    ("demo --format csv", "--format: „csv“ geht nicht; möglich ist eines von extf, dxso."),
    ("check f --account-length 99", "--account-length: „99“ geht nicht; möglich ist eine Zahl bis 8."),
    ("preview mine --limit many", "--limit: „many“ geht nicht; möglich ist eine ganze Zahl."),
    ("preview mine --limit 0", "--limit: „0“ geht nicht; möglich ist eine Zahl ab 1."),
    ("login", "Es fehlt NAME."),
    ("confirm mine", "Es fehlt die Option --by."),
    ("status --jso", "Die Option --jso gibt es hier nicht; ähnlich: --json."),
    ("status --json=1", "--json steht allein, ohne Angabe dahinter."),
    ("serve --port", "Hinter --port fehlt die Angabe."),
    ("ping one two", "Zu viel angegeben: two"),
    ("statsu", "Den Befehl statsu gibt es nicht; ähnlich: status. Es gibt: init, "),
    ("audit foo", "Den Befehl foo gibt es nicht. Es gibt: verify, export, head, seal, show, http."),
    ("replay mine", "Sagen Sie, welche: Belege, --cause oder --all."),
    ("explain X --language fr", "--language: „fr“ geht nicht; möglich ist eines von de, en"),
    ("init --source shop", "--source: „shop“ geht nicht; möglich ist eines von cin7, dynamics, pipedrive"),
]


@pytest.mark.parametrize(("given", "told"), GERMAN, ids=[given for given, _ in GERMAN])
def test_wrong_use_is_told_in_german_and_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLCONNECTOR_LANGUAGE", "de")
    CliRunner().invoke(app, ["init"])
    answer = CliRunner().invoke(app, given.split())
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith(told)
    assert "Error" not in answer.stderr


def test_a_group_without_a_command_shows_its_help_and_ends_with_2() -> None:
    answer = CliRunner().invoke(app, ["numbers"])
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "numbers" in answer.stderr


def test_templates_are_written_in_the_language_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "angelegt" in CliRunner().invoke(app, ["init", "--language", "de"]).stdout
    assert 'language = "de"' in (tmp_path / "ml-connector.toml").read_text()
    assert "# Eine Zeile je Konto." in (tmp_path / "my-pipedrive.toml").read_text()
    assert "Es ist noch keine Verbindung eingerichtet." in CliRunner().invoke(app, ["status"]).stdout
