"""Webhook deliveries: whether they are from Cin7 as far as that can be told, and what they speak of.

Cin7 signs nothing; it can send a bearer token, a user name and password, or a header. Bodies are thin and
differ by event: the id is `SaleID`, `SaleTaskID` or `TaskID`, in either case, of any company. So a delivery
is a hint alone: what it names is read before anything is made of it, and an id that is not there changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlconnector.systems.cin7.names import RecordKind, folded, is_guid, record_name
from mlconnector.systems.cin7.settings import Webhook
from mlconnector.systems.source import Delivery, Hint, Malformed
from mlconnector.systems.webhook_keys import check_basic, check_key, object_of, set_up

_SALE_IDS = ("SaleID", "SaleTaskID")


def verify(delivery: Delivery, webhook: Webhook | None, secrets: Mapping[str, str]) -> None:
    """Raise Refused unless the delivery brings the key; without settings or key none does."""
    rule = set_up(webhook)
    key = secrets.get("webhook_key", "")
    if rule.mode == "basic":
        check_basic(delivery, secrets.get("webhook_user", ""), secrets.get("webhook_password", ""))
    elif rule.mode == "bearer":
        check_key(delivery, "authorization", f"Bearer {key}" if key else "")
    else:
        check_key(delivery, rule.header, key)


def understood(body: bytes) -> Hint:
    """The sales and purchases that a body speaks of; none for other records. Raises Malformed."""
    content = object_of(body)
    event = content.get("EventType")
    kind = _kind(event, content)
    if kind is None:
        return Hint(None, ())
    # Cin7 names no delivery; two of one event are the same to the byte, and the body itself tells them apart.
    return Hint(None, tuple(dict.fromkeys(_names(kind, content))))


def _kind(event: object, content: Mapping[str, Any]) -> RecordKind | None:
    """Which records an event is about. The body that lists whole purchases brings no event."""
    if event is None and "NumberOfPurchase" in content:
        return "purchase"
    if not isinstance(event, str) or not event:
        raise Malformed("the body has no EventType")
    subject = event.partition("/")[0].lower()
    return "sale" if subject == "sale" else "purchase" if subject == "purchase" else None


def _names(kind: RecordKind, content: Mapping[str, Any]) -> Iterator[str]:
    given = [content.get(name) for name in (_SALE_IDS if kind == "sale" else ("TaskID", "PurchaseID", "ID"))]
    listed = content.get("CustomerDetailsList") or content.get("PurchaseList") or []
    if isinstance(listed, list):
        given += [each.get("ID") for each in listed if isinstance(each, dict)]
    for id_ in given:
        if id_ is None:
            continue
        if not isinstance(id_, str) or not is_guid(folded(id_)):
            raise Malformed("an id is not one of Cin7's")
        yield record_name(kind, id_)
