from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import httpx
import pytest

from mlconnector.standins.base import Receive, Send
from mlconnector.standins.pipedrive import Authentication, PipedriveStandIn
from mlconnector.standins.serving import serve

HOOK = {
    "subscription_url": "https://hooks.example.com/pipedrive",
    "event_action": "*",
    "event_object": "deal",
    "name": "Buchhaltung",
}


class Receiver:
    """Keeps the last delivery."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.status = 204

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self.headers = dict(scope["headers"])
        self.body, more = b"", True
        while more:
            message = await receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body"})


@pytest.fixture(scope="module")
def receiver() -> Iterator[tuple[Receiver, str]]:
    made = Receiver()
    with serve(made) as address:
        yield made, address


def body_of(standin: PipedriveStandIn, deal_id: int, **chosen: Any) -> dict[str, Any]:
    body, _ = standin.delivery(deal_id, Authentication("none"), **chosen)
    made: dict[str, Any] = json.loads(body)
    return made


def test_webhooks_are_created_listed_and_deleted(client: httpx.Client) -> None:
    created = client.post("/api/v1/webhooks", json=HOOK | {"http_auth_user": "u", "http_auth_password": "p"})
    assert created.status_code == 201
    assert created.json()["data"]["version"] == "2.0"
    assert client.get("/api/v1/webhooks").json()["data"] == [created.json()["data"]]
    path = f"/api/v1/webhooks/{created.json()['data']['id']}"
    assert client.delete(path).json() == {"status": "ok", "success": True}
    assert client.delete(path).json() == {
        "status": "error",
        "success": False,
        "errors": {"id": ["not found"]},
    }
    assert client.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"subscription_url": "http://hooks.example.com/"}, "subscription_url"),
        ({"subscription_url": "kein Ziel"}, "subscription_url"),
        ({"event_action": "updated"}, "event_action"),
        ({"event_object": "invoice"}, "event_object"),
        ({"name": None}, "name"),
        ({"version": "3.0"}, "version"),
    ],
)
def test_a_wrong_webhook_is_refused(client: httpx.Client, changed: dict[str, Any], name: str) -> None:
    answer = client.post("/api/v1/webhooks", json=HOOK | changed)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [name]


def test_forty_webhooks_are_enough(client: httpx.Client) -> None:
    codes = [client.post("/api/v1/webhooks", json=HOOK).status_code for _ in range(41)]
    assert codes == [201] * 40 + [422]


def test_version_two_shows_the_deal_and_only_what_changed(standin: PipedriveStandIn) -> None:
    standin.change_deal(1, title="neu")
    body = body_of(standin, 1)
    assert body["meta"]["entity_id"] == "1"
    assert (body["meta"]["action"], body["meta"]["version"], body["meta"]["attempt"]) == ("change", "2.0", 1)
    assert body["data"]["title"] == "neu"
    assert body["previous"].keys() == {"title", "update_time"}


def test_previous_names_only_the_custom_fields_that_changed(standin: PipedriveStandIn) -> None:
    key = standin.field_key("deal", "Rechnungsnummer")
    standin.change_deal(1, custom_fields={"Rechnungsnummer": "RE-2"})
    old = {"type": "varchar", "value": "RE-2026-00001"}
    assert body_of(standin, 1)["previous"]["custom_fields"] == {key: old}
    before = body_of(standin, 1, version="1.0")["previous"]
    assert before[key] == "RE-2026-00001"
    assert before[standin.field_key("deal", "Kostenstelle")] is not None


def test_a_retry_repeats_the_id_of_the_first_attempt(standin: PipedriveStandIn) -> None:
    first = body_of(standin, 1)["meta"]["id"]
    meta = body_of(standin, 1, attempt=2, meta={"id": first})["meta"]
    assert (meta["id"], meta["attempt"]) == (first, 2)


def test_a_deal_nobody_edited_was_just_won(standin: PipedriveStandIn) -> None:
    assert body_of(standin, 1)["previous"]["status"] == "open"
    assert body_of(standin, 1, version="1.0")["previous"]["status"] == "open"
    assert body_of(standin, 1, version="1.0")["current"]["status"] == "won"


def test_version_two_types_custom_fields(standin: PipedriveStandIn) -> None:
    fields = body_of(standin, 1)["data"]["custom_fields"]
    assert fields[standin.field_key("deal", "Rechnungsnummer")] == {
        "type": "varchar",
        "value": "RE-2026-00001",
    }
    assert fields[standin.field_key("deal", "Kostenstelle")].keys() == {"type", "id"}
    assert fields[standin.field_key("deal", "Wechselkurs")] is None


def test_version_one_puts_custom_fields_beside_the_others(standin: PipedriveStandIn) -> None:
    body = body_of(standin, 1, version="1.0", attempt=3)
    assert (body["v"], body["event"], body["retry"]) == (1, "updated.deal", 2)
    assert body["current"][standin.field_key("deal", "Rechnungsnummer")] == "RE-2026-00001"
    assert body["current"][standin.field_key("deal", "Kostenstelle")].isdigit()
    won_time = standin.deal(1).won_time or ""
    assert body["current"]["won_time"] == won_time.replace("T", " ").replace("Z", "")
    assert "owner_id" not in body["current"]


def test_a_delete_has_no_data(standin: PipedriveStandIn) -> None:
    standin.delete(1)
    assert body_of(standin, 1, action="delete")["data"] is None
    assert body_of(standin, 1, action="delete", version="1.0")["current"] is None
    assert body_of(standin, 1, action="create")["previous"] is None


def test_every_delivery_has_an_id_of_its_own(standin: PipedriveStandIn) -> None:
    assert body_of(standin, 1)["meta"]["id"] != body_of(standin, 1)["meta"]["id"]


def test_a_signature_is_taken_over_the_raw_body(standin: PipedriveStandIn) -> None:
    proof = Authentication("hmac_sha256", key="schlüssel", header="X-Relay-Signature", prefix="sha256=")
    body, headers = standin.delivery(1, proof)
    expected = hmac.new("schlüssel".encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Relay-Signature"] == f"sha256={expected}"
    assert "Authorization" not in headers


def test_basic_authentication_names_user_and_password(standin: PipedriveStandIn) -> None:
    _, headers = standin.delivery(1, Authentication("both", user="haken", password="geheim"))
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"haken:geheim"
    assert "X-Pipedrive-Signature" in headers


def test_no_authentication_sends_none(standin: PipedriveStandIn) -> None:
    _, headers = standin.delivery(1, Authentication("none"))
    assert headers.keys() == {"Content-Type", "User-Agent"}


def test_a_delivery_arrives_as_it_was_built(
    standin: PipedriveStandIn, receiver: tuple[Receiver, str]
) -> None:
    kept, address = receiver
    answer = standin.deliver(1, f"{address}/hook", "hmac_sha256")
    assert answer.status_code == 204
    expected = hmac.new(Authentication().key.encode(), kept.body, hashlib.sha256).hexdigest()
    assert kept.headers[b"x-pipedrive-signature"].decode() == expected
    assert json.loads(kept.body)["data"]["id"] == 1
