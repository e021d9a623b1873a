"""The commands that look after users of the console, as an administrator gives them at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.store.seals import generate_master_key
from tests.databases import copied_sqlite

PASSWORD = "four random words here\n"


@pytest.fixture
def installation(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLCONNECTOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MLCONNECTOR_MASTER_KEY", generate_master_key())
    monkeypatch.setenv("MLCONNECTOR_DATABASE_URL", copied_sqlite(sqlite_template, tmp_path))


def given(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["users", *words], input=stdin)


@pytest.mark.usefixtures("installation")
def test_users_are_added_changed_and_disabled() -> None:
    assert given("add", "anna", "--role", "admin", stdin="short\n").exit_code == 1
    assert given("add", "anna", "--role", "admin", stdin=PASSWORD).exit_code == 0
    assert given("add", "berta", "--role", "auditor", stdin=PASSWORD).exit_code == 0
    assert "has the role bookkeeper now" in given("role", "berta", "bookkeeper").output
    assert "has a new password" in given("password", "berta", stdin=f"another {PASSWORD}").output
    assert given("end-sessions", "berta").exit_code == 0
    assert given("disable", "anna").exit_code == 1
    assert given("disable", "berta").exit_code == 0
    listed = {one["name"]: one for one in json.loads(given("list", "--json").output)}
    assert listed["anna"]["disabled_at"] is None
    assert listed["berta"]["role"] == "bookkeeper"
    assert listed["berta"]["disabled_at"] is not None
    assert "berta may log in again" in given("enable", "berta").output
    assert given("enable", "berta").exit_code == 1
