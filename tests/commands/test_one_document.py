"""Exit codes are those that are promised; with --json exactly one document is printed, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import mlconnector
from mlconnector import app as application
from mlconnector.cli import COMMANDS, app
from mlconnector.commands import document, output
from mlconnector.commands.demonstration import secrets_text
from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings
from tests.commands.desk import NAME, desk

PARTS = {"problem", "what", "why", "do", "who", "exit"}
GIVEN = {
    "connect": ["my.toml"],
    "login": ["mine"],
    "ping": ["mine"],
    "preview": ["mine"],
    "replay": ["mine", "--all"],
    "release": ["mine"],
    "batch": ["EXTF.csv"],
    "reread": ["mine"],
    "report opos": ["mine"],
    "report completeness": ["mine"],
    "report balances": ["mine"],
    "report costs": ["mine"],
    "report vat": ["mine"],
    "audit export": ["trail.jsonl"],
    "ignore": ["mine", "RE-1", "--reason", "r"],
    "booked-by-hand": ["mine", "RE-1", "--reason", "r"],
    "unignore": ["mine", "RE-1"],
    "hold": ["mine", "RE-1", "--reason", "r"],
    "unhold": ["mine", "RE-1"],
    "distinct": ["mine", "RE-1", "--reason", "r"],
    "resume": ["mine"],
    "resend": ["EXTF.csv", "--reason", "r"],
    "rules": ["mine"],
    "confirm": ["mine", "--by", "me"],
    "mapping suggest": ["mine"],
    "mapping take": ["mine", "my.toml"],
    "chart import": ["mine", "my.toml"],
    "chart export": ["mine"],
    "numbers import": ["mine", "my.toml", "--ledger", "debtors"],
    "numbers bind": ["mine", "1", "10000"],
    "numbers unbind": ["mine", "10000"],
    "numbers list": ["mine"],
    "persons": ["mine"],
    "open-from": ["mine"],
    "audit show": ["RE-1"],
    "audit seal": ["--reason", "r", "--by", "me"],
    "audit http": ["mine"],
    "disconnect": ["mine"],
    "warehouse import": ["my.toml"],
    "users add": ["me", "--role", "auditor"],
    "users role": ["me", "auditor"],
    "users password": ["me"],
    "users disable": ["me"],
    "users enable": ["me"],
    "users end-sessions": ["me"],
    "warehouse replay": ["3f6c1a2b90de"],
    "notify add": ["me", "mail"],
    "notify change": ["me"],
    "notify test": ["me"],
    "notify remove": ["me"],
}
"""What a command needs to be given, by its name."""

ALONE = frozenset({"init", "check", "explain", "demo", "serve", "worker"})
"""Commands that need no installation, or go on until they are stopped."""
WITH_INSTALLATION = [name for name in COMMANDS if name not in ALONE]

ERRORS: list[tuple[Callable[[], Exception], int, str]] = [
    (lambda: RetryLater("the database is out of reach"), 1, "later"),
    (lambda: NeedsLogin("datev", "HTTP 401"), 3, "login_needed"),
    (lambda: NeedsHuman(Problem("connection_unknown", {"name": "mine"})), 1, "connection_unknown"),
    (lambda: Broken("no JSON"), 1, "broken"),
    (lambda: PermissionError(13, "Permission denied", "key"), 1, "machine_refused"),
    (lambda: UnreadableSettings("my.toml", 3, "no number"), 2, "settings_unreadable"),
    (lambda: RuntimeError("a bug"), 1, "broken"),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text("")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def only_document(result: Result) -> Any:
    """The one document on standard output; anything beside it is an error."""
    return json.loads(result.stdout)


@pytest.mark.parametrize(("made", "code", "name"), ERRORS, ids=[name for _, _, name in ERRORS])
@pytest.mark.parametrize("command", WITH_INSTALLATION)
def test_every_error_of_every_command_is_one_problem(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    made: Callable[[], Exception],
    code: int,
    name: str,
) -> None:
    @contextmanager
    def fails(*_: object) -> Iterator[None]:
        raise made()
        yield

    monkeypatch.setattr(application, "opened", fails)
    result = call(*command.split(), *GIVEN.get(command, []), "--json")
    told = only_document(result)
    assert (result.exit_code, told["exit"], told["problem"]) == (code, code, name)
    assert set(told) >= PARTS
    assert told["what"]
    assert told["who"]


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_use_of_every_command_is_one_problem(here: Path, command: str) -> None:
    told = only_document(result := call(*command.split(), "--no-such-option", "--json"))
    assert result.exit_code == told["exit"] == 2
    assert set(told) >= PARTS
    assert "--no-such-option" in told["what"]
    assert f"ml-connector {command} --help" in told["do"]


@pytest.mark.parametrize("command", [name for name in WITH_INSTALLATION if GIVEN.get(name)])
def test_what_is_missing_in_a_command_is_one_problem(here: Path, command: str) -> None:
    told = only_document(result := call(*command.split(), "--json"))
    assert (result.exit_code, told["problem"]) in {(2, "wrong_use"), (2, "settings_unreadable")}


@pytest.mark.parametrize("command", WITH_INSTALLATION)
@pytest.mark.parametrize("text", ["port = [", "port = 70000\nlangauge = 5\n"])
def test_settings_that_cannot_be_used_are_one_problem_with_all_that_is_wrong(
    here: Path, command: str, text: str
) -> None:
    (here / "ml-connector.toml").write_text(text)
    told = only_document(result := call(*command.split(), *GIVEN.get(command, []), "--json"))
    assert (result.exit_code, told["problem"]) == (2, "settings_unreadable")
    assert [one["line"] for one in told["errors"]] == ([1] if "[" in text else [2, 1])


@pytest.mark.parametrize(
    "arguments",
    [
        ["init"],
        ["init", "--source", "nothing"],
        ["explain", "DCO01012"],
        ["explain", "no-such-code"],
        ["check", "my.toml"],
        ["check", "nothing.csv"],
        ["check"],
        ["check", "--explain", "EXTF-H-01"],
        ["check", "--explain", "no-such-rule"],
        ["demo", "--source", "nothing"],
        ["demo", "--records", "0"],
        ["no-such-command"],
        ["numbers", "no-such-command"],
        ["--version"],
    ],
)
def test_commands_without_an_installation_print_one_document_too(here: Path, arguments: list[str]) -> None:
    result = call(*arguments, "--json")
    told = only_document(result)
    assert isinstance(told, dict)
    assert ("problem" not in told) or (told["exit"] == result.exit_code and set(told) >= PARTS)


def test_a_fresh_installation_answers_in_one_document(here: Path) -> None:
    assert call("init").exit_code == 0
    for command, code in [("status", 0), ("inbox", 0), ("run", 0), ("audit verify", 0), ("vault rotate", 0)]:
        result = call(*command.split(), "--json")
        assert (result.exit_code, command) == (code, command)
        only_document(result)
    for command in WITH_INSTALLATION:
        if GIVEN.get(command, [""])[0] in {"mine", "RE-1"}:
            result = call(*command.split(), *GIVEN[command], "--json")
            told = only_document(result)
            assert (result.exit_code, told["exit"]) == (1, 1), command
            assert told["problem"].endswith("_unknown"), command


def test_the_version_is_told_for_people_and_for_machines() -> None:
    assert call("--version").stdout == f"ml-connector {mlconnector.__version__}\n"
    assert only_document(call("--json", "--version")) == {"version": mlconnector.__version__}


def test_json_before_the_command_is_wrong_use() -> None:
    assert only_document(call("--json", "status"))["problem"] == "wrong_use"


def test_what_only_people_were_told_is_in_the_document_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with document.begun(["status", "--json"]) as asked:
        output.print_line("a sentence for people")
        output.print_line("a complaint", to=output.complaints)
    assert asked.said == ["a sentence for people", "a complaint"]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "a complaint" in printed.err


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["status", "--json"], True),
        (["check", "--format", "sarif", "x.csv"], True),
        (["check", "--format=json", "x.csv"], True),
        (["demo", "--format", "dxso"], False),
        (["ignore", "mine", "--", "--json"], False),
        ([], False),
    ],
)
def test_a_document_is_wanted_where_somebody_asked_for_one(arguments: list[str], wanted: bool) -> None:
    with document.begun(arguments) as asked:
        assert asked.wanted == wanted


def test_a_connection_answers_in_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk(tmp_path, 2, monkeypatch) as made:
        made.give("init")
        made.fill_in()
        setting_up = ("connect", f"{NAME}.toml", "--secrets-file", "-", "--json")
        connected = made.give(*setting_up, stdin=secrets_text("pipedrive"))
        assert only_document(connected)["connection"] == NAME
        given: list[tuple[tuple[str, ...], int]] = [
            (("login", NAME), 0),
            (("status",), 3),
            (("ping", NAME), 3),
            (("preview", NAME), 0),
            (("preview", NAME, "--csv", "list.csv", "--xlsx", "list.xlsx", "--out", "out"), 0),
            (("inbox",), 0),
            (("rules", NAME), 0),
            (("confirm", NAME, "--by", "Kanzlei"), 0),
            (("chart", "export", NAME, "--csv", "chart.csv"), 0),
            (("numbers", "list", NAME, "--xlsx", "numbers.xlsx"), 0),
            (("persons", NAME), 0),
            (("open-from", NAME, "2026-01-01", "--reason", "filed"), 0),
            (("audit", "http", NAME), 0),
            (("audit", "verify"), 0),
            (("replay", NAME, "--all"), 0),
            (("replay", NAME, "no-such-voucher"), 1),
            (("vault", "rotate"), 0),
            (("disconnect", NAME), 0),
            (("status", NAME), 0),
        ]
        for words, code in given:
            answer = made.give(*words, "--json")
            only_document(answer)
            assert (answer.exit_code, words) == (code, words)
        for listing in ("chart export", "numbers list", "preview"):
            both = made.give(*listing.split(), NAME, "--json", "--csv", "-")
            assert (both.exit_code, only_document(both)["problem"]) == (2, "wrong_use")


def test_nothing_in_a_document_works_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[2J\x9b31m\u202egpj.exe\x07 half \ud800"
    output.print_json({hostile: hostile})
    printed = capsys.readouterr().out
    assert printed.replace("\n", "").isprintable()
    assert json.loads(printed) == {hostile: hostile}
