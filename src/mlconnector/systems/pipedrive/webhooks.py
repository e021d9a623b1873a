"""Webhook deliveries: whether they are genuine, and which deals they speak of.

Pipedrive itself authenticates its webhooks by HTTP Basic only; signatures come from relays. Bodies exist in
two versions (https://pipedrive.readme.io/docs/guide-for-webhooks and guide-for-webhooks-v2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconnector.systems.pipedrive.client import is_id
from mlconnector.systems.pipedrive.settings import Webhook
from mlconnector.systems.source import Delivery, Hint, Malformed
from mlconnector.systems.webhook_keys import check_basic, check_hmac, object_of, set_up


def verify(delivery: Delivery, webhook: Webhook | None, secrets: Mapping[str, str]) -> None:
    """Raise Refused unless the delivery is genuine; without settings or secrets none is."""
    rule = set_up(webhook)
    if rule.mode == "basic":
        check_basic(delivery, secrets.get("webhook_user", ""), secrets.get("webhook_password", ""))
    else:
        check_hmac(delivery, rule.header, secrets.get("webhook_key", ""), rule.encoding, rule.prefix)


def understood(body: bytes) -> Hint:
    """The deals that a body of either version speaks of; none for other records. Raises Malformed."""
    content = object_of(body)
    meta = content.get("meta")
    if not isinstance(meta, dict):
        raise Malformed("the body has no meta")
    if "entity" in meta:
        return _second_version(meta, content)
    if "object" in meta:
        return _first_version(meta)
    raise Malformed("the body does not say what it is about")


def _second_version(meta: Mapping[str, Any], content: Mapping[str, Any]) -> Hint:
    delivery_id = str(meta["id"]) if meta.get("id") else None
    if meta["entity"] == "deal":
        return Hint(delivery_id, _ids(meta, "entity_id", "merged_to_id", "merged_from_id"))
    record = content.get("data") or content.get("previous")
    if isinstance(record, dict) and str(meta["entity"]).startswith("deal"):
        # Lines and instalments of a deal are entities of their own, and need not change the deal itself.
        return Hint(delivery_id, _ids(record, "deal_id"))
    return Hint(delivery_id, ())


def _first_version(meta: Mapping[str, Any]) -> Hint:
    parts = [meta.get(name) for name in ("webhook_id", "object", "id", "timestamp_micro")]
    delivery_id = None if None in parts else "/".join(str(part) for part in parts)
    return Hint(delivery_id, _ids(meta, "id") if meta["object"] == "deal" else ())


def _ids(record: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """Ids of deals, which come as numbers or as texts of digits. Raises Malformed for anything else."""
    found = [str(record[name]) for name in names if record.get(name) is not None]
    if not all(is_id(each) for each in found):
        raise Malformed("an id is not one of a deal")
    return tuple(dict.fromkeys(found))
