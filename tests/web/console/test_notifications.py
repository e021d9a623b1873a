"""The screen Benachrichtigungen: an administrator adds, tries and removes places, and sees what fails."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.flow.notify import places
from mlconnector.flow.notify.places import subject
from mlconnector.model.problems import Problem
from mlconnector.store import audit
from tests.web.console.rig import add_place, faults, visitor
from tests.web.rig import Rig

SECRET = "https://hooks.example.com/secret-part"


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of the messages that were carried."""
    found: list[str] = []
    monkeypatch.setattr("mlconnector.flow.notify.sending.send", lambda _to, said: found.append(said.title))
    return found


def test_a_place_is_added_tried_and_removed(rig: Rig, carried: list[str]) -> None:
    admin = visitor(rig)
    assert "Noch wird nichts verschickt" in admin.page("notifications")
    form = admin.page("notifications/new?kind=webhook")
    assert 'type="password"' in form
    fields: dict[str, Any] = {"kind": "webhook", "name": "books", "address": SECRET, "language": "de"}
    page = admin.done("notifications/new", **fields, occasion=["month", "silent"])
    assert "Die Probenachricht an books ist angekommen; der Empfänger ist aufgenommen." in page
    assert "hooks.example.com/…" in page
    assert "Monatsübersicht" in page
    assert "secret-part" not in page
    assert "ist angekommen" in admin.done("notifications/test", place="books")
    assert carried == ["ml-connector: Probenachricht"] * 2
    assert "An books wird dann nichts mehr gesendet" in admin.page("notifications/remove?place=books")
    assert "books ist entfernt" in admin.done("notifications/remove", place="books")
    assert admin.get("notifications/remove?place=books").status_code == 404
    with rig.application.database.read() as db:
        story = [(row.event, row.detail["by"]) for row in audit.story(db, [subject("books")])]
    assert [event for event, _ in story] == [
        "notification_place_added",
        "notification_tried",
        "notification_place_removed",
    ]
    assert {by for _, by in story} == {"admin@example.com"}


def test_what_a_place_is_told_is_changed_and_its_address_stays(rig: Rig, carried: list[str]) -> None:
    add_place(rig)
    admin = visitor(rig)
    form = admin.page("notifications/change?place=books")
    assert form.count(" checked") == 2
    page = admin.done("notifications/change", place="books", occasion="batch_rejected", language="en")
    assert "books ist geändert." in page
    place = places.found(rig.application.services, "books")
    assert (place.occasions, place.language, bool(place.goes_to)) == (("batch_rejected",), "en", True)
    assert "wenigstens einen Anlass" in admin.done("notifications/change", place="books", language="de")
    assert places.found(rig.application.services, "books").language == "en"
    assert admin.get("notifications/change?place=nobody").status_code == 404
    assert visitor(rig, "auditor").post("notifications/change", place="books").status_code == 403
    assert carried == []


def test_what_is_refused_is_said_beside_the_form_without_what_is_secret(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise NeedsHuman(Problem("notify_refused", {"answer": "HTTP 404"}))

    monkeypatch.setattr("mlconnector.flow.notify.sending.send", refuse)
    admin = visitor(rig)
    given = {"kind": "webhook", "name": "books", "address": SECRET, "occasion": "month"}
    answer = admin.post("notifications/new", **given)
    assert (answer.status_code, faults(answer.text)) == (409, [])
    assert "Die Nachricht wurde nicht angenommen (HTTP 404)." in answer.text
    assert 'value="books"' in answer.text
    assert "secret-part" not in answer.text
    hostile = admin.post("notifications/new", **{**given, "name": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in hostile.text
    assert admin.get("notifications/new?kind=fax").status_code == 404


def test_a_place_that_cannot_be_reached_is_shown_there_and_in_the_overview(rig: Rig) -> None:
    add_place(rig)
    admin = visitor(rig)
    page = admin.page("notifications")
    assert "books: seit 02.03.2026 10:30 MEZ kommt nichts an" in page
    assert "hook-of-the-books" not in page
    said = "Benachrichtigungen an books kommen seit 02.03.2026 10:30 MEZ nicht an."
    assert said in admin.page("")
    assert 'href="/console/notifications"' in admin.page("")
    auditor = visitor(rig, "auditor")
    assert said in auditor.page("")
    assert 'href="/console/notifications"' not in auditor.page("")
