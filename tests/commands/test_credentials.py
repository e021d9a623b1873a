"""Credentials at the desk: tried before they are sealed, some now and some later, asked for again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.commands.demonstration import secrets_text
from mlconnector.standins.datev import SECRET
from mlconnector.standins.pipedrive import API_TOKEN
from tests.commands.desk import FILE, NAME, Desk, desk

GIVEN = ("connect", str(FILE), "--secrets-file", "-")
ALL = secrets_text("pipedrive")
OF_DATEV = f'[datev]\nclient_secret = "{SECRET}"\n'
OF_SOURCE = f'[pipedrive]\napi_token = "{API_TOKEN}"\nwebhook_key = "key"\n'


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with desk(tmp_path, 1, monkeypatch) as made:
        made.says(0, "init")
        made.fill_in()
        yield made


def typed(monkeypatch: pytest.MonkeyPatch, *values: str) -> list[str]:
    """Somebody sits at the terminal and types these in; returns what they are asked for."""
    asked: list[str] = []
    waiting = list(values)

    def ask(prompt: str) -> str:
        asked.append(prompt.strip(": "))
        return waiting.pop(0)

    monkeypatch.setattr("getpass.getpass", ask)
    monkeypatch.setattr("mlconnector.commands.given_credentials.can_ask", lambda file: str(file) != "-")
    return asked


def test_what_was_tested_is_said_and_what_was_not_says_why(mine: Desk) -> None:
    said = mine.says(0, *GIVEN, stdin=ALL)
    assert "tested and accepted: pipedrive.api_token, datev.client_secret" in said
    assert "kept, not tested: pipedrive.webhook_key. Only the first message" in said
    shown = json.loads(mine.give(*GIVEN, "--json", stdin=ALL).stdout)
    assert {name: test["outcome"] for name, test in shown["tests"].items()} == {
        "pipedrive.api_token": "ok",
        "pipedrive.webhook_key": "skipped",
        "datev.client_secret": "ok",
    }
    assert (shown["missing"], shown["unknown"]) == ([], [])


@pytest.mark.parametrize(
    ("secrets", "names"),
    [
        (ALL.replace(API_TOKEN, "0" * 40), "pipedrive.api_token"),
        (ALL.replace(SECRET, "wrong"), "datev.client_secret"),
    ],
)
def test_a_wrong_credential_is_refused_and_nothing_is_set_up(mine: Desk, secrets: str, names: str) -> None:
    said = mine.says(1, *GIVEN, stdin=secrets)
    assert f"These credentials are not accepted: {names}." in said
    assert "Nothing was stored" in said
    assert "No connection is set up yet" in mine.says(0, "status")


def test_a_wrong_new_credential_leaves_the_old_one(mine: Desk) -> None:
    mine.connect()
    mine.log_in()
    mine.says(1, *GIVEN, stdin=OF_DATEV.replace(SECRET, "wrong"))
    mine.says(0, "ping", NAME)


def test_a_file_may_hold_some_and_the_rest_comes_later(mine: Desk) -> None:
    said = mine.says(1, *GIVEN, stdin=OF_DATEV)
    assert "credentials sealed: datev.client_secret" in said
    assert "still missing: pipedrive.api_token, pipedrive.webhook_key." in said
    assert '[pipedrive] api_token = "…"' in said
    assert "credentials sealed: pipedrive.api_token, pipedrive.webhook_key" in mine.says(
        0, *GIVEN, stdin=OF_SOURCE
    )


def test_a_name_that_nobody_knows_is_said_and_the_others_are_taken(mine: Desk) -> None:
    said = mine.says(1, *GIVEN, stdin=f'{ALL}\n[dynamics]\nclient_secret = "of another connection"\n')
    assert "no part of this connection and not taken: dynamics.client_secret;" in said
    assert "missing" not in said
    mine.log_in()


def test_at_a_terminal_only_what_is_missing_is_asked_for(
    mine: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "some.toml"
    file.write_text(OF_DATEV)
    asked = typed(monkeypatch, "  ", API_TOKEN, "key")
    said = mine.says(0, "connect", str(FILE), "--secrets-file", str(file))
    assert asked == ["pipedrive.api_token", "pipedrive.api_token", "pipedrive.webhook_key"]
    assert "empty, or blanks only: pipedrive.api_token" in said


def test_at_a_terminal_a_refused_one_is_asked_for_again(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = typed(monkeypatch, "0" * 40, "key", SECRET, API_TOKEN)
    said = mine.says(0, "connect", str(FILE))
    assert asked[3:] == ["pipedrive.api_token"]
    assert "Not accepted: pipedrive.api_token (HTTP 401" in said
    assert "tested and accepted: pipedrive.api_token, datev.client_secret" in said


def test_nobody_is_asked_for_ever(mine: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = typed(monkeypatch, *["0" * 40, "key", SECRET], *["0" * 40] * 9)
    assert "These credentials are not accepted" in mine.says(1, "connect", str(FILE))
    assert len(asked) < 9


def test_a_terminal_is_what_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlconnector.commands.given_credentials import can_ask  # noqa: PLC0415 - before anybody replaces it

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert can_ask(None)
    assert not can_ask(Path("-"))


def test_a_system_out_of_reach_refuses_nothing(mine: Desk) -> None:
    mine.scene.urls["datev"] = "http://127.0.0.1:9"
    mine.fill_in()
    said = mine.connect()
    assert "kept, not tested: datev.client_secret. Nothing accepts the connection to DATEV" in said
    assert "[datev] discovery_url" in said


def test_the_questions_of_connect_are_in_the_log_at_once(mine: Desk) -> None:
    mine.connect()
    asked = mine.data(0, "audit", "http", NAME)
    assert {"pipedrive", "datev"} <= {row["system"] for row in asked}
