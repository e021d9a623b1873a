from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mlconnector.flow.connect import setup
from mlconnector.standins.pipedrive import Authentication, PipedriveStandIn
from mlconnector.store import hints
from mlconnector.store.hints import KeptDelivery
from tests.conformance.doors import served
from tests.web import rig as rigs
from tests.web.rig import HOOK, NAME, SIGNED, Rig, signed

MEBIBYTE = 1024 * 1024


@pytest.fixture
def connected(rig: Rig) -> Rig:
    rig.connect()
    return rig


def kept(rig: Rig, name: str = NAME) -> list[KeptDelivery]:
    with rig.application.database.read() as db:
        return hints.waiting(db, name, 100)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_genuine_delivery_is_kept_as_it_came_and_wakes_the_workflows(
    connected: Rig, account: PipedriveStandIn, version: str
) -> None:
    body, headers = signed(account, 3, version=version)
    answer = connected.browser().post(HOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"outcome": "accepted"})
    (delivery,) = kept(connected)
    assert (delivery.body, delivery.external_ids) == (body, ("3",))
    assert connected.work.asked == [("nudge", NAME)]


def test_a_delivery_is_taken_without_asking_any_other_system(
    connected: Rig, account: PipedriveStandIn
) -> None:
    # Both systems of the connection are at an address where nothing listens.
    body, headers = signed(account)
    assert connected.browser().post(HOOK, content=body, headers=headers).status_code == 202
    metrics = connected.browser().get("/metrics").text
    assert "mlconnector_http_requests_last_day{" not in metrics


def test_a_repeated_delivery_is_acknowledged_without_new_work(
    connected: Rig, account: PipedriveStandIn
) -> None:
    first, again = (signed(account, 3, attempt=attempt, meta={"id": "one-event"}) for attempt in (1, 2))
    connected.browser().post(HOOK, content=first[0], headers=first[1])
    answer = connected.browser().post(HOOK, content=again[0], headers=again[1])
    assert (answer.status_code, answer.json()) == (200, {"outcome": "known"})
    assert len(kept(connected)) == 1
    assert connected.work.asked == [("nudge", NAME)]


def test_deliveries_without_an_id_are_told_apart_by_their_bodies(
    connected: Rig, account: PipedriveStandIn
) -> None:
    deliveries = [signed(account, deal, meta={"id": None}) for deal in (3, 4)]
    answers = [
        connected.browser().post(HOOK, content=body, headers=headers)
        for body, headers in (*deliveries, deliveries[0])
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 200]
    assert {one.external_ids for one in kept(connected)} == {("3",), ("4",)}


def test_a_forged_delivery_is_refused_and_leaves_nothing_but_a_count(
    connected: Rig, account: PipedriveStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    body, headers = signed(account)
    forged = body.replace(b'"won"', b'"WON"')
    with caplog.at_level(logging.INFO, logger="mlconnector"):
        answer = connected.browser().post(HOOK, content=forged, headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"outcome": "refused"})
    assert answer.headers["www-authenticate"]
    assert kept(connected) == []
    assert connected.work.asked == []
    (line,) = caplog.messages
    assert line == f"webhook for {NAME} refused: wrong or missing signature"
    counted = f'mlconnector_webhook_deliveries_total{{connection="{NAME}",outcome="refused"}} 1.0'
    assert counted in connected.browser().get("/metrics").text


def test_a_delivery_without_any_signature_is_refused(connected: Rig, account: PipedriveStandIn) -> None:
    body, headers = account.delivery(1, Authentication("none"))
    assert connected.browser().post(HOOK, content=body, headers=headers).status_code == 401
    assert kept(connected) == []


def test_nothing_is_genuine_while_no_key_is_stored(rig: Rig, account: PipedriveStandIn) -> None:
    rig.connect(secrets={"pipedrive.api_token": "x"})
    body, headers = account.delivery(1, Authentication("hmac_sha256", key=""))
    assert rig.browser().post(HOOK, content=body, headers=headers).status_code == 401


def test_a_key_that_was_changed_holds_at_once(connected: Rig, account: PipedriveStandIn) -> None:
    body, headers = signed(account)
    assert connected.browser().post(HOOK, content=body, headers=headers).status_code == 202
    connected.connect(secrets={"pipedrive.webhook_key": "another-key"})
    assert connected.browser().post(HOOK, content=body, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("password", "status", "count"), [(rigs.PASSWORD, 202, 1), ("guessed", 401, 0), ("", 401, 0)]
)
def test_pipedrives_own_deliveries_carry_a_user_and_a_password(
    rig: Rig, account: PipedriveStandIn, password: str, status: int, count: int
) -> None:
    rig.connect(mode="basic")
    body, headers = account.delivery(5, Authentication("basic", user=rigs.USER, password=password))
    assert rig.browser().post(HOOK, content=body, headers=headers).status_code == status
    assert len(kept(rig)) == count


def test_a_signature_does_not_stand_in_for_the_password(rig: Rig, account: PipedriveStandIn) -> None:
    rig.connect(mode="basic")
    body, headers = signed(account)
    assert rig.browser().post(HOOK, content=body, headers=headers).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"meta": {}}', b"\xff\xfe"])
def test_a_genuine_delivery_that_cannot_be_understood_is_a_bad_request(connected: Rig, body: bytes) -> None:
    answer = connected.browser().post(HOOK, content=body, headers=SIGNED.headers(body))
    assert (answer.status_code, answer.json()) == (400, {"outcome": "malformed"})
    assert kept(connected) == []


def test_a_forged_delivery_does_not_learn_whether_it_could_be_understood(connected: Rig) -> None:
    assert connected.browser().post(HOOK, content=b"{").status_code == 401


def test_a_delivery_about_something_else_is_acknowledged_and_not_kept(connected: Rig) -> None:
    body = b'{"meta": {"version": "2.0", "id": "1", "entity": "activity", "entity_id": "7"}, "data": {}}'
    answer = connected.browser().post(HOOK, content=body, headers=SIGNED.headers(body))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "irrelevant"})
    assert kept(connected) == []
    assert connected.work.asked == []


@pytest.mark.parametrize("name", ["nobody", "NOBODY%20", "%00", "a" * 3000])
def test_a_delivery_for_no_connection_is_not_found(connected: Rig, name: str) -> None:
    answer = connected.browser().post(f"/webhooks/{name}", content=b"{}")
    assert (answer.status_code, answer.json()) == (404, {"outcome": "unknown"})
    text = connected.browser().get("/metrics").text
    assert 'mlconnector_webhook_deliveries_total{connection="",outcome="unknown"} 1.0' in text


def test_a_body_that_says_it_is_too_large_is_refused_unread(connected: Rig) -> None:
    def unread() -> Iterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    headers = {"Content-Length": str(MEBIBYTE + 1)}
    answer = connected.browser().post(HOOK, content=unread(), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:ml-connector:http_413")
    assert str(MEBIBYTE) in answer.json()["detail"]


def test_a_body_of_exactly_the_limit_is_taken(connected: Rig, account: PipedriveStandIn) -> None:
    body, headers = signed(account)
    body += b" " * (MEBIBYTE - len(body))
    answer = connected.browser().post(HOOK, content=body, headers=headers | SIGNED.headers(body))
    assert answer.status_code == 202


def test_a_body_that_does_not_say_its_length_is_cut_off_at_the_limit(connected: Rig) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    with served(connected.app) as url:
        answer = httpx.post(url + HOOK, content=endless())
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:ml-connector:http_413")
    assert kept(connected) == []


def test_a_failing_installation_asks_the_sender_to_come_again(
    connected: Rig, account: PipedriveStandIn, tmp_path: Path
) -> None:
    (tmp_path / "test.sqlite").rename(tmp_path / "away.sqlite")
    connected.application.database.close()
    (tmp_path / "test.sqlite").mkdir()
    body, headers = signed(account)
    answer = connected.browser().post(HOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (503, {"outcome": "later"})
    assert answer.headers["retry-after"] == "30"
    (tmp_path / "test.sqlite").rmdir()
    (tmp_path / "away.sqlite").rename(tmp_path / "test.sqlite")
    assert connected.browser().post(HOOK, content=body, headers=headers).status_code == 202


def test_a_process_that_leaves_the_work_to_others_still_keeps_deliveries(
    sqlite_url: str, tmp_path: Path, account: PipedriveStandIn
) -> None:
    with rigs.rig(sqlite_url, tmp_path, works_here=False) as idle:
        idle.connect()
        body, headers = signed(account)
        assert idle.browser().post(HOOK, content=body, headers=headers).status_code == 202
        assert len(kept(idle)) == 1


def test_only_posts_are_taken(connected: Rig) -> None:
    answer = connected.browser().get(HOOK)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_delivery_for_a_disconnected_connection_is_gone_and_leaves_no_work(
    connected: Rig, account: PipedriveStandIn
) -> None:
    setup.disconnect(connected.application.context(NAME))
    for body, headers in (signed(account), (b"{}", {})):
        answer = connected.browser().post(HOOK, content=body, headers=headers)
        assert (answer.status_code, answer.json()) == (410, {"outcome": "gone"})
    assert (kept(connected), connected.work.asked) == ([], [])
