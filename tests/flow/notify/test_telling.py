"""Places are told what is due, each thing once, by one process at a time, and what they miss is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from mlconnector.app import Application, opened
from mlconnector.errors import NeedsHuman
from mlconnector.flow.notify import places, telling
from mlconnector.flow.notify.addresses import Address
from mlconnector.flow.notify.gathering import current, months
from mlconnector.flow.notify.planning import PAUSES
from mlconnector.flow.notify.wording import Message
from mlconnector.model.problems import Problem
from mlconnector.settings import Settings
from mlconnector.store import audit, batches, connections, leases, notices, runs
from mlconnector.store.seals import generate_master_key
from mlconnector.store.tables import credentials
from tests.clock import Clock
from tests.databases import copied_sqlite

HOOK = {"address": "https://hooks.example.com/secret-part"}


@dataclass
class Post:
    """Whoever carries messages: what was sent where, and whether it can be."""

    app: Application
    clock: Clock
    sent: list[Message] = field(default_factory=list)
    is_out: bool = False

    def __call__(self, _address: Address, said: Message) -> None:
        if self.is_out:
            raise NeedsHuman(Problem("notify_refused", {"answer": "HTTP 404"}))
        self.sent.append(said)

    def tell(self) -> telling.Told:
        return telling.tell(self.app.services)

    def occasions(self) -> list[list[str]]:
        return [[line.occasion for line in one.lines] for one in self.sent]

    def add(self, name: str = "books", **more: Any) -> None:
        places.add(self.app.services, name, "webhook", HOOK, "admin", **more)
        self.sent.clear()

    def note(self, state: connections.ConnectionState) -> None:
        with self.app.database.write() as db:
            connections.set_state(db, "mine", state, "", self.clock())

    def story(self) -> list[tuple[str, dict[str, Any]]]:
        with self.app.database.read() as db:
            return [(row.event, row.detail) for row in audit.story(db, [places.subject("books")])]


@pytest.fixture
def post(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr(copied_sqlite(sqlite_template, tmp_path)),
        master_key=SecretStr(generate_master_key()),
        public_url="https://ml.example.com",
    )
    clock = Clock(datetime(2026, 3, 20, 9, 30, tzinfo=UTC))
    with opened(settings, clock) as app:
        with app.database.write() as db:
            connections.create(db, "mine", "pipedrive", "29098-55003", "", clock())
            connections.set_state(db, "mine", "ready", "", clock())
        made = Post(app, clock)
        monkeypatch.setattr("mlconnector.flow.notify.sending.send", made)
        yield made


def test_where_there_is_no_place_nothing_is_looked_at(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "current", lambda _services: 1 / 0)
    assert post.tell() == telling.Told()


def test_a_place_is_tried_before_it_is_kept_and_its_address_is_sealed(post: Post) -> None:
    post.is_out = True
    with pytest.raises(NeedsHuman, match="notify_refused"):
        post.add()
    assert places.every(post.app.services) == []
    post.is_out = False
    post.add()
    (found,) = places.every(post.app.services)
    assert (found.goes_to, found.failure) == ("hooks.example.com/…", None)
    with post.app.database.read() as db:
        rows = [str(row) for row in db.execute(credentials.select())]
        rows += [str(row) for row in notices.places(db)]
    assert "secret-part" not in "".join([*rows, json.dumps(post.story())])
    with pytest.raises(NeedsHuman, match="notify_place_exists"):
        post.add()
    with pytest.raises(NeedsHuman, match="notify_name_unusable"):
        post.add("<script>")


def test_what_is_new_is_told_once_and_again_when_it_comes_back(post: Post) -> None:
    post.add()
    post.note("needs_login")
    assert post.tell().sent == ["books"]
    post.clock.advance(3600)
    assert post.tell().sent == []
    post.note("ready")
    post.tell()
    post.note("needs_login")
    post.tell()
    assert post.occasions() == [["login_needed"], ["login_needed"]]
    events = [event for event, _ in post.story()]
    assert events == ["notification_place_added", "notification_sent", "notification_sent"]
    assert post.story()[-1][1] == {"occasions": {"login_needed": 1}, "connections": ["mine"]}


def test_each_place_is_told_of_its_occasions_in_its_language(post: Post) -> None:
    post.add("it-team", occasions=["month"])
    post.add("books", language="de")
    post.note("needs_login")
    assert post.tell().sent == ["books"]
    assert post.sent[0].title == "ml-connector: Anmeldung nötig"


def test_what_cannot_be_sent_is_kept_shown_and_tried_again(post: Post) -> None:
    post.add()
    post.note("needs_login")
    post.is_out = True
    assert post.tell().failed == {"books": Problem("notify_refused", {"answer": "HTTP 404"})}
    (shown,) = places.failing(post.app.services)
    assert (shown.waiting, shown.failing_since) == (1, post.clock())
    assert shown.next_try_at == post.clock() + PAUSES[0]
    post.is_out = False
    assert post.tell().sent == []
    post.clock.advance(PAUSES[0].total_seconds())
    assert post.tell().sent == ["books"]
    assert places.failing(post.app.services) == []


def test_what_could_not_be_sent_as_long_as_it_was_the_case_is_kept_in_the_audit_trail(post: Post) -> None:
    post.add()
    post.note("needs_login")
    post.is_out = True
    post.tell()
    post.note("ready")
    post.tell()
    missed = {"occasions": {"login_needed": 1}, "connections": ["mine"]}
    assert post.story()[-1] == ("notification_missed", missed)
    post.clock.advance(3600)
    assert post.tell() == telling.Told()


def test_a_trial_that_gets_there_lets_the_rest_follow(post: Post) -> None:
    post.add()
    post.note("needs_login")
    post.is_out = True
    post.tell()
    with pytest.raises(NeedsHuman, match="notify_refused"):
        places.try_out(post.app.services, "books", "anna")
    post.is_out = False
    places.try_out(post.app.services, "books", "anna")
    post.tell()
    assert post.occasions() == [["trial"], ["login_needed"]]
    assert ("notification_tried", {"by": "anna", "arrived": False}) in post.story()


def test_a_place_that_is_removed_is_told_nothing_and_its_address_is_gone(post: Post) -> None:
    post.add()
    post.note("needs_login")
    places.remove(post.app.services, "books", "anna")
    assert post.tell().sent == []
    assert post.app.vault.names(places.OWNER) == []
    with pytest.raises(NeedsHuman, match="notify_place_unknown"):
        places.remove(post.app.services, "books", "anna")


def test_an_address_that_is_gone_is_told(post: Post) -> None:
    post.add()
    post.app.vault.delete(places.OWNER, "books")
    post.note("needs_login")
    assert post.tell().failed["books"].key == "notify_address_gone"


def test_while_another_process_is_at_it_nobody_else_is(post: Post) -> None:
    post.add()
    post.note("needs_login")
    leases.acquire(post.app.database, "notify", "another", 180.0, post.clock())
    assert post.tell().sent == []
    leases.release(post.app.database, "notify", "another")
    assert post.tell().sent == ["books"]


def test_a_connection_that_is_released_is_missed_when_no_run_goes_through(post: Post) -> None:
    post.clock.advance(48 * 3600)
    assert current(post.app.services) == []
    with post.app.database.write() as db:
        connections.release(db, "mine", "anna", post.clock())
    post.clock.advance(24 * 3600)
    assert [one.occasion for one in current(post.app.services)] == ["silent"]
    with post.app.database.write() as db:
        runs.begin(db, "r", "mine", "schedule", post.clock())
        runs.end(db, "r", "done", post.clock())
    assert current(post.app.services) == []


def test_batches_are_told_of_for_a_week_and_summed_up_by_month(post: Post) -> None:
    for number, state in enumerate(("succeeded", "partial", "failed", "dissolved")):
        with post.app.database.write() as db:
            batches.insert_batch(db, _batch(f"b{number}", state, post.clock()))
    refused = [(one.occasion, one.subject) for one in current(post.app.services)]
    assert refused == [("batch_rejected", "b1"), ("batch_rejected", "b2")]
    (month,) = months(post.app.services, datetime(2026, 4, 1, tzinfo=UTC))
    assert (month.month, month.batches, month.vouchers, month.rejected) == ("2026-03", 2, 10, 1)
    assert months(post.app.services, datetime(2026, 5, 1, tzinfo=UTC)) == []
    post.clock.advance(7 * 24 * 3600 + 1)
    assert current(post.app.services) == []


def _batch(key: str, state: Any, at: datetime) -> batches.NewBatch:
    return {
        "id": key,
        "connection": "mine",
        "client": "29098-55003",
        "period": "2026-03",
        "format": "extf",
        "file_name": f"EXTF_{key}.csv",
        "content": b"",
        "sha256": "",
        "rows": 5,
        "vouchers": 5,
        "changes": "{}",
        "state": state,
        "job_id": None,
        "polls": 0,
        "answer": "",
        "cause": "",
        "created_at": at,
        "changed_at": at,
    }
