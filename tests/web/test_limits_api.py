"""The API's part of DATEV's limits, and that it speaks the language of the installation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlconnector.flow.context.states import BREAKER_OPEN
from mlconnector.standins.base import Options
from mlconnector.standins.datev.standin import DatevStandIn
from mlconnector.store import connections
from mlconnector.store.audit import AuditEvent, append
from tests.conformance.doors import served
from tests.web import rig as rigs
from tests.web.records import add_batch
from tests.web.rig import NAME, NOWHERE, Rig

API = "/api/v1"


@pytest.fixture
def german(sqlite_url: str, tmp_path: Path) -> Iterator[Rig]:
    with rigs.rig(sqlite_url, tmp_path, language="de") as made:
        made.connect()
        yield made


def rest(rig: Rig) -> None:
    """Let work rest as after too many refusals."""
    with rig.application.database.write() as db:
        connections.set_state(db, NAME, "degraded", BREAKER_OPEN, rig.clock())
        facts = {"refused": "10", "requests": "12", "row": "10"}
        detail = {"state": "degraded", "reason": BREAKER_OPEN, "facts": facts}
        append(db, [AuditEvent(NAME, NAME, "connection_state", detail)], rig.clock())


def test_work_that_rests_can_be_resumed_by_a_program(rig: Rig) -> None:
    rig.connect()
    program = rig.program()
    refused = program.post(f"{API}/connections/{NAME}/resume")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ml-connector:nothing_to_resume")
    rest(rig)
    assert program.get(f"{API}/connections/{NAME}").json()["state_reason"] == BREAKER_OPEN
    assert program.post(f"{API}/connections/{NAME}/resume").json() == {"connection": NAME, "resumed": True}
    assert program.get(f"{API}/connections/{NAME}").json()["state"] == "ready"


def test_a_batch_can_be_sent_once_more_by_a_program(rig: Rig) -> None:
    rig.connect()
    add_batch(rig, "b1", "succeeded")
    program = rig.program()
    refused = program.post(f"{API}/batches/b1/resend", json={"reason": "lost"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ml-connector:batch_succeeded_already")
    assert program.post(f"{API}/batches/b1/resend", json={}).status_code == 422
    assert program.post(f"{API}/batches/b2/resend", json={"reason": "lost"}).status_code == 404
    wanted = {"reason": "lost", "again": True}
    unreleased = program.post(f"{API}/batches/b1/resend", json=wanted)
    assert (unreleased.status_code, unreleased.json()["type"]) == (409, "urn:ml-connector:release_missing")
    program.post(f"{API}/connections/{NAME}/release", json={})
    done = program.post(f"{API}/batches/b1/resend", json=wanted)
    assert (done.json()["before"], done.json()["reason"]) == ("succeeded", "lost")
    assert [one["state"] for one in program.get(f"{API}/batches").json()["batches"]] == ["frozen"]


def test_a_connection_shows_its_logins_and_what_was_asked_of_datev(rig: Rig) -> None:
    rig.connect()
    shown = rig.program().get(f"{API}/connections/{NAME}").json()
    (login,) = shown["logins"]
    assert login == {
        "system": "datev",
        "until": None,
        "by": "",
        "needed": True,
        "client": "",
        "link": "https://apps.datev.de/tokrevui",
        "not_revoked": False,
        "failure": None,
    }
    assert shown["sink_requests"]["alarms"] == []


def test_an_earlier_login_may_have_been_ended_by_hand(rig: Rig) -> None:
    with served(DatevStandIn(Options()).app) as url:
        rig.connect(datev=url)
        wanted = {"system": "datev", "ended_there": True}
        assert rig.program().post(f"{API}/connections/{NAME}/login", json=wanted).status_code == 200


def test_what_cannot_be_reached_is_said_in_the_language_of_the_installation(german: Rig) -> None:
    german.connect(datev=NOWHERE)
    answer = german.program().post(f"{API}/connections/{NAME}/login", json={})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:ml-connector:later")
    assert answer.json()["title"].startswith("Das geht im Augenblick nicht: ")
    assert answer.json()["cure"].startswith("Es ist nichts halb geschrieben.")
    assert answer.headers["retry-after"]


def test_who_can_put_a_step_right_is_the_one_whom_its_words_name(german: Rig) -> None:
    with served(DatevStandIn(Options()).app) as url:
        german.connect(datev=url)
        steps = german.program().post(f"{API}/connections/{NAME}/check").json()["steps"]
    login = next(step for step in steps if step["step"] == "datev.login")
    assert (login["cause"], login["who"]) == ("login_needed", "Sie")
