"""Webhook deliveries: whether they bring the key, and which record they speak of.

Facts: https://developers.procore.com/documentation/webhooks (payloads 2.0 to 4.0). Procore signs nothing and
sends the header that it was told to. A delivery is a hint alone: what it names is read before anything is
made of it, a deletion too. What it names by a line alone is found by the next pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlconnector.systems.procore.lists import kinds
from mlconnector.systems.procore.names import Name, Project, RecordKind, is_id
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.source import Delivery, Hint, Malformed
from mlconnector.systems.webhook_keys import check_key, object_of, set_up

# What Procore calls the records that are read, folded, in whatever version of the payload.
_KINDS: Mapping[str, RecordKind] = {
    "requisitions": "requisition",
    "requisition": "requisition",
    "subcontractor invoices": "requisition",
    "direct costs": "direct-cost",
    "direct cost": "direct-cost",
    "work order contracts": "work-order",
    "work order contract": "work-order",
    "purchase order contracts": "purchase-order",
    "purchase order contract": "purchase-order",
}


def verify(delivery: Delivery, settings: Settings, secrets: Mapping[str, str]) -> None:
    """Raise Refused unless the delivery brings the key; without settings or key none does."""
    set_up(settings.webhook)
    key = secrets.get("webhook_key", "")
    check_key(delivery, "authorization", f"Bearer {key}" if key else "")


def understood(body: bytes, settings: Settings) -> Hint:
    """The records that a body speaks of; none for other records, companies and our own echo.

    Raises Malformed.
    """
    content = object_of(body)
    delivery_id = content.get("ulid") or content.get("id")
    resource = content.get("resource_type") or content.get("resource_name")
    if not isinstance(delivery_id, str | int) or not isinstance(resource, str) or not resource:
        raise Malformed("the body has no id or names no resource")
    if str(content.get("company_id") or "") not in settings.companies or _is_own(content, settings):
        return Hint(str(delivery_id), ())
    return Hint(str(delivery_id), tuple(dict.fromkeys(names_in(content, settings))))


def names_in(content: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """The names of the records that an event speaks of, whatever its version, as far as they are read."""
    wanted = kinds(settings)
    company, project = _id(content, "company_id"), _id(content, "project_id")
    resource = str(content.get("resource_type") or content.get("resource_name") or "")
    about = [(resource, content.get("resource_id"))]
    related = content.get("related_resources")
    if isinstance(related, list):
        about += [
            (
                str(one.get("resource_type") or one.get("resource_name") or one.get("name") or ""),
                one.get("resource_id") or one.get("id"),
            )
            for one in related
            if isinstance(one, dict)
        ]
    for called, id_ in about:
        kind = _KINDS.get(called.strip().lower())
        if kind in wanted and company and project and is_id(str(id_)):
            yield str(Name(kind, Project(company, project), str(id_)))


def _is_own(content: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the event tells of what we did ourselves."""
    metadata = content.get("metadata")
    application = metadata.get("source_application_id") if isinstance(metadata, dict) else None
    return (
        application is not None
        and settings.webhook is not None
        and str(application) == settings.webhook.application
    )


def _id(content: Mapping[str, Any], name: str) -> str:
    found = str(content.get(name) or "")
    return found if is_id(found) else ""
