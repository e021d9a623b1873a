"""Logging in to the console at an OpenID Connect issuer: who is let in, as whom, and what nobody can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from mlconnector.flow.people import users
from mlconnector.store import audit, people
from tests.web import rig as rigs
from tests.web.console import issuer as issuers
from tests.web.console.issuer import CLIENT, SECRET, Issuer
from tests.web.console.rig import HERE, PASSWORD, Visitor, log_in
from tests.web.rig import Rig

ANNA = "anna@example.com"
ROLES = {"admin": ["heads"], "bookkeeper": ["books", "more books"]}


@pytest.fixture(scope="module")
def served() -> Iterator[Issuer]:
    with issuers.running() as issuer:
        yield issuer


def settings_of(issuer: Issuer, **more: Any) -> dict[str, Any]:
    oidc = {"issuer": issuer.url, "client_id": CLIENT, "title": "Muster-ID", "roles": ROLES, **more}
    return {"oidc_client_secret": SECRET, "console": {"oidc": oidc, "passwords": more.pop("passwords", True)}}


@pytest.fixture
def issuer(served: Issuer) -> Issuer:
    served.claims, served.found, served.sign, served.forms = {}, {}, None, []
    return served


@pytest.fixture
def rig(issuer: Issuer, sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    with rigs.rig(sqlite_url, tmp_path, **settings_of(issuer)) as made:
        issuer.clock = lambda: made.clock().timestamp()
        yield made


def begun(rig: Rig, browser: httpx.Client | None = None, then: str = "") -> tuple[httpx.Client, str]:
    """A browser that is on its way to the issuer, and where that is."""
    browser = browser or rig.browser()
    browser.headers["Accept-Language"] = "de"
    answer = browser.get("/console/login/oidc", params={"then": then} if then else {})
    assert answer.status_code == 303, answer.text
    return browser, answer.headers["location"]


def came(rig: Rig, issuer: Issuer, then: str = "") -> tuple[httpx.Client, httpx.Response]:
    """A browser that has been there, and what it got for coming back."""
    browser, address = begun(rig, then=then)
    return browser, browser.get(issuer.back(address))


def refused(rig: Rig, issuer: Issuer, words: str) -> None:
    browser, answer = came(rig, issuer)
    assert answer.status_code == 403
    assert words in answer.text
    assert browser.get("/console/account").status_code == 303


def told(rig: Rig, name: str) -> list[dict[str, Any]]:
    with rig.application.database.read() as db:
        return [{"event": row.event, **row.detail} for row in audit.story(db, [users.subject(name)])]


def test_whoever_has_a_role_by_the_claim_is_let_in_as_a_user_of_that_name(rig: Rig, issuer: Issuer) -> None:
    assert (
        "Anmelden mit Muster-ID"
        in rig.browser().get("/console/login", headers={"Accept-Language": "de"}).text
    )
    browser, answer = came(rig, issuer, then="/console/reports?connection=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/reports?connection=x")
    page = Visitor(browser).page("account")
    assert ANNA in page
    assert "Buchhaltung" in page
    assert "Passwort" not in page
    asked = issuer.asked
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://localhost:8080/console/login/oidc/back"
    assert "code_verifier" in issuer.forms[-1]
    added, let_in = told(rig, ANNA)
    assert (added["event"], added["by"], added["role"]) == ("user_added", issuer.url, "bookkeeper")
    assert (let_in["event"], let_in["by"], let_in["issuer"]) == ("user_logged_in", ANNA, issuer.url)


def test_the_role_follows_the_claim_and_the_name_stays_that_of_the_first_login(
    rig: Rig, issuer: Issuer
) -> None:
    first, _ = came(rig, issuer)
    issuer.claims = {"roles": ["books", "heads"], "preferred_username": "anna.neu@example.com"}
    second, answer = came(rig, issuer)
    assert answer.status_code == 303
    assert first.get("/console/account").status_code == 303
    assert ANNA in Visitor(second).page("people")
    assert "anna.neu" not in Visitor(second).page("people")
    assert [one["event"] for one in told(rig, ANNA)] == [
        *("user_added", "user_logged_in", "user_role_changed", "user_logged_in")
    ]


def test_a_role_may_be_one_text_and_stand_within_another_claim(
    rig: Rig, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rig.application.services,
        "settings",
        rig.application.settings.model_validate(
            {**rig.application.settings.model_dump(), **settings_of(issuer, role_claim="access.roles")}
        ),
    )
    issuer.claims = {"access": {"roles": "heads"}, "email_verified": False}
    browser, answer = came(rig, issuer)
    assert answer.status_code == 303
    assert browser.get("/console/people").status_code == 200


NOBODY = (
    ({"nonce": "another"}, "nonce differs"),
    ({"iss": "https://elsewhere.example"}, "by or for somebody else"),
    ({"aud": "another-app"}, "by or for somebody else"),
    ({"exp": 1_700_000_000}, "expired"),
    ({"roles": None}, "sagt nichts zu roles"),
    ({"roles": ["gardeners"]}, "keine Rolle"),
    ({"roles": {"books": True}}, "keine Rolle"),
    ({"preferred_username": None}, "sagt nichts zu preferred_username"),
    ({"preferred_username": "a\u202eb"}, "nicht brauchbar"),
    ({"sub": ""}, "sagt nichts zu sub"),
)


def test_who_is_not_shown_to_be_somebody_with_a_role_is_refused_in_words(rig: Rig, issuer: Issuer) -> None:
    for claims, words in NOBODY:
        issuer.claims = dict(claims)
        refused(rig, issuer, words)
    with rig.application.database.read() as db:
        assert people.every(db) == []
    # What strangers can make again and again is told once in a while, what somebody known did each time.
    assert [one["cause"] for one in told(rig, "?")] == [
        *("oidc_token_refused", "oidc_claim_missing", "oidc_no_role", "oidc_no_role"),
        *("oidc_claim_missing", "user_name_unusable", "oidc_claim_missing"),
    ]


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none")


def signed_with_what_is_public(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "x" * 64, algorithm="HS256")


def signed_by_somebody_else(claims: dict[str, Any]) -> str:
    return Issuer().key.sign(claims)


def test_a_token_that_the_issuer_has_not_signed_is_refused(rig: Rig, issuer: Issuer) -> None:
    for sign in (unsigned, signed_with_what_is_public, signed_by_somebody_else):
        issuer.sign = sign
        refused(rig, issuer, "not signed by its issuer")


def test_a_login_is_good_once_and_for_ten_minutes_in_the_browser_that_began_it(
    rig: Rig, issuer: Issuer
) -> None:
    browser, address = begun(rig)
    back = issuer.back(address)
    assert rig.browser().get(back).status_code == 403
    other, _ = begun(rig)
    assert other.get(back).status_code == 403
    kept = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    browser.cookies.clear()
    browser.cookies.update(kept)
    assert browser.get(back).status_code == 403
    assert browser.get("/console/account").status_code == 303
    late, address = begun(rig)
    rig.clock.advance(601)
    assert late.get(issuer.back(address)).status_code == 403
    assert [one["cause"] for one in told(rig, "?")] == ["oidc_not_begun"]


def test_what_a_browser_keeps_tells_nothing_and_cannot_be_made(rig: Rig, issuer: Issuer) -> None:
    browser, address = begun(rig)
    (kept,) = browser.cookies.values()
    assert issuers.state_of(address) not in kept
    browser.cookies.clear()
    for made in ("x", "a.b.c", kept[:-8] + "AAAAAAA=", kept + ".x", "\u00e4".encode().hex()):
        browser.cookies.set("ml_login", made)
        assert browser.get(issuer.back(address)).status_code == 403
        browser.cookies.clear()


def test_an_answer_that_declines_or_names_another_issuer_is_refused(rig: Rig, issuer: Issuer) -> None:
    for more, words in (
        ({"error": "access_denied"}, "ohne Zustimmung zurück (access_denied)"),
        ({"code": "a-code", "iss": "https://elsewhere.example"}, "iss https://elsewhere.example"),
    ):
        browser, address = begun(rig)
        answer = browser.get("/console/login/oidc/back", params={"state": issuers.state_of(address), **more})
        assert answer.status_code == 403
        assert words in answer.text


def test_nothing_leads_out_of_the_console(rig: Rig, issuer: Issuer) -> None:
    for then in ("https://elsewhere.example/", "//elsewhere.example", "/console/" + "x" * 1500):
        _, answer = came(rig, issuer, then=then)
        assert answer.headers["location"] == "/console/"


def test_a_disabled_user_stays_out(rig: Rig, issuer: Issuer) -> None:
    came(rig, issuer)
    users.disable(rig.application.services, ANNA, by="test")
    refused(rig, issuer, "ist gesperrt")
    assert told(rig, ANNA)[-1]["cause"] == "oidc_user_disabled"


def test_who_has_no_role_any_more_is_out_at_once(rig: Rig, issuer: Issuer) -> None:
    browser, _ = came(rig, issuer)
    issuer.claims = {"roles": []}
    refused(rig, issuer, "keine Rolle")
    assert browser.get("/console/account").status_code == 303


def test_the_name_of_a_user_with_a_password_is_taken_over_only_where_the_settings_say_so(
    rig: Rig, issuer: Issuer, tmp_path: Path, sqlite_url: str
) -> None:
    users.add(rig.application.services, ANNA, "auditor", PASSWORD, by="test")
    refused(rig, issuer, "gehört hier schon jemandem")
    log_in(rig, ANNA)
    values = {**settings_of(issuer, adopt_users=True), "master_key": rig.application.settings.master_key}
    with rigs.rig(sqlite_url, tmp_path, **values) as adopting:
        _, answer = came(adopting, issuer)
        assert answer.status_code == 303
        issuer.claims = {"sub": "4712"}
        refused(adopting, issuer, "gehört hier schon jemandem")


def test_an_address_counts_as_a_name_only_when_it_is_verified(
    issuer: Issuer, tmp_path: Path, sqlite_url: str
) -> None:
    with rigs.rig(sqlite_url, tmp_path, **settings_of(issuer, name_claim="email")) as rig:
        issuer.clock = lambda: rig.clock().timestamp()
        issuer.claims = {"email": ANNA, "email_verified": False}
        refused(rig, issuer, "nicht bestätigt")
        issuer.claims["email_verified"] = True
        assert came(rig, issuer)[1].status_code == 303


def test_without_passwords_nobody_logs_in_with_one(issuer: Issuer, tmp_path: Path, sqlite_url: str) -> None:
    values = settings_of(issuer)
    values["console"]["passwords"] = False
    with rigs.rig(sqlite_url, tmp_path, **values) as rig:
        users.add(rig.application.services, "berta", "admin", PASSWORD, by="test")
        form = {"name": "berta", "password": PASSWORD}
        assert rig.browser().post("/console/login", data=form, headers=HERE).status_code == 403
        assert 'type="password"' not in rig.browser().get("/console/login").text
    with rigs.rig(f"sqlite:///{tmp_path / 'empty'}", tmp_path, **values) as rig:
        assert users.new_setup_token(rig.application.services) is None


def test_an_issuer_that_cannot_be_trusted_is_not_asked(rig: Rig, issuer: Issuer) -> None:
    for found in (
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": None},
    ):
        issuer.found = found
        answer = rig.browser().get("/console/login/oidc", headers={"Accept-Language": "de"})
        assert answer.status_code == 403
        assert "nicht zu gebrauchen" in answer.text
