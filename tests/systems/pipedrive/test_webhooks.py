from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from mlconnector.systems.pipedrive.settings import Webhook
from mlconnector.systems.pipedrive.webhooks import understood, verify
from mlconnector.systems.source import Delivery, Hint, Malformed, Refused
from tests.specifications import required

BODY = b'{"meta":{"version":"2.0","entity":"deal","entity_id":"7","id":"one"}}'
KEY = {"webhook_key": "key"}
LOGIN = {"webhook_user": "user", "webhook_password": "pass:word"}
DIGEST = hmac.new(b"key", BODY, hashlib.sha256)


def signed(signature: str, header: str = "x-pipedrive-signature") -> Delivery:
    return Delivery({header: signature}, BODY)


def with_login(credentials: str, scheme: str = "Basic") -> Delivery:
    return Delivery({"authorization": f"{scheme} {base64.b64encode(credentials.encode()).decode()}"}, BODY)


def is_accepted(delivery: Delivery, webhook: Webhook | None, secrets: dict[str, str]) -> bool:
    try:
        verify(delivery, webhook, secrets)
    except Refused:
        return False
    return True


class TestSignatures:
    def test_hexadecimal_in_either_writing_of_its_configuration(self) -> None:
        rule = Webhook(mode="hmac_sha256")
        assert is_accepted(signed(DIGEST.hexdigest()), rule, KEY)
        assert not is_accepted(signed(DIGEST.hexdigest()[:-1] + "!"), rule, KEY)
        assert not is_accepted(signed("ä"), rule, KEY)

    def test_base64_behind_a_prefix_in_a_header_of_ones_own(self) -> None:
        rule = Webhook(mode="hmac_sha256", header="X-Relay", encoding="base64", prefix="sha256=")
        written = base64.b64encode(DIGEST.digest()).decode()
        assert is_accepted(signed(f"sha256={written}", "x-relay"), rule, KEY)
        assert not is_accepted(signed(written, "x-relay"), rule, KEY), "without its prefix"
        assert not is_accepted(signed(f"sha256={written}"), rule, KEY), "in another header"

    def test_the_raw_body_is_what_is_signed(self) -> None:
        other = Delivery({"x-pipedrive-signature": DIGEST.hexdigest()}, BODY + b"\n")
        assert not is_accepted(other, Webhook(mode="hmac_sha256"), KEY)

    @pytest.mark.parametrize("secrets", [{}, {"webhook_key": ""}])
    def test_without_a_key_nothing_is_accepted(self, secrets: dict[str, str]) -> None:
        empty = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
        assert not is_accepted(signed(empty), Webhook(mode="hmac_sha256"), secrets)


class TestPasswords:
    def test_user_and_password_must_both_be_right(self) -> None:
        rule = Webhook(mode="basic")
        assert is_accepted(with_login("user:pass:word"), rule, LOGIN)
        assert is_accepted(with_login("user:pass:word", "basic"), rule, LOGIN)
        for credentials in ("user:pass", "other:pass:word", "user", "", "user:pass:word "):
            assert not is_accepted(with_login(credentials), rule, LOGIN)

    @pytest.mark.parametrize("header", ["", "Basic", "Basic ???", "Bearer dXNlcjpwYXNzOndvcmQ=", "Basic ü"])
    def test_other_headers_are_refused(self, header: str) -> None:
        assert not is_accepted(Delivery({"authorization": header}, BODY), Webhook(mode="basic"), LOGIN)

    @pytest.mark.parametrize("secrets", [{}, {"webhook_user": "", "webhook_password": ""}])
    def test_without_stored_credentials_nothing_is_accepted(self, secrets: dict[str, str]) -> None:
        assert not is_accepted(with_login(":"), Webhook(mode="basic"), secrets)


def test_webhooks_that_are_not_set_up_are_refused() -> None:
    assert not is_accepted(with_login("user:pass:word"), None, {**KEY, **LOGIN})


def body(**content: Any) -> bytes:
    return json.dumps(content).encode()


class TestBodies:
    def test_the_second_version_names_deal_and_delivery(self) -> None:
        assert understood(BODY) == Hint("one", ("7",))

    def test_the_first_version_gets_an_id_of_what_makes_it_unique(self) -> None:
        meta = {"object": "deal", "id": 7, "webhook_id": "3", "timestamp_micro": 1530689875430300}
        assert understood(body(v=1, meta=meta)) == Hint("3/deal/7/1530689875430300", ("7",))
        assert understood(body(v=1, meta={"object": "deal", "id": 7})) == Hint(None, ("7",))

    def test_merging_deals_concerns_both(self) -> None:
        meta = {"entity": "deal", "entity_id": "7", "id": "x", "merged_to_id": 8}
        assert understood(body(meta=meta)).external_ids == ("7", "8")
        meta = {"entity": "deal", "entity_id": "8", "id": "x", "merged_from_id": "7"}
        assert understood(body(meta=meta)).external_ids == ("8", "7")

    def test_a_line_of_a_deal_concerns_the_deal(self) -> None:
        meta = {"entity": "deal_product", "entity_id": "55", "id": "x"}
        assert understood(body(meta=meta, data={"deal_id": 7})).external_ids == ("7",)
        assert understood(body(meta=meta, data=None, previous={"deal_id": 7})).external_ids == ("7",)

    @pytest.mark.parametrize("entity", ["organization", "activity", "deal field", "user"])
    def test_other_records_concern_no_deal(self, entity: str) -> None:
        meta = {"entity": entity, "entity_id": "12", "id": "x", "merged_to_id": "13"}
        assert understood(body(meta=meta, data={"id": 12})) == Hint("x", ())
        assert understood(body(v=1, meta={"object": entity, "id": 12})).external_ids == ()

    @pytest.mark.parametrize(
        "content",
        [
            {},
            {"meta": None},
            {"meta": []},
            {"meta": {}},
            {"meta": {"entity": "deal", "entity_id": "7; drop"}},
            {"meta": {"entity": "deal", "entity_id": {"id": 7}}},
            {"meta": {"object": "deal", "id": True}},
        ],
    )
    def test_what_says_nothing_is_malformed(self, content: dict[str, Any]) -> None:
        with pytest.raises(Malformed):
            understood(body(**content))

    def test_recorded_deliveries_are_understood(self) -> None:
        folder = required("pipedrive/fixtures/webhooks_v1")
        found = {path.stem: understood(path.read_bytes()) for path in folder.glob("*.json")}
        assert found["webhook_deal_update"] == Hint("13310/deal/1315/1530689875430300", ("1315",))
        assert {name for name, hint in found.items() if hint.external_ids} == {
            "webhook_deal_create",
            "webhook_deal_update",
        }
