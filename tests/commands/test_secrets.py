"""After the whole way no secret can be found anywhere but where it is sealed."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from mlconnector.commands.demonstration import secrets_text
from mlconnector.standins.faults import Fault
from tests.commands.desk import FILE, NAME, Desk, desk

FOLDER = Path("ml-connector-data")
CLIENT = "29098-55003"


@pytest.fixture
def walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Desk]:
    """A desk after everything that handles secrets was done at it, the unlucky things too."""
    with desk(tmp_path, 2, monkeypatch) as made:
        made.give("init")
        made.fill_in()
        made.connect()
        made.give("ping", NAME)
        made.log_in()
        made.datev.expire_access_tokens()
        made.give("ping", NAME)
        made.datev.faults.add(Fault("status", path="/token", status=500))
        made.datev.expire_access_tokens()
        made.give("ping", NAME)
        made.datev.fail_next_job(CLIENT, 1008834)
        for command in ("run", "status", "inbox", "preview"):
            made.give(command, *([NAME] if command != "inbox" else []))
            made.give(command, *([NAME] if command != "inbox" else []), "--json")
        made.log_out_at_datev()
        made.give("replay", NAME, "--all")
        made.give("run", NAME)
        made.log_in()
        made.give("login", NAME, "--system", "datev", "--json")
        made.log_in()
        made.give(
            "connect", str(FILE), "--secrets-file", "-", stdin='[pipedrive]\napi_token = "of-another-account"'
        )
        made.give("ping", NAME)
        made.give("run", NAME)
        made.give("audit", "show", "RE-2026-00001", "--json")
        made.give("vault", "rotate")
        made.said.append(caplog.text)
        yield made


def secrets_of(made: Desk) -> dict[str, str]:
    """Everything secret that was in use, by what it is."""
    tables = tomllib.loads(secrets_text("pipedrive"))
    found = {f"{system}.{name}": value for system, rows in tables.items() for name, value in rows.items()}
    found["another api token"] = "of-another-account"
    found["master key"] = (FOLDER / "master.key").read_text().strip().partition(":")[2]
    sessions = made.datev.tokens.dump()["sessions"]
    for number, session in enumerate(sessions):
        found[f"access token {number}"] = session["access_token"]
        found[f"refresh token {number}"] = session["refresh_token"]
        found |= {f"spent token {number}.{at}": token for at, token in enumerate(session["spent"])}
    assert len(found) > 8
    return found


def hiding(text: str, secrets: dict[str, str]) -> list[str]:
    """The secrets that a text gives away, as they are or as they stand in an address."""
    return [name for name, value in secrets.items() if value in text or quote(value, safe="") in text]


def table(name: str) -> str:
    with sqlite3.connect(FOLDER / "ml-connector.sqlite") as database:
        rows = database.execute(f"SELECT * FROM {name}").fetchall()
    database.close()
    assert rows
    return json.dumps(rows, default=str, ensure_ascii=False)


def test_no_secret_is_said_kept_or_logged(walked: Desk) -> None:
    secrets = secrets_of(walked)
    assert hiding(table("http_log"), {"no secret, so it is found": CLIENT})
    for said in walked.said:
        assert hiding(said, secrets) == [], said
    for name in ("http_log", "audit", "connections", "runs"):
        assert hiding(table(name), secrets) == [], name
    for file in [*FOLDER.glob("*.sqlite*"), *Path().rglob("*.csv")]:
        assert hiding(file.read_bytes().decode("latin-1"), secrets) == [], file


def test_only_the_owner_may_look_into_the_folder_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path, 1, monkeypatch) as made:
        made.says(0, "init")
        assert FOLDER.stat().st_mode & 0o077 == 0
        assert (FOLDER / "master.key").stat().st_mode & 0o077 == 0
