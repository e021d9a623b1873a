"""The screen Einrichten: from choosing the source to a login, in the browser; changed, and ended there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape

import httpx
import pytest

from mlconnector.commands.demonstration import Scene
from mlconnector.flow.agree import drafts
from mlconnector.flow.connect import setup as setting_up
from mlconnector.standins.base import Options
from mlconnector.standins.datev.standin import DatevStandIn
from mlconnector.standins.pipedrive import PipedriveStandIn
from mlconnector.store import audit, connections
from tests.conformance.doors import served
from tests.flow.rig import bookings_only
from tests.web.console.rig import visitor
from tests.web.rig import NAME, WEBHOOK_KEY, Rig, standin

KEYS = ("pipedrive.api_token", "pipedrive.webhook_key", "datev.client_secret")


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    """Both outside systems."""
    with ExitStack() as stack:
        yield {
            "pipedrive": stack.enter_context(served(standin().app)),
            "datev": stack.enter_context(served(DatevStandIn(Options()).app)),
        }


def given(token: str = PipedriveStandIn.api_token) -> dict[str, object]:
    values = dict(zip(KEYS, (token, WEBHOOK_KEY, "standin-secret"), strict=True))
    return {f"secret {name}": value for name, value in values.items()}


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    return found[1]


def story(rig: Rig) -> list[tuple[str, object]]:
    with rig.application.database.read() as db:
        return [(row.event, row.detail.get("by")) for row in audit.story(db, [NAME])]


def test_a_connection_is_set_up_entirely_in_the_browser(rig: Rig, urls: dict[str, str]) -> None:
    admin = visitor(rig)
    assert "Es gibt noch keine Verbindung" in admin.page("connections")
    page = admin.done("connections/new", name=NAME, source="pipedrive")
    assert "Noch zu ändern" in page
    text = bookings_only(Scene(urls))
    later = admin.done("connections/draft", connection=NAME, text=text, then="later")
    assert "Angefangen, noch nicht übernommen" in later
    assert admin.post("connections/draft", connection=NAME, text=text, then="next").status_code == 303
    page = admin.page(f"connections/apply?connection={NAME}")
    assert all(f'name="secret {name}"' in page for name in KEYS)
    mark = seen(page)
    refused = admin.post("connections/apply", connection=NAME, seen=mark, **given("wrong-token-of-the-api"))
    assert refused.status_code == 409
    assert "wrong-token" not in refused.text
    assert 'aria-invalid="true"' in refused.text
    page = admin.done("connections/apply", connection=NAME, seen=mark, **given())
    assert f"Die Verbindung {NAME} ist eingerichtet." in page
    assert "Mit DATEV verbinden" in page
    assert "Alle Zugangsdaten sind hinterlegt" in page
    assert drafts.kept(rig.application.services, NAME, "settings") is None
    assert ("connected", "admin@example.com") in story(rig)

    answer = admin.post("connections/login", connection=NAME, system="datev")
    onward = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert onward is not None
    back = httpx.URL(httpx.get(unescape(onward[1]), follow_redirects=False).headers["location"])
    end = admin.browser.get("/oauth/callback", params=back.params)
    assert f'href="/console/connections/connection?connection={NAME}"' in end.text
    page = admin.page(f"connections/connection?connection={NAME}")
    assert "Erika Beispiel" in page
    assert "https://apps.datev.de/tokrevui" in page
    assert ("login_begun", "admin@example.com") in story(rig)


def test_what_is_wrong_with_a_text_is_said_with_its_line(rig: Rig) -> None:
    admin = visitor(rig)
    admin.done("connections/new", name=NAME, source="pipedrive")
    text = 'name = "x"\n[source]\nsystem = "nothing"\n[books]\n'
    answer = admin.post("connections/draft", connection=NAME, text=text)
    assert answer.status_code == 409
    assert "Zeile 3:" in answer.text
    assert "<code>system = &#34;nothing&#34;</code>" in answer.text
    broken = admin.post("connections/draft", connection=NAME, text='name = "x"\n<b>\n')
    assert "Zeile 2:" in broken.text
    assert "<code>&lt;b&gt;</code>" in broken.text


def test_a_field_that_is_filled_in_goes_into_the_text_and_the_text_into_the_field(rig: Rig) -> None:
    admin = visitor(rig)
    page = admin.done("connections/new", name=NAME, source="pipedrive")
    assert 'name="field datev.client" type="text" value=""' in page
    text = drafts.kept(rig.application.services, NAME, "settings")
    assert text is not None
    chart = {"field books.chart": "SKR03", "was books.chart": "SKR03"}
    sent = {"connection": NAME, "field datev.client": "29098-55003", "was datev.client": "", **chart}
    answer = admin.post("connections/draft", text=text.content.decode(), **sent)
    assert "client = &#34;29098-55003&#34;" in answer.text
    assert 'name="field datev.client" type="text" value="29098-55003"' in answer.text
    edited = text.content.decode().replace('chart = "SKR03"', 'chart = "SKR04"')
    answer = admin.post("connections/draft", connection=NAME, text=edited, **chart)
    assert '<option value="SKR04" selected>' in answer.text


def test_no_secret_is_kept_in_a_draft(rig: Rig) -> None:
    admin = visitor(rig)
    admin.done("connections/new", name=NAME, source="pipedrive")
    answer = admin.post("connections/draft", connection=NAME, text='[source]\napi_token = "abc123"\n')
    assert answer.status_code == 409
    assert "api_token" in answer.text
    draft = drafts.kept(rig.application.services, NAME, "settings")
    assert draft is not None
    assert b"abc123" not in draft.content


@pytest.mark.parametrize("name", ["Ä", "", "x" * 41, "../x", NAME])
def test_a_name_that_will_not_do_or_is_taken_is_refused_at_its_field(rig: Rig, name: str) -> None:
    rig.connect()
    answer = visitor(rig).post("connections/new", name=name, source="pipedrive")
    assert answer.status_code == 409
    assert 'aria-invalid="true"' in answer.text


def test_a_change_shows_its_difference_and_is_applied_as_it_was_seen(rig: Rig) -> None:
    rig.connect()
    admin = visitor(rig)
    text = admin.get(f"connections/connection?connection={NAME}&as=toml").text
    changed = text.replace('without_products = "hold"', 'without_products = "hold"\nvalue_tolerance = 0.10')
    files = {"file": ("any.toml", changed.encode(), "application/toml")}
    page = admin.done("connections/upload", files=files)
    assert "Mit diesen Einstellungen kann die Verbindung" in page
    page = admin.page(f"connections/apply?connection={NAME}")
    assert '<li class="new"><span>künftig</span> <code>value_tolerance = 0.10</code></li>' in page
    mark = seen(page)
    admin.post("connections/draft", connection=NAME, text=f"{changed}\n# another\n")
    outdated = admin.post("connections/apply", connection=NAME, seen=mark)
    assert outdated.status_code == 409
    assert "Inzwischen hat sich geändert" in outdated.text
    mark = seen(admin.page(f"connections/apply?connection={NAME}"))
    assert "ist übernommen" in admin.done("connections/apply", connection=NAME, seen=mark)
    assert admin.get(f"connections/connection?connection={NAME}&as=toml").text.endswith("# another\n")
    assert ("settings_changed", "admin@example.com") in story(rig)


def test_a_draft_is_discarded_once_somebody_was_asked(rig: Rig) -> None:
    admin = visitor(rig)
    admin.done("connections/new", name=NAME, source="cin7")
    assert "Verwerfen" in admin.page(f"connections/discard?connection={NAME}")
    assert "ist verworfen" in admin.done("connections/discard", connection=NAME)
    assert admin.get(f"connections/draft?connection={NAME}").status_code == 404


def test_a_connection_is_disconnected_once_somebody_was_asked(rig: Rig) -> None:
    rig.connect()
    admin = visitor(rig)
    assert "wird widerrufen" in admin.page(f"connections/disconnect?connection={NAME}")
    page = admin.done("connections/disconnect", connection=NAME)
    assert "ist getrennt" in page
    assert "Mit DATEV verbinden" not in page
    with rig.application.database.read() as db:
        assert connections.read(db, NAME).is_disconnected
    assert ("disconnected", "admin@example.com") in story(rig)


def test_stored_settings_that_are_refused_can_still_be_changed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.connect()
    with rig.application.database.write() as db:
        connections.update(db, NAME, 'name = "x"\n', rig.clock())
    rig.application.services.forget(NAME)
    page = visitor(rig).page(f"connections/connection?connection={NAME}")
    assert f"/console/connections/draft?connection={NAME}" in page


def test_who_may_only_see_is_shown_no_form_and_no_address_of_webhooks(rig: Rig) -> None:
    rig.connect()
    page = visitor(rig, "auditor").page(f"connections/connection?connection={NAME}")
    assert "/webhooks/" not in page
    assert page.count("<form") == 2


def test_credentials_are_sealed_only_where_they_are_accepted(rig: Rig, urls: dict[str, str]) -> None:
    rig.connect(pipedrive=urls["pipedrive"])
    admin, name = visitor(rig), "secret pipedrive.api_token"
    refused = admin.post("connections/credentials", connection=NAME, **{name: "not-the-token"})
    assert refused.status_code == 409
    sealed = rig.application.vault.get(NAME, "pipedrive.api_token")
    assert sealed == PipedriveStandIn.api_token
    token = PipedriveStandIn.api_token
    page = admin.done("connections/credentials", connection=NAME, **{name: token})
    assert "Angenommen und versiegelt: Pipedrive: API-Token" in page
    assert token not in page
    assert setting_up.missing_secrets(rig.application.services, rig.application.context(NAME).settings) == []
