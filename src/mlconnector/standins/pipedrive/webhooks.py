"""Webhooks: the registrations of `/api/v1/webhooks`, and deliveries in the shapes of version 1 and 2.

Pipedrive authenticates deliveries by HTTP Basic only. A signature (HMAC-SHA256 over the raw body) is
what a relay in front of the receiver may add; header, prefix and key are agreed with the receiver.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.records import CustomFields, Deal, Field
from mlconnector.standins.pipedrive.times import epoch_of, v1_time
from mlconnector.standins.pipedrive.vocabulary import vocabulary

Mode = Literal["basic", "hmac_sha256", "both", "none"]
Version = Literal["1.0", "2.0"]
Action = Literal["create", "change", "delete"]
_V1_ACTIONS = {"create": "added", "change": "updated", "delete": "deleted"}
_RENAMED_IN_V1 = {"owner_id": "user_id", "is_deleted": "deleted"}
_V1_TIMES = (
    "add_time",
    "update_time",
    "stage_change_time",
    "close_time",
    "won_time",
    "lost_time",
    "archive_time",
)


@dataclass(frozen=True)
class Authentication:
    """How a delivery proves where it comes from."""

    mode: Mode = "basic"
    user: str = "pipedrive"
    password: str = "standin-webhook"
    key: str = "standin-signature-key"
    header: str = "X-Pipedrive-Signature"
    prefix: str = ""

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers that authenticate `body`."""
        made = {}
        if self.mode in ("basic", "both"):
            encoded = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            made["Authorization"] = f"Basic {encoded}"
        if self.mode in ("hmac_sha256", "both"):
            made[self.header] = self.prefix + hmac.new(self.key.encode(), body, "sha256").hexdigest()
        return made


@dataclass(frozen=True)
class Event:
    """One thing that happened to a deal; `meta` overrides parts of the delivery's meta object."""

    deal: Deal
    action: Action = "change"
    previous: dict[str, Any] = field(default_factory=dict)
    attempt: int = 1
    meta: dict[str, Any] = field(default_factory=dict)


def delivery(
    account: Account, event: Event, version: Version, authentication: Authentication
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the delivery of `event`."""
    made = _v2_body(account, event) if version == "2.0" else _v1_body(account, event)
    body = msgspec.json.encode(made)
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "Pipedrive Webhooks",
    } | authentication.headers(body)


def _v2_body(account: Account, event: Event) -> dict[str, Any]:
    company, deal = vocabulary().company, event.deal
    meta = {
        "action": event.action,
        "entity": "deal",
        "entity_id": str(deal.id),
        "company_id": str(company.id),
        "correlation_id": str(uuid4()),
        "id": str(uuid4()),
        "is_bulk_edit": False,
        "timestamp": deal.update_time.replace("Z", ".000Z"),
        "type": "general",
        "user_id": str(company.owner_ids[0]),
        "version": "2.0",
        "webhook_id": "1",
        "webhook_owner_id": str(company.owner_ids[0]),
        "change_source": "app",
        "permitted_user_ids": [str(owner) for owner in company.owner_ids],
        "attempt": event.attempt,
        "host": f"{company.domain}.pipedrive.com",
    }
    now = msgspec.structs.asdict(deal)
    now["custom_fields"] = _typed(account, _complete(account, deal.custom_fields))
    before = dict(event.previous)
    if "custom_fields" in before:
        before["custom_fields"] = _typed(account, before["custom_fields"])
    if event.action == "delete":
        return {"meta": meta | event.meta, "data": None, "previous": now | before}
    previous = None if event.action == "create" else before
    return {"meta": meta | event.meta, "data": now, "previous": previous}


def _complete(account: Account, values: CustomFields) -> CustomFields:
    return {
        metadata.field_code: values.get(metadata.field_code) for metadata in account.custom_fields("deal")
    }


def _typed(account: Account, values: CustomFields) -> CustomFields:
    """Custom fields with their types, which only version 2 webhooks have."""
    made: CustomFields = {}
    for metadata in account.custom_fields("deal"):
        if metadata.field_code not in values:
            continue
        value = values[metadata.field_code]
        if value is None:
            made[metadata.field_code] = None
        elif metadata.field_type == "enum":
            made[metadata.field_code] = {"type": "enum", "id": value}
        elif metadata.field_type == "set":
            made[metadata.field_code] = {"type": "set", "values": [{"id": part} for part in value]}
        elif isinstance(value, dict):
            made[metadata.field_code] = {"type": metadata.field_type} | value
        else:
            made[metadata.field_code] = {"type": metadata.field_type, "value": value}
    return made


def _v1_body(account: Account, event: Event) -> dict[str, Any]:
    company, deal = vocabulary().company, event.deal
    seconds, action = epoch_of(deal.update_time), _V1_ACTIONS[event.action]
    meta = {
        "v": 1,
        "action": action,
        "object": "deal",
        "id": deal.id,
        "company_id": company.id,
        "user_id": company.owner_ids[0],
        "host": f"{company.domain}.pipedrive.com",
        "timestamp": seconds,
        "timestamp_micro": seconds * 1_000_000 + 430_300,
        "permitted_user_ids": company.owner_ids,
        "trans_pending": False,
        "is_bulk_update": False,
        "pipedrive_service_name": False,
        "change_source": "app",
        "matches_filters": {"current": []},
        "webhook_id": "1",
    }
    now = msgspec.structs.asdict(deal)
    fields_before = deal.custom_fields | event.previous.get("custom_fields", {})
    before = _v1_deal(account, now | event.previous | {"custom_fields": fields_before})
    return {
        "v": 1,
        "matches_filters": {"current": []},
        "meta": meta | event.meta,
        "current": None if event.action == "delete" else _v1_deal(account, now),
        "previous": None if event.action == "create" else before,
        "event": f"{action}.deal",
        "retry": event.attempt - 1,
    }


def _v1_deal(account: Account, values: dict[str, Any]) -> dict[str, Any]:
    """A deal as version 1 writes it: other names and times, custom fields beside the others."""
    made = {
        _RENAMED_IN_V1.get(name, name): value for name, value in values.items() if name != "custom_fields"
    }
    made["active"] = made["status"] == "open"
    made["visible_to"] = str(made["visible_to"])
    made["products_count"] = len(account.lines.get(values["id"], []))
    made["files_count"] = len(account.files.get(values["id"], []))
    for name in _V1_TIMES:
        made[name] = v1_time(made[name])
    return made | {
        metadata.field_code: _v1_value(metadata, values["custom_fields"].get(metadata.field_code))
        for metadata in account.custom_fields("deal")
    }


def _v1_value(metadata: Field, value: Any) -> Any:
    """A custom field as version 1 writes it: option ids as text, several of them separated by commas."""
    if value is None or metadata.field_type not in ("enum", "set"):
        return value
    return ",".join(str(part) for part in value) if isinstance(value, list) else str(value)


def is_reachable(url: str) -> bool:
    """Whether a delivery can go to `url`: TLS, or this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (
        parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    )
