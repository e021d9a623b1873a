"""The page with the button "Mit DATEV verbinden": what it shows, whom it lets in, and what it may load."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from jinja2 import UndefinedError

from mlconnector.flow.agree import release
from mlconnector.flow.connect import invitation, setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.standins.base import Options
from mlconnector.standins.datev.standin import DatevStandIn
from mlconnector.standins.faults import Fault
from mlconnector.store import connections
from mlconnector.web.pages import rendered
from tests.conformance.doors import served
from tests.web import rig as rigs
from tests.web.rig import NAME, Rig
from tests.web.test_oauth import Page, state

PATH = f"/connect/datev/{NAME}"


@pytest.fixture
def datev() -> DatevStandIn:
    return DatevStandIn(Options())


@pytest.fixture
def connected(rig: Rig, datev: DatevStandIn) -> Iterator[Rig]:
    with served(datev.app) as url:
        rig.connect(datev=url)
        yield rig


def key_of(rig: Rig) -> str:
    return invitation.invite(rig.application.context(NAME))[0]


def pressed(rig: Rig, key: str) -> httpx.Response:
    """What comes when somebody presses the button."""
    return rig.browser().post(PATH, data={"key": key})


def onward(answer: httpx.Response) -> str:
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert found is not None
    return unescape(found[1])


def consented(rig: Rig, address: str) -> httpx.Response:
    back = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"])
    return rig.browser().get("/oauth/callback", params=back.params)


def words(rig: Rig, key: str) -> str:
    return " ".join(Page(rig.browser().get(PATH, params={"key": key}).text).words)


def test_it_shows_at_a_glance_how_the_connection_stands(connected: Rig) -> None:
    key = key_of(connected)
    before = words(connected, key)
    assert "! needs a login" in before
    assert "consultant number (Berater-Nr.) 29098, client number (Mandanten-Nr.) 55003" in before
    assert "Belegbilderservice, Buchungsdatenservice" in before
    assert "https://apps.datev.de/tokrevui" in before
    assert "Mit DATEV verbinden" in before
    assert consented(connected, onward(pressed(connected, key))).status_code == 200
    after = words(connected, key)
    assert "✓ ready" in after
    assert "Logged in as Erika Beispiel" in after
    assert re.search(r"Good until \d{4}-\d\d-\d\d \d\d:\d\d CES?T", after)
    assert "Musterholz" in after


def test_it_says_whether_the_connection_is_released_and_which_commands_come_next(connected: Rig) -> None:
    key = key_of(connected)
    before = words(connected, key)
    assert f"`ml-connector preview {NAME}`, then `ml-connector release {NAME}`" in before
    release.release(connected.application.context(NAME), "Frau Beispiel")
    assert "by Frau Beispiel" in words(connected, key)


def test_a_link_of_a_disconnected_connection_leads_nowhere(connected: Rig) -> None:
    key = key_of(connected)
    setup.disconnect(connected.application.context(NAME))
    assert connected.browser().get(PATH, params={"key": key}).status_code == 404
    assert pressed(connected, key).status_code == 404


def test_german_shows_the_end_of_the_login_to_the_minute(
    sqlite_url: str, tmp_path: Path, datev: DatevStandIn
) -> None:
    with rigs.rig(sqlite_url, tmp_path, language="de") as german, served(datev.app) as url:
        german.connect(datev=url)
        key = key_of(german)
        consented(german, onward(pressed(german, key)))
        page = Page(german.browser().get(PATH, params={"key": key}).text)
    assert page.language == "de"
    assert "Mit DATEV verbinden" in page.words
    assert re.search(r"Gültig bis \d\d\.\d\d\.\d{4} \d\d:\d\d MES?Z", " ".join(page.words))


@pytest.mark.parametrize(
    "hostile", ["</dd><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"]
)
def test_a_name_from_outside_is_text_and_nothing_else(connected: Rig, hostile: str) -> None:
    key = key_of(connected)
    with connected.application.database.write() as db:
        connections.remember(db, NAME, "datev.client_name", hostile)
    page = Page(connected.browser().get(PATH, params={"key": key}).text)
    assert hostile in " ".join(page.words)
    assert not {"script", "img"} & set(page.tags)


def test_a_connection_cannot_have_a_name_that_is_markup(connected: Rig) -> None:
    answer = connected.browser().get("/connect/datev/<script>", params={"key": key_of(connected)})
    assert answer.status_code == 422
    assert "<script>" not in answer.text


def test_a_fact_that_a_template_lacks_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(UndefinedError):
        rendered("onward.html", "to_sink", {}, "en", link="on")


@pytest.mark.parametrize("key", ["", "guessed", "x" * 200])
def test_without_its_key_it_tells_nothing_and_begins_nothing(connected: Rig, key: str) -> None:
    for answer in (connected.browser().get(PATH, params={"key": key}), pressed(connected, key)):
        assert answer.status_code == 404
        assert "29098" not in answer.text
    assert state(connected) == "needs_login"


def test_a_key_is_good_for_its_own_connection_only(connected: Rig) -> None:
    answer = connected.browser().get("/connect/datev/another", params={"key": key_of(connected)})
    assert answer.status_code == 404


def test_a_link_ends_after_seven_days(connected: Rig) -> None:
    key = key_of(connected)
    connected.clock.advance(7 * 86400)
    assert connected.browser().get(PATH, params={"key": key}).status_code == 404


def test_it_tells_why_the_latest_login_came_to_nothing(connected: Rig) -> None:
    key = key_of(connected)
    back = httpx.URL(httpx.get(onward(pressed(connected, key))).headers["location"]).params
    connected.browser().get("/oauth/callback", params={"state": back["state"], "error": "access_denied"})
    told = " ".join(Page(connected.browser().get(PATH, params={"key": key}).text).words)
    assert "Latest attempt to log in" in told
    assert "was broken off or not allowed there (access_denied)" in told


def test_looking_at_it_changes_nothing(connected: Rig, datev: DatevStandIn) -> None:
    key = key_of(connected)
    consented(connected, onward(pressed(connected, key)))
    for _ in range(3):
        connected.browser().get(PATH, params={"key": key})
    assert len(datev.sessions) == 1
    assert state(connected) == "ready"


def test_it_needs_no_script_and_may_load_nothing(connected: Rig) -> None:
    answer = connected.browser().get(PATH, params={"key": key_of(connected)})
    page = Page(answer.text)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert {"main", "h1", "dl", "button", "form"} <= set(page.tags)
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{allowed}'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers


def test_what_hinders_a_login_is_said_with_its_cure(connected: Rig, datev: DatevStandIn) -> None:
    key = key_of(connected)
    consented(connected, onward(pressed(connected, key)))
    datev.faults.add(Fault("status", "POST", "/revoke", status=400, body=b'{"error": "x"}', times=9))
    answer = pressed(connected, key)
    assert answer.status_code == 409
    assert "could not be revoked" in answer.text


def test_a_client_that_cannot_be_used_is_said_in_the_browser(connected: Rig, datev: DatevStandIn) -> None:
    datev.withdraw_service("29098-55003", "Buchungsdatenservice")
    answer = consented(connected, onward(pressed(connected, key_of(connected))))
    assert answer.status_code == 409
    told = " ".join(Page(answer.text).words)
    assert "Buchungsdatenservice is not set up for the client" in told
    assert "https://go.datev.de/datenservices-einrichten" in told
    assert datev.sessions == []


def test_a_browser_goes_on_to_the_long_term_login_by_itself(connected: Rig) -> None:
    services = connected.application.services
    text = services.connection(NAME).text.replace("[datev]\n", "[datev]\nlong_term_token = true\n")
    setup.connect(services, read_connection(text, "test"), {})
    key = key_of(connected)
    first = consented(connected, onward(pressed(connected, key)))
    assert first.status_code == 303
    assert consented(connected, first.headers["location"]).status_code == 200
    assert "Long-term login, only for the client 29098-55003" in words(connected, key)


def test_a_program_can_make_the_link(connected: Rig) -> None:
    made = connected.program().post(f"/api/v1/connections/{NAME}/link")
    assert made.status_code == 201
    link = httpx.URL(made.json()["link"])
    assert link.path == PATH
    assert connected.browser().get(PATH, params=link.params).status_code == 200
