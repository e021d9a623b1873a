"""Webhook deliveries: whether they are genuine, and which invoices and customers they speak of.

The body is a RemoteExecutionContext in JSON. Dataverse signs nothing; it sends a secret in a header. Facts:
https://learn.microsoft.com/power-apps/developer/data-platform/use-webhooks. Of what is larger than 256 KB it
leaves out the parameters and images, and keeps the id of the record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlconnector.systems.dynamics.client import is_id
from mlconnector.systems.dynamics.settings import Webhook
from mlconnector.systems.source import Delivery, Hint, Malformed, Refused
from mlconnector.systems.webhook_keys import check_key, object_of, set_up

_INVOICE, _LINE = "invoice", "invoicedetail"
_OF_CUSTOMERS = frozenset({"Create", "Update"})
_NOTHING = "00000000-0000-0000-0000-000000000000"


def verify(delivery: Delivery, webhook: Webhook | None, secrets: Mapping[str, str]) -> None:
    """Raise Refused unless the delivery brings the key; without settings or key none is genuine."""
    check_key(delivery, set_up(webhook).header, secrets.get("webhook_key", ""))


def understood(body: bytes, organization: str | None, customers: Collection[str] = ()) -> Hint:
    """The invoices that a body speaks of; none for other records and where it does not say. Raises Malformed.

    New and changed customers, in the tables `customers`, are named `<table>/<id>`. Raises Refused for another
    organisation than that of the connection: a copy of an environment keeps its registrations.
    """
    content = object_of(body)
    if not isinstance(content.get("MessageName"), str):
        raise Malformed("the body has no MessageName")
    sender = content.get("OrganizationId")
    if organization and sender and str(sender).lower() != organization.lower():
        raise Refused("it comes from another organisation, perhaps a copy of the environment")
    table = content.get("PrimaryEntityName")
    if table in customers and content["MessageName"] in _OF_CUSTOMERS:
        prefix, ids = f"{table}/", [_id(content.get("PrimaryEntityId"))]
    else:
        prefix, ids = "", [_id(each) for each in _concerned(content)]
    # Two deliveries of one event are the same to the byte; the body itself tells them apart from others.
    return Hint(None, tuple(f"{prefix}{each}" for each in dict.fromkeys(ids) if each != _NOTHING))


def _concerned(content: Mapping[str, Any]) -> Iterator[Any]:
    table = content.get("PrimaryEntityName")
    if table == _INVOICE:
        yield content.get("PrimaryEntityId")
    elif table == _LINE:
        for line in _records(content, _LINE):
            for attribute in _pairs(line.get("Attributes")):
                if attribute.get("key") == "invoiceid" and isinstance(attribute.get("value"), dict):
                    yield attribute["value"].get("Id")
    else:
        # ConvertSalesOrderToInvoice is an event of the order; the invoice is what came out.
        for record in _records(content, _INVOICE):
            yield record.get("Id")


def _records(content: Mapping[str, Any], table: str) -> Iterator[Mapping[str, Any]]:
    """Records of a table, or references to them, among parameters and images."""
    for name in ("InputParameters", "OutputParameters", "PreEntityImages", "PostEntityImages"):
        for pair in _pairs(content.get(name)):
            value = pair.get("value")
            if isinstance(value, dict) and value.get("LogicalName") == table:
                yield value


def _pairs(pairs: Any) -> list[Mapping[str, Any]]:
    return [each for each in pairs if isinstance(each, dict)] if isinstance(pairs, list) else []


def _id(value: Any) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise Malformed("an id is not one of a record")
    return value.lower()
