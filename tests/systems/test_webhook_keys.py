from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from mlconnector.systems.source import Delivery, Malformed, Refused
from mlconnector.systems.webhook_keys import check_basic, check_hmac, check_key, object_of, set_up

BODY = b'{"id": 7}'
DIGEST = hmac.new(b"key", BODY, hashlib.sha256)


def basic(text: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def test_without_settings_no_delivery_is_genuine() -> None:
    assert set_up("settings") == "settings"
    with pytest.raises(Refused):
        set_up(None)


def test_a_shared_key_comes_in_its_header() -> None:
    check_key(Delivery({"x-key": "schlüssel"}, BODY), "X-Key", "schlüssel")


@pytest.mark.parametrize(
    ("headers", "key"), [({"x-key": "other"}, "key"), ({}, "key"), ({}, ""), ({"x-key": ""}, "")]
)
def test_without_the_key_a_delivery_is_refused(headers: dict[str, str], key: str) -> None:
    with pytest.raises(Refused):
        check_key(Delivery(headers, BODY), "X-Key", key)


def test_user_and_password_come_by_http_basic() -> None:
    check_basic(Delivery(basic("user:pass:word"), BODY), "user", "pass:word")


@pytest.mark.parametrize(
    ("headers", "user", "password"),
    [
        (basic("user:other"), "user", "password"),
        (basic("other:password"), "user", "password"),
        (basic("user"), "user", "password"),
        (basic(":"), "", ""),
        (basic("user:"), "user", ""),
        ({"authorization": "Basic ***"}, "user", "password"),
        ({"authorization": "Bearer dXNlcjpwYXNzd29yZA=="}, "user", "password"),
        ({}, "user", "password"),
    ],
)
def test_others_are_refused(headers: dict[str, str], user: str, password: str) -> None:
    with pytest.raises(Refused):
        check_basic(Delivery(headers, BODY), user, password)


def test_a_signature_is_that_of_the_raw_body() -> None:
    check_hmac(Delivery({"x-sig": DIGEST.hexdigest()}, BODY), "X-Sig", "key")
    in_base64 = base64.b64encode(DIGEST.digest()).decode()
    check_hmac(Delivery({"x-sig": f"sha256={in_base64}"}, BODY), "X-Sig", "key", "base64", "sha256=")


@pytest.mark.parametrize(
    ("headers", "body", "key"),
    [
        ({"x-sig": DIGEST.hexdigest()}, BODY + b" ", "key"),
        ({"x-sig": DIGEST.hexdigest()}, BODY, "other"),
        ({"x-sig": DIGEST.hexdigest()}, BODY, ""),
        ({"x-sig": f"sha256={DIGEST.hexdigest()}"}, BODY, "key"),
        ({"x-sig": "ü"}, BODY, "key"),
        ({}, BODY, "key"),
    ],
)
def test_other_signatures_are_refused(headers: dict[str, str], body: bytes, key: str) -> None:
    with pytest.raises(Refused):
        check_hmac(Delivery(headers, body), "X-Sig", key)


def test_a_signature_that_anybody_could_make_is_refused() -> None:
    without_key = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    with pytest.raises(Refused, match="no key"):
        check_hmac(Delivery({"x-sig": without_key}, BODY), "X-Sig", "")


def test_a_body_is_a_json_object_with_or_without_a_byte_order_mark() -> None:
    assert object_of(BODY) == object_of(b"\xef\xbb\xbf" + BODY) == {"id": 7}


@pytest.mark.parametrize("body", [b"", b"<xml/>", b"[]", b"7", b'"id"'])
def test_other_bodies_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        object_of(body)
