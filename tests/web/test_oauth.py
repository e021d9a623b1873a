from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlconnector.flow.connect import login_failures, oauth_login
from mlconnector.standins.base import Options
from mlconnector.standins.datev.standin import DatevStandIn
from mlconnector.standins.faults import Fault
from mlconnector.store import audit, connections, runs
from tests.conformance.doors import served
from tests.web import rig as rigs
from tests.web.rig import NAME, Rig

CALLBACK = "http://localhost:8080/oauth/callback"


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.language = dict(attrs).get("lang", self.language)

    def handle_data(self, data: str) -> None:
        self.words += [data.strip()] if data.strip() else []


@pytest.fixture
def datev() -> DatevStandIn:
    return DatevStandIn(Options())


@pytest.fixture
def connected(rig: Rig, datev: DatevStandIn) -> Iterator[Rig]:
    with served(datev.app) as url:
        rig.connect(datev=url)
        yield rig


def answered(rig: Rig) -> httpx.QueryParams:
    """What DATEV gives the browser to carry back, once the person has consented."""
    address = oauth_login.begin(rig.application.context(NAME), "datev", CALLBACK)
    back = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"])
    assert str(back.copy_with(query=None)) == CALLBACK
    return back.params


def state(rig: Rig) -> str:
    with rig.application.database.read() as db:
        return connections.read(db, NAME).state


def failure(rig: Rig) -> str:
    """Why the latest login to DATEV came to nothing."""
    latest = login_failures.latest(rig.application.context(NAME), "datev")
    return "" if latest is None else latest.cause


def test_a_login_that_comes_back_is_finished_and_deliveries_go_on(connected: Rig) -> None:
    answer = connected.browser().get("/oauth/callback", params=answered(connected))
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.words == [
        "Logged in",
        "Logged in",
        f"The connection {NAME} is now logged in to DATEV; you can close this window.",
    ]
    assert state(connected) == "ready"
    assert connected.work.asked == [("resume", NAME)]
    with connected.application.database.read() as db:
        assert [event.event for event in audit.story(db, [NAME])] == ["connected", "confirmed", "logged_in"]


def test_a_run_that_came_to_no_end_for_want_of_the_login_is_begun_anew(connected: Rig) -> None:
    with connected.application.database.write() as db:
        runs.begin(db, "r1", NAME, "schedule", connected.clock())
        runs.end(db, "r1", "needs_login: DATEV: expired", connected.clock())
    connected.browser().get("/oauth/callback", params=answered(connected))
    assert connected.work.asked == [("resume", NAME), ("start_run", NAME, "login")]


def test_the_page_has_no_assets_and_may_not_load_any(connected: Rig) -> None:
    answer = connected.browser().get("/oauth/callback", params=answered(connected))
    assert set(Page(answer.text).tags) == {"html", "head", "meta", "title", "body", "main", "h1", "p"}
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_a_login_can_be_finished_once_only(connected: Rig) -> None:
    back = answered(connected)
    connected.browser().get("/oauth/callback", params=back)
    again = connected.browser().get("/oauth/callback", params=back)
    assert again.status_code == 400
    assert Page(again.text).words[0] == "Login unknown"
    assert connected.work.asked == [("resume", NAME)]


def test_a_login_that_took_too_long_is_unknown(connected: Rig) -> None:
    back = answered(connected)
    connected.clock.advance(601)
    assert connected.browser().get("/oauth/callback", params=back).status_code == 400
    assert state(connected) == "needs_login"
    assert failure(connected) == "login_too_late"


@pytest.mark.parametrize("query", ["", "?state=guessed&code=1", "?code=1", "?state=%00&code=%00"])
def test_a_login_that_nobody_began_is_unknown(rig: Rig, query: str) -> None:
    answer = rig.browser().get(f"/oauth/callback{query}")
    assert answer.status_code == 400
    assert Page(answer.text).words[0] == "Login unknown"
    assert rig.work.asked == []


def test_a_refused_login_says_so_and_changes_nothing(connected: Rig) -> None:
    query = {"state": answered(connected)["state"], "error": "access_denied", "error_description": "No."}
    answer = connected.browser().get("/oauth/callback", params=query)
    assert answer.status_code == 403
    page = Page(answer.text)
    assert page.words[0] == "Login refused"
    assert "(access_denied)" in page.words[2]
    assert state(connected) == "needs_login"
    assert failure(connected) == "login_declined"
    assert connected.browser().get("/oauth/callback", params={**query, "error": ""}).status_code == 400


@pytest.mark.parametrize("error", ["<script>alert(1)</script>", "Call 0900-123 now", "a" * 41, "\x00"])
def test_an_error_that_oauth_does_not_know_is_not_shown(rig: Rig, error: str) -> None:
    answer = rig.browser().get("/oauth/callback", params={"error": error})
    assert answer.status_code == 403
    assert error not in answer.text
    assert "(error)" in answer.text


def test_a_login_that_cannot_be_finished_tells_the_browser_no_details(
    connected: Rig, datev: DatevStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    back = answered(connected)
    datev.faults.add(Fault("status", path="^/token$", status=400, body=b'{"error": "invalid_grant"}'))
    answer = connected.browser().get("/oauth/callback", params=back)
    assert answer.status_code == 502
    assert Page(answer.text).words[0] == "Login not finished"
    assert "invalid_grant" not in answer.text
    assert "`ml-connector status`" in answer.text
    assert failure(connected) == "login_not_accepted"
    assert "a login could not be finished" in caplog.text
    assert back["code"] not in caplog.text


def test_the_page_speaks_the_language_of_the_installation(sqlite_url: str, tmp_path: Path) -> None:
    with rigs.rig(sqlite_url, tmp_path, language="de") as german:
        page = Page(german.browser().get("/oauth/callback").text)
    assert page.language == "de"
    assert page.words[0] == "Anmeldung unbekannt"


def test_parameters_of_any_length_are_not_taken(rig: Rig) -> None:
    answer = rig.browser().get("/oauth/callback", params={"state": "x" * 9000, "code": "1"})
    assert answer.status_code == 422
