"""Ids that are the same on every run: whole numbers, every third of them beyond 32 bit."""

from __future__ import annotations

import hashlib
from uuid import UUID

COMPANY_ID = 7656
CLIENT_ID = "procore-standin"
CLIENT_SECRET = "procore-standin-secret"
APPLICATION_ID = 4312
SERVICE_ACCOUNT_ID = 987654321
OTHER_USER_ID = 112233
# Custom fields are known by the numbers of their definitions.
VAT_ID_FIELD = "custom_field_598134325"
CERTIFICATE_FIELD = "custom_field_598134326"
CREDITOR_FIELD = "custom_field_598134327"

_BASES = {
    "project": 225_000,
    "vendor": 998_000,
    "cost_code": 80_598_000,
    "line_item_type": 5_100,
    "wbs_code": 7_700_000,
    "tax_type": 3,
    "tax_code": 30,
    "billing_period": 117_000,
    "commitment": 786_000,
    "contract_line": 5_175_000,
    "change_order": 640_000,
    "change_line": 6_200_000,
    "requisition": 1_280_000,
    "item": 17_918_000,
    "direct_cost": 4_711_000,
    "direct_line": 9_300_000,
    "payment": 210_000,
    "file": 55_510_000,
    "history": 33_000_000,
    "employee": 64_000,
    "hook": 1_000,
    "trigger": 2_000,
    "event": 123_456_000,
}
_NEW_REGION = 562_949_953_000_000
_SMALL = frozenset({"line_item_type", "tax_type", "tax_code", "cost_code", "hook", "trigger", "event"})


def number(kind: str, place: int) -> int:
    """The id of the record at `place` of its kind, counted from 1."""
    far = place % 3 == 0 and kind not in _SMALL
    return _BASES[kind] + place + (_NEW_REGION if far else 0)


def uuid(*parts: object) -> str:
    """The UUID that belongs to `parts`."""
    return str(UUID(bytes=digest(*parts)[:16], version=4))


def ulid(place: int) -> str:
    """A ULID-like id of 26 characters for the event at `place`."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "01" + "".join(alphabet[byte % 32] for byte in digest("ulid", place)[:24])


def digest(*parts: object) -> bytes:
    """Thirty-two bytes that belong to `parts`."""
    return hashlib.sha256("/".join(str(part) for part in ("procore", *parts)).encode()).digest()
