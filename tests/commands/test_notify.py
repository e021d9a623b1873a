"""The commands that look after places for notifications, as an administrator gives them at a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mlconnector.cli import app
from mlconnector.errors import RetryLater
from mlconnector.flow.context.services import Services
from mlconnector.flow.notify import telling
from mlconnector.model.problems import Problem
from mlconnector.store import notices
from mlconnector.store.seals import generate_master_key
from tests.databases import copied_sqlite
from tests.flow.notify.mailbox import PASSWORD, TO, USER, Mailbox, mail_server


@pytest.fixture
def installation(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLCONNECTOR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MLCONNECTOR_MASTER_KEY", generate_master_key())
    monkeypatch.setenv("MLCONNECTOR_DATABASE_URL", copied_sqlite(sqlite_template, tmp_path))


def given(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, ["notify", *words], input=stdin)


def mail(box: Mailbox, password: str = PASSWORD) -> str:
    fields = {"to": TO, "sender": "robot@example.com", "server": box.address, "user": USER}
    lines = (f'{name} = "{value}"' for name, value in {**fields, "password": password}.items())
    return "\n".join(["[mail]", *lines, ""])


@pytest.mark.usefixtures("installation")
def test_a_place_is_added_shown_tried_and_removed() -> None:
    assert "There is no place yet" in given("list").output
    with mail_server() as box:
        refused = given("add", "books", "mail", "--secrets-file", "-", stdin=mail(box, "wrong"))
        assert refused.exit_code == 1
        assert "was not taken (SMTP 535)" in " ".join(refused.output.split())
        words = ("add", "books", "mail", "--occasion", "month", "--language", "de", "--secrets-file", "-")
        assert "its address sealed" in " ".join(given(*words, stdin=mail(box)).output.split())
        assert given("test", "books").exit_code == 0
        assert [one["Subject"] for one in box.mails] == ["ml-connector: Probenachricht"] * 2
        (shown,) = json.loads(given("list", "--json").output)
        assert (shown["goes_to"], shown["occasions"], shown["language"]) == (
            "b…@example.com",
            ["month"],
            "de",
        )
        assert given("change", "books", "--occasion", "silent").exit_code == 0
        (shown,) = json.loads(given("list", "--json").output)
        assert (shown["goes_to"], shown["occasions"], shown["language"]) == (
            "b…@example.com",
            ["silent"],
            "de",
        )
        assert given("change", "nobody", "--language", "en").exit_code == 1
        listed = given("list").output
        assert "b…@example.com" in listed
        assert not any(secret in listed for secret in (TO, PASSWORD, USER, box.address))
    away = given("test", "books")
    assert (away.exit_code, "did not get there" in away.output) == (1, True)
    assert given("remove", "books").exit_code == 0
    assert given("remove", "books").exit_code == 1


@pytest.mark.usefixtures("installation")
def test_what_is_missing_or_not_known_is_said() -> None:
    missing = given("add", "books", "teams")
    assert (missing.exit_code, "teams.address" in missing.output) == (2, True)
    unknown = given("add", "books", "slack", "--secrets-file", "-", stdin='[slack]\nurl = "x"\n')
    assert (unknown.exit_code, "slack.url" in unknown.output) == (2, True)
    assert given("add", "books", "fax").exit_code == 2
    occasion = given("add", "books", "slack", "--occasion", "never")
    assert (occasion.exit_code, "login_needed" in occasion.output) == (2, True)
    wrong = '[slack]\naddress = "https://evil.example/secret-part"\n'
    refused = given("add", "books", "slack", "--secrets-file", "-", stdin=wrong)
    assert (refused.exit_code, "secret-part" in refused.output) == (1, False)


@pytest.mark.usefixtures("installation")
def test_a_run_tells_at_its_end_and_it_is_said_who_could_not_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Services] = []

    def tell(services: Services) -> telling.Told:
        told.append(services)
        now, failure = services.now(), json.dumps({"key": "notify_refused", "answer": "HTTP 404"})
        row = notices.PlaceRow("books", "slack", "month", "en", now, "admin", None, 1, now, now, failure)
        with services.database.write() as db:
            notices.add_place(db, row)
        return telling.Told(failed={"books": Problem("notify_refused", {"answer": "HTTP 404"})})

    monkeypatch.setattr(telling, "tell", tell)
    for command in ("run", "status"):
        said = " ".join(CliRunner().invoke(app, [command]).output.split())
        assert "Notifications to books have not got there since" in said
        assert "The message was not taken (HTTP 404)." in said
    assert len(told) == 1


@pytest.mark.usefixtures("installation")
def test_a_run_ends_as_it_did_where_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_services: Services) -> telling.Told:
        raise RetryLater("the database does not work at the moment")

    before = CliRunner().invoke(app, ["run"]).exit_code
    monkeypatch.setattr(telling, "tell", fail)
    assert CliRunner().invoke(app, ["run"]).exit_code == before
