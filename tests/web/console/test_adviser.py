"""The adviser link: opens once, lets a visitor log in and confirm for one connection, and can be ended."""

from __future__ import annotations

import re

import httpx
import pytest

from mlconnector.flow.agree import confirmation
from mlconnector.flow.connect import adviser_link, setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.standins.base import Options
from mlconnector.standins.datev.standin import DatevStandIn
from mlconnector.store import audit
from tests.conformance.doors import served
from tests.web.console.rig import HERE, faults, visitor
from tests.web.rig import NAME, Rig


@pytest.fixture
def connected(rig: Rig) -> Rig:
    """A connection of which nobody has confirmed anything."""
    rig.connect()
    context = rig.application.context(NAME)
    text = context.settings.text.replace('confirmed_by = "Steuerkanzlei Beispiel"\n', "")
    text = re.sub(r"confirmed_on = .*\n", "", text)
    with rig.application.database.write() as db:
        db.exec_driver_sql("delete from confirmations")
    setup.connect(rig.application.services, read_connection(text, "test"), {})
    return rig


def link(rig: Rig) -> str:
    return adviser_link.invite(rig.application.context(NAME), "admin@example.com")[0]


def opened(rig: Rig, key: str, name: str = "Erika Beispiel") -> httpx.Client:
    """The browser of somebody who has opened a link."""
    browser = rig.browser()
    browser.headers["Accept-Language"] = "de"
    answer = browser.post("/console/adviser/open", data={"key": key, "name": name}, headers=HERE)
    assert answer.status_code == 303, answer.text
    return browser


def token(browser: httpx.Client) -> str:
    page = browser.get("/console/adviser")
    assert page.status_code == 200
    assert faults(page.text) == []
    found = re.search(r'name="form_token" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


def events(rig: Rig) -> list[audit.AuditRow]:
    with rig.application.database.read() as db:
        return audit.story(db, [NAME])


def test_a_link_is_made_in_the_console_and_shown_once(connected: Rig) -> None:
    keeper = visitor(connected, "bookkeeper")
    answer = keeper.post("connections/invite", connection=NAME)
    found = re.search(r'value="http://localhost:8080(/console/adviser\?key=[\w-]+)"', answer.text)
    assert found is not None
    page = keeper.page(f"connections/connection?connection={NAME}")
    assert "noch nicht geöffnet" in page
    assert found[1] not in page
    door = connected.browser().get(found[1])
    assert door.status_code == 200
    assert NAME not in door.text, "nothing is told before somebody has said who it is"


def test_what_a_visitor_confirms_is_noted_with_the_name_and_the_link(connected: Rig) -> None:
    browser = opened(connected, link(connected))
    page = browser.get("/console/adviser").text
    wanted = re.findall(r'name="seed" value="([\w:]+)"', page)
    sent = {"form_token": token(browser), "seed": wanted[:2]}
    answer = browser.post("/console/adviser/confirm", data=sent, headers=HERE)
    assert "Ihre Bestätigung ist vermerkt." in browser.get(answer.headers["location"]).text
    noted = events(connected)[-1]
    assert (noted.event, noted.detail["by"], noted.detail["noted_by"]) == (
        "confirmed",
        "Erika Beispiel",
        "adviser link",
    )
    assert set(noted.detail["seeds"]) == set(wanted[:2])
    left = confirmation.unconfirmed(connected.application.context(NAME))
    assert len(left) == len(wanted) - 2


def test_a_link_opens_once_and_not_for_ever(connected: Rig) -> None:
    key = link(connected)
    opened(connected, key)
    again = connected.browser().post("/console/adviser/open", data={"key": key, "name": "X"}, headers=HERE)
    assert again.status_code == 404
    late = link(connected)
    connected.clock.advance(adviser_link.LIFETIME.total_seconds() + 1)
    assert connected.browser().get("/console/adviser", params={"key": late}).status_code == 404


def test_a_name_has_to_be_given_and_the_link_stays_good(connected: Rig) -> None:
    key = link(connected)
    answer = connected.browser().post("/console/adviser/open", data={"key": key, "name": " "}, headers=HERE)
    assert answer.status_code == 409
    opened(connected, key)


def test_a_visit_is_ended_from_the_console_by_its_visitor_or_by_time(connected: Rig) -> None:
    admin = visitor(connected)
    browser = opened(connected, link(connected))
    page = admin.page(f"connections/connection?connection={NAME}")
    assert "Besuch von Erika Beispiel" in page
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark is not None
    admin.done("connections/end-link", connection=NAME, mark=mark[1])
    assert browser.get("/console/adviser").status_code == 404
    browser = opened(connected, link(connected))
    left = browser.post("/console/adviser/leave", data={"form_token": token(browser)}, headers=HERE)
    assert left.status_code == 200
    assert browser.get("/console/adviser").status_code == 404
    browser = opened(connected, link(connected))
    connected.clock.advance(adviser_link.VISIT.total_seconds() + 1)
    assert browser.get("/console/adviser").status_code == 404
    assert [row.event for row in events(connected)].count("adviser_came") == 3


def test_keys_that_are_guessed_are_not_looked_at_any_more(connected: Rig) -> None:
    key = link(connected)
    browser = connected.browser()
    for number in range(adviser_link.FAILURES_OF_AN_ADDRESS):
        sent = {"key": f"guess-{number}", "name": "X"}
        answer = browser.post("/console/adviser/open", data=sent, headers=HERE)
        assert answer.status_code in {404, 429}
    assert browser.get("/console/adviser", params={"key": key}).status_code == 429


@pytest.mark.parametrize("path", ["confirm", "login", "leave"])
def test_a_visitor_does_nothing_without_the_token_of_the_visit(connected: Rig, path: str) -> None:
    browser = opened(connected, link(connected))
    for sent in ({}, {"form_token": "another"}):
        assert browser.post(f"/console/adviser/{path}", data=sent, headers=HERE).status_code == 403
    assert browser.post(f"/console/adviser/{path}", data={"form_token": token(browser)}).status_code == 403


def test_a_visitor_sees_nothing_else_of_the_console(connected: Rig) -> None:
    browser = opened(connected, link(connected))
    assert browser.get(f"/console/connections/connection?connection={NAME}").status_code == 303
    assert browser.get("/console/").status_code == 303
    key = link(connected)
    assert connected.browser().get("/oauth/callback", params={"state": key, "code": "x"}).status_code == 400
    opened(connected, key)


def test_a_visitor_logs_in_to_datev_and_comes_back(rig: Rig) -> None:
    with served(DatevStandIn(Options()).app) as url:
        rig.connect(datev=url)
        browser = opened(rig, link(rig))
        answer = browser.post("/console/adviser/login", data={"form_token": token(browser)}, headers=HERE)
        onward = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
        assert onward is not None
        address = onward[1].replace("&amp;", "&")
        back = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"])
        end = browser.get("/oauth/callback", params=back.params)
        assert 'href="/console/adviser"' in end.text
        assert "Gültig bis" in browser.get("/console/adviser").text
    begun = next(row for row in events(rig) if row.event == "login_begun")
    assert begun.detail["by"] == "Erika Beispiel (adviser link)"
