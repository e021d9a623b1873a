"""Whether a webhook delivery is genuine, compared in constant time, and the JSON object that it brings."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import hmac
from typing import Any, Literal, TypeVar

from mlconnector.systems.kit.json_answers import parsed
from mlconnector.systems.source import Delivery, Malformed, Refused

Webhook = TypeVar("Webhook")


def set_up(webhook: Webhook | None) -> Webhook:
    """The settings of webhooks. Raises Refused without them: then no delivery is genuine."""
    if webhook is None:
        raise Refused("webhooks are not set up for this connection")
    return webhook


def check_key(delivery: Delivery, header: str, key: str) -> None:
    """Raise Refused unless the header brings the key; without a key nothing does."""
    if not (key and _same(delivery.headers.get(header.lower(), "").encode(), key.encode())):
        raise Refused("wrong or missing key")


def check_basic(delivery: Delivery, user: str, password: str) -> None:
    """Raise Refused unless the delivery brings user name and password by HTTP Basic; both are needed."""
    scheme, _, given = delivery.headers.get("authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(given.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError) as error:
        raise Refused("the user name and password cannot be read") from error
    given_user, _, given_password = decoded.partition(b":")
    user_matches = _same(given_user, user.encode())
    password_matches = _same(given_password, password.encode())
    if not (user and password and user_matches and password_matches):
        raise Refused("wrong or missing user name and password")


def check_hmac(
    delivery: Delivery, header: str, key: str, encoding: Literal["hex", "base64"] = "hex", prefix: str = ""
) -> None:
    """Raise Refused unless the header brings HMAC-SHA256 of the raw body, with `prefix` before it."""
    if not key:
        raise Refused("no key for signatures is stored")
    digest = hmac.digest(key.encode(), delivery.body, hashlib.sha256)
    signature = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    given = delivery.headers.get(header.lower(), "").strip()
    if not _same(given.encode(), (prefix + signature).encode()):
        raise Refused("wrong or missing signature")


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object of a delivery, with or without a byte order mark. Raises Malformed."""
    try:
        content = parsed(body.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise Malformed("the body is no JSON object")
    return content


def _same(given: bytes, expected: bytes) -> bool:
    return hmac.compare_digest(given, expected)
