"""Who gets into the console, for how long, and what an attacker cannot do about it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.people import logins, sessions, users
from mlconnector.flow.people.logins import LoggedIn, TooManyFailures
from mlconnector.flow.people.passwords import refuse_weak
from mlconnector.store import audit
from mlconnector.web.callers import REFUSED_A_MINUTE
from mlconnector.web.console.place import within
from tests.web import rig as rigs
from tests.web.console.rig import HERE, PASSWORD, Visitor, log_in, visitor
from tests.web.rig import Rig

ANNA = "anna"


@pytest.fixture
def anna(rig: Rig) -> str:
    users.add(rig.application.services, ANNA, "auditor", PASSWORD, by="test")
    return ANNA


def tried(rig: Rig, password: str = PASSWORD, address: str = "1", browser: str = "") -> LoggedIn | None:
    return logins.log_in(rig.application.services, ANNA, password, address, browser)


def told(rig: Rig, name: str = ANNA) -> list[str]:
    with rig.application.database.read() as db:
        return [row.event for row in audit.story(db, [users.subject(name)])]


def test_the_first_administrator_is_made_once_with_the_printed_token(rig: Rig) -> None:
    services = rig.application.services
    old, token = users.new_setup_token(services), users.new_setup_token(services)
    form = {"name": ANNA, "password": PASSWORD}
    assert rig.browser().post("/console/setup", data={**form, "token": old}, headers=HERE).status_code == 409
    browser = rig.browser()
    short = {**form, "password": "short", "token": token}
    assert browser.post("/console/setup", data=short, headers=HERE).status_code == 409
    assert browser.post("/console/setup", data={**form, "token": token}, headers=HERE).status_code == 303
    assert browser.get("/console/people").status_code == 200
    again = rig.browser().post("/console/setup", data={**form, "token": token}, headers=HERE)
    assert again.status_code == 409
    assert users.new_setup_token(services) is None
    assert told(rig) == ["user_added", "user_logged_in"]


def test_of_two_who_use_a_setup_token_at_once_one_is_taken(rig: Rig) -> None:
    token = users.new_setup_token(rig.application.services) or ""
    begin, outcomes = threading.Barrier(2), []

    def use(name: str) -> None:
        begin.wait()
        try:
            users.add_first(rig.application.services, token, name, PASSWORD)
            outcomes.append("made")
        except NeedsHuman as error:
            outcomes.append(error.problem.key)

    both = [threading.Thread(target=use, args=(name,)) for name in ("anna", "berta")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(outcomes) == ["made", "setup_token_unknown"]


def test_a_setup_token_is_good_for_an_hour(rig: Rig) -> None:
    token = users.new_setup_token(rig.application.services) or ""
    rig.clock.advance(3601)
    with pytest.raises(NeedsHuman) as caught:
        users.add_first(rig.application.services, token, ANNA, PASSWORD)
    assert caught.value.problem.key == "setup_token_unknown"


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("elf Zeichen", "password_too_short"),
        ("x" * 1001, "password_too_long"),
        ("aaaaaaaaaaaaaa", "password_too_simple"),
        ("123123123123", "password_too_simple"),
        ("anna.muster@example.com!", "password_too_simple"),
    ],
)
def test_a_weak_password_is_refused(password: str, problem: str) -> None:
    with pytest.raises(NeedsHuman) as caught:
        refuse_weak(password, "anna.muster@example.com")
    assert caught.value.problem.key == problem


def test_a_name_belongs_to_one_person_however_it_is_typed(rig: Rig, anna: str) -> None:
    with pytest.raises(NeedsHuman):
        users.add(rig.application.services, " ANNA ", "admin", PASSWORD, by="test")
    assert logins.log_in(rig.application.services, "Anna", PASSWORD, "1") is not None


def test_a_password_is_the_same_from_every_keyboard(rig: Rig) -> None:
    users.add(rig.application.services, ANNA, "auditor", "vier zufällige Wörter", by="test")
    assert tried(rig, "vier zufa\u0308llige Wo\u0308rter") is not None


def test_a_form_is_taken_from_our_own_pages_alone(rig: Rig) -> None:
    somebody = visitor(rig)
    sent = {"form_token": somebody.token(), "language": "en"}
    foreign: list[dict[str, str]] = [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}]
    foreign += [{"Origin": "http://elsewhere"}, {"Origin": "null"}]
    for headers in foreign:
        answer = somebody.browser.post("/console/account/language", data=sent, headers=headers)
        assert answer.status_code == 403, headers
    login = {"name": "admin@example.com", "password": PASSWORD}
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert rig.browser().post("/console/login", data=login, headers=cross).status_code == 403
    ours = {"Origin": "http://test"}
    assert somebody.browser.post("/console/account/language", data=sent, headers=ours).status_code == 303
    assert '<html lang="en">' in somebody.page("")


def test_the_keys_of_the_browser_are_out_of_reach_and_not_in_the_database(rig: Rig, anna: str) -> None:
    answer = rig.browser().post("/console/login", data={"name": anna, "password": PASSWORD}, headers=HERE)
    for cookie in answer.headers.get_list("set-cookie"):
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert "secure" not in cookie.lower()
    with rig.application.database.read() as db:
        kept = set(db.exec_driver_sql("select id_hash from sessions").scalars())
        kept |= set(db.exec_driver_sql("select id_hash from known_browsers").scalars())
    assert len(kept) == 2
    assert kept.isdisjoint(answer.cookies.values())


def test_behind_https_cookies_are_bound_to_this_host_alone(sqlite_url: str, tmp_path: Path) -> None:
    with rigs.rig(sqlite_url, tmp_path, public_url="https://connector.example.com/") as rig:
        users.add(rig.application.services, ANNA, "auditor", PASSWORD, by="test")
        form = {"name": ANNA, "password": PASSWORD}
        answer = rig.browser().post("/console/login", data=form, headers=HERE)
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        for cookie in cookies:
            assert cookie.startswith("__Host-")
            assert "; Path=/;" in cookie
            assert "Secure" in cookie
            assert "Domain" not in cookie
        plain = rig.browser()
        plain.cookies.set("ml_console", answer.cookies["__Host-ml_console"])
        assert plain.get("/console/").status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/console/",
        "/\\elsewhere.example/console/",
        "/console/\\..\\..",
        "/console/../api",
        "javascript:alert(1)",
        "/console/\r\nSet-Cookie: x=1",
        "/oauth/callback",
        "console/",
        "",
    ],
)
def test_a_login_leads_nowhere_but_into_the_console(rig: Rig, anna: str, address: str) -> None:
    form = {"name": anna, "password": PASSWORD, "then": address}
    answer = rig.browser().post("/console/login", data=form, headers=HERE)
    assert answer.headers["location"] == "/console/"


def test_a_login_leads_back_to_where_somebody_wanted_to_go(rig: Rig, anna: str) -> None:
    wanted = rig.browser().get("/console/people?role=admin&page=2").headers["location"]
    assert wanted == "/console/login?then=%2Fconsole%2Fpeople%3Frole%3Dadmin%26page%3D2"
    assert within("/console/people?role=admin&page=2") == "/console/people?role=admin&page=2"


def test_a_session_ends_when_it_is_idle_and_with_its_day(rig: Rig, anna: str) -> None:
    idle = log_in(rig, anna)
    rig.clock.advance(sessions.IDLE.total_seconds())
    assert idle.get("").status_code == 303
    busy = log_in(rig, anna)
    for _ in range(9):
        rig.clock.advance(3600)
        assert busy.get("").status_code == 200
    rig.clock.advance(3600)
    assert busy.get("").status_code == 303


def test_a_session_ends_with_its_logout(rig: Rig, anna: str) -> None:
    somebody = log_in(rig, anna)
    key = somebody.browser.cookies["ml_console"]
    assert somebody.post("logout").status_code == 303
    assert sessions.of_key(rig.application.services, key) is None


@pytest.mark.parametrize("change", ["role", "password", "disable", "end"])
def test_all_sessions_end_when_a_user_changes(rig: Rig, anna: str, change: str) -> None:
    first, second, services = log_in(rig, anna), log_in(rig, anna), rig.application.services
    match change:
        case "role":
            users.set_role(services, anna, "adviser", "test")
        case "password":
            users.change_password(services, anna, PASSWORD, "five random words this time")
        case "disable":
            users.disable(services, anna, "test")
        case _:
            users.end_sessions(services, anna, "test")
    assert [one.get("").status_code for one in (first, second)] == [303, 303]
    assert (tried(rig) is None) == (change in {"password", "disable"})


def test_a_password_is_changed_by_who_knows_it(rig: Rig, anna: str) -> None:
    somebody = log_in(rig, anna)
    wrong = somebody.post("account/password", old="wrong", password="five random words this time")
    assert wrong.status_code == 409
    new = {"old": PASSWORD, "password": "five random words this time"}
    assert somebody.post("account/password", **new).headers["location"] == "/console/login"
    assert told(rig)[-1] == "user_password_changed"
    assert tried(rig) is None


def test_logins_that_fail_again_and_again_are_not_tried_for_a_while(rig: Rig, anna: str) -> None:
    for _ in range(logins.FAILURES_OF_A_PAIR):
        assert tried(rig, "wrong") is None
    with pytest.raises(TooManyFailures):
        tried(rig)
    assert tried(rig, address="2") is not None, "who shares the name from elsewhere is not made to wait"
    rig.clock.advance(logins.PATIENCE.total_seconds() + 1)
    assert tried(rig) is not None


def test_an_office_behind_one_address_does_not_lock_itself_out(rig: Rig, anna: str) -> None:
    for number in range(logins.FAILURES_OF_A_NAME):
        logins.log_in(rig.application.services, f"colleague {number % 10}", "wrong", "office")
    assert tried(rig, address="office") is not None


def test_nobody_locks_somebody_out_of_the_own_browser(rig: Rig, anna: str) -> None:
    begun = tried(rig)
    assert begun is not None
    for number in range(logins.FAILURES_OF_A_NAME):
        tried(rig, "wrong", address=f"botnet {number}")
    with pytest.raises(TooManyFailures):
        tried(rig, address="new")
    assert tried(rig, browser=begun.browser) is not None
    for _ in range(logins.FAILURES_OF_A_BROWSER):
        tried(rig, "wrong", browser=begun.browser)
    with pytest.raises(TooManyFailures):
        tried(rig, browser=begun.browser)


def test_a_browser_is_known_for_its_own_user_alone(rig: Rig, anna: str) -> None:
    begun = tried(rig)
    assert begun is not None
    services = rig.application.services
    users.add(services, "berta", "auditor", PASSWORD, by="test")
    for _ in range(logins.FAILURES_OF_A_PAIR):
        logins.log_in(services, "berta", "wrong", "1", begun.browser)
    with pytest.raises(TooManyFailures):
        logins.log_in(services, "berta", PASSWORD, "1", begun.browser)


def test_the_trail_is_told_of_failed_logins_and_cannot_be_flooded_with_them(rig: Rig, anna: str) -> None:
    for number in range(20):
        tried(rig, "wrong", address=f"{number}")
        logins.log_in(rig.application.services, f"my secret password {number}", "wrong", "2")
    assert told(rig) == ["user_added", "user_login_failed"]
    assert told(rig, "?") == ["user_login_failed"]
    rig.clock.advance(logins.PATIENCE.total_seconds() + 1)
    tried(rig, "wrong")
    assert told(rig) == ["user_added", "user_login_failed", "user_login_failed"]


def test_the_last_administrator_stays_one(rig: Rig) -> None:
    admin = visitor(rig)
    for path, more in (("people/disable", {}), ("people/role", {"role": "auditor"})):
        answer = admin.post(path, user="admin@example.com", **more)
        assert answer.status_code == 409
        assert "letzte Verwaltung" in answer.text


def test_a_refusal_is_a_page_in_words(rig: Rig) -> None:
    assert "Das darf Ihre Rolle nicht" in visitor(rig, "auditor").get("people").text


def test_who_is_logged_in_is_answered_whatever_others_at_the_address_do(rig: Rig, anna: str) -> None:
    somebody, stranger = log_in(rig, anna), Visitor(rig.browser())
    assert somebody.get("").status_code == 200
    for _ in range(REFUSED_A_MINUTE):
        stranger.get("nowhere")
    assert stranger.get("login").status_code == 429
    assert somebody.get("").status_code == 200
