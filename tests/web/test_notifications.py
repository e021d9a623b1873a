"""Places for notifications over the API: added once a message gets there, changed, tried, removed."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from tests.web.rig import Rig

API = "/api/v1/notifications"
SECRET = "https://hooks.example.com/secret-part"
BOOKS = {"place": "books", "kind": "webhook", "fields": {"address": SECRET}}


def test_a_place_is_added_changed_tried_and_removed_without_its_address(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[str] = []
    monkeypatch.setattr("mlconnector.flow.notify.sending.send", lambda _to, said: carried.append(said.title))
    api = rig.program()
    added = api.post(API, json={**BOOKS, "occasions": ["month"], "language": "de"})
    assert (added.status_code, added.json()["goes_to"]) == (201, "hooks.example.com/…")
    assert api.post(API, json=BOOKS).status_code == 409
    changed = api.post(f"{API}/books/change", json={"occasions": ["silent"]}).json()
    assert (changed["occasions"], changed["language"]) == (["silent"], "de")
    assert api.post(f"{API}/books/test").status_code == 200
    assert carried == ["ml-connector: Probenachricht"] * 2
    listed = api.get(API)
    assert [one["place"] for one in listed.json()["places"]] == ["books"]
    assert "secret-part" not in listed.text
    assert api.post(f"{API}/books/remove").json() == {"place": "books", "removed": True}
    assert api.post(f"{API}/books/remove").status_code == 409
    assert api.get(API).json() == {"places": []}


def test_what_does_not_get_there_is_not_kept(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise NeedsHuman(Problem("notify_refused", {"answer": "HTTP 404"}))

    monkeypatch.setattr("mlconnector.flow.notify.sending.send", refuse)
    api = rig.program()
    answer = api.post(API, json=BOOKS)
    assert (answer.status_code, "secret-part" in answer.text) == (409, False)
    assert api.post(API, json={**BOOKS, "kind": "fax"}).status_code == 422
    assert api.post(API, json={**BOOKS, "fields": {"url": SECRET}}).status_code == 409
    assert api.get(API).json() == {"places": []}
