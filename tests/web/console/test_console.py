"""The console without a browser: who gets in, who may do what, what its pages say."""

from __future__ import annotations

import re
from typing import get_args

import httpx
import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.people import sessions, users
from mlconnector.flow.people.roles import ALLOWED, Role, Verb
from mlconnector.store import audit
from mlconnector.web.console.pages import POLICY
from mlconnector.web.console.screens import router
from tests.web.rig import NAME, Rig

PASSWORD = "four random words here"
HERE = {"Sec-Fetch-Site": "same-origin"}
ROLES = get_args(Role)
NEEDS: dict[tuple[str, str], Verb | None] = {
    ("GET", "/console"): None,
    ("GET", "/console/console.css"): None,
    ("GET", "/console/"): "see",
    ("GET", "/console/login"): None,
    ("POST", "/console/login"): None,
    ("POST", "/console/logout"): "see",
    ("POST", "/console/language"): "see",
    ("GET", "/console/setup"): None,
    ("POST", "/console/setup"): None,
    ("GET", "/console/people"): "people",
    ("POST", "/console/people"): "people",
}
"""Every route, and the verb that it takes; None where nobody has to be logged in."""


def logged_in(rig: Rig, role: Role = "admin", name: str = "anna", language: str = "de") -> httpx.Client:
    users.add(rig.application.services, name, role, PASSWORD, by="test")
    browser = rig.browser()
    browser.headers["Accept-Language"] = language
    answer = browser.post("/console/login", data={"name": name, "password": PASSWORD}, headers=HERE)
    assert answer.status_code == 303, answer.text
    return browser


def token_of(browser: httpx.Client) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', browser.get("/console/").text)
    assert found is not None
    return found[1]


def test_every_route_says_what_it_takes() -> None:
    routes = {(method, route.path) for route in router.routes for method in route.methods}  # type: ignore[attr-defined]
    assert routes == set(NEEDS)


def test_a_role_has_only_verbs_that_there_are() -> None:
    assert set(ALLOWED) == set(ROLES)
    assert set().union(*ALLOWED.values()) == set(get_args(Verb))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_refused_what_it_may_not_do(rig: Rig, role: Role) -> None:
    browser = logged_in(rig, role)
    sent = {"form_token": token_of(browser), "user": "nobody"}
    last = ("POST", "/console/logout")
    for method, path in sorted(NEEDS, key=lambda route: route == last):
        verb = NEEDS[method, path]
        if verb is None:
            continue
        answer = browser.request(method, path, data=sent if method == "POST" else None, headers=HERE)
        assert (answer.status_code == 403) == (verb not in ALLOWED[role]), (method, path)


def test_a_refusal_is_a_page_in_words(rig: Rig) -> None:
    assert "Das darf Ihre Rolle nicht" in logged_in(rig, "auditor").get("/console/people").text


def test_whoever_is_not_logged_in_is_led_to_the_login(rig: Rig) -> None:
    for (method, path), verb in NEEDS.items():
        if verb is not None:
            answer = rig.browser().request(method, path, headers=HERE)
            assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")


def test_the_first_administrator_is_made_once_with_the_printed_token(rig: Rig) -> None:
    services = rig.application.services
    old, token = users.new_setup_token(services), users.new_setup_token(services)
    form = {"name": "anna", "password": PASSWORD}
    assert rig.browser().post("/console/setup", data={**form, "token": old}, headers=HERE).status_code == 409
    browser = rig.browser()
    short = {**form, "password": "short", "token": token}
    assert browser.post("/console/setup", data=short, headers=HERE).status_code == 409
    assert browser.post("/console/setup", data={**form, "token": token}, headers=HERE).status_code == 303
    assert browser.get("/console/people").status_code == 200
    assert (
        rig.browser().post("/console/setup", data={**form, "token": token}, headers=HERE).status_code == 409
    )
    assert users.new_setup_token(services) is None
    with rig.application.database.read() as db:
        told = [row.event for row in audit.story(db, [users.subject("anna")])]
    assert told == ["user_added", "user_logged_in"]


def test_a_setup_token_is_good_for_an_hour(rig: Rig) -> None:
    token = users.new_setup_token(rig.application.services) or ""
    rig.clock.advance(3601)
    with pytest.raises(NeedsHuman) as caught:
        users.add_first(rig.application.services, token, "anna", PASSWORD)
    assert caught.value.problem.key == "setup_token_unknown"


def test_a_form_is_taken_from_our_own_pages_alone(rig: Rig) -> None:
    browser = logged_in(rig)
    sent = {"form_token": token_of(browser), "language": "en"}
    assert browser.post("/console/language", data=sent).status_code == 403
    for foreign in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://elsewhere"}, {"Origin": "null"}):
        assert browser.post("/console/language", data=sent, headers=foreign).status_code == 403
    wrong = {**sent, "form_token": "other"}
    assert browser.post("/console/language", data=wrong, headers=HERE).status_code == 403
    assert browser.post("/console/language", data=sent, headers={"Origin": "http://test"}).status_code == 303
    assert '<html lang="en">' in browser.get("/console/").text


def test_the_key_of_a_session_is_out_of_reach_and_not_in_the_database(rig: Rig) -> None:
    users.add(rig.application.services, "anna", "auditor", PASSWORD, by="test")
    form = {"name": "anna", "password": PASSWORD}
    answer = rig.browser().post("/console/login", data=form, headers=HERE)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    with rig.application.database.read() as db:
        kept = db.exec_driver_sql("select id_hash from sessions").scalars().all()
    assert answer.cookies["ml_console"] not in kept


def test_a_session_ends_with_its_day_its_logout_and_its_user(rig: Rig) -> None:
    browser = logged_in(rig)
    rig.clock.advance(sessions.LIFETIME.total_seconds())
    assert browser.get("/console/").status_code == 303
    second = logged_in(rig, name="berta")
    key = second.cookies["ml_console"]
    assert (
        second.post("/console/logout", data={"form_token": token_of(second)}, headers=HERE).status_code == 303
    )
    assert sessions.of_key(rig.application.services, key) is None
    third = logged_in(rig, "auditor", "clara")
    users.disable(rig.application.services, "clara", by="test")
    assert third.get("/console/").status_code == 303


def test_the_last_administrator_is_not_disabled(rig: Rig) -> None:
    browser = logged_in(rig)
    form = {"form_token": token_of(browser), "user": "anna", "action": "disable"}
    answer = browser.post("/console/people", data=form, headers=HERE)
    assert answer.status_code == 409
    assert "letzte Verwaltung" in answer.text


def test_logins_that_fail_again_and_again_are_not_tried_for_a_while(rig: Rig) -> None:
    users.add(rig.application.services, "anna", "auditor", PASSWORD, by="test")
    for _ in range(sessions.FAILURES_OF_A_NAME):
        assert sessions.log_in(rig.application.services, "Anna", "wrong", "1") is None
    with pytest.raises(sessions.TooManyFailures):
        sessions.log_in(rig.application.services, "anna", PASSWORD, "2")
    rig.clock.advance(sessions.PATIENCE.total_seconds() + 1)
    assert sessions.log_in(rig.application.services, "anna", PASSWORD, "2") is not None


@pytest.mark.parametrize(
    ("language", "title"), [("de", "Was muss ich tun?"), ("en", "What do I have to do?")]
)
def test_an_empty_database_has_an_overview(rig: Rig, language: str, title: str) -> None:
    page = logged_in(rig, language=language).get("/console/")
    assert title in page.text
    assert page.headers["content-security-policy"] == POLICY
    assert "style=" not in page.text
    assert "<script" not in page.text


def test_a_connection_has_a_card_and_its_login_is_to_do(rig: Rig) -> None:
    rig.connect()
    page = logged_in(rig).get("/console/").text
    assert f"<h3><bdi>{NAME}</bdi></h3>" in page
    assert "braucht eine Anmeldung" in page
    assert f"ml-connector login {NAME}" in page


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '" onclick="x', "شركة المثال", "x" * 100])
def test_hostile_names_are_shown_as_they_are(rig: Rig, name: str) -> None:
    page = logged_in(rig, name=name).get("/console/people").text
    assert "<script" not in page
    assert 'onclick="' not in page
    assert "<bdi>" in page
