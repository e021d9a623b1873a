"""Webhook deliveries: a RemoteExecutionContext in JSON, proved only by a fixed secret.

Facts: Microsoft Learn, "Use Webhooks to create external handlers for server events": headers, what is left
out of a body above 256 KB, one further try after 502, 503 and 504, sixty seconds for an answer.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import msgspec

from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.identities import (
    BUSINESS_UNIT_ID,
    ORGANIZATION_ID,
    SALES_USER_ID,
    guid,
)
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import OPTION_TYPES, Column, tables
from mlconnector.standins.dynamics.times import ZONE, instant, json_date

Message = Literal["Create", "Update", "Delete", "ConvertSalesOrderToInvoice"]
LARGEST = 256 * 1024
TIMEOUT = 60
_LEFT_OUT = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
_TRIED_ONCE_MORE = frozenset({502, 503, 504})
_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
_KEY, _HEADER, _QUERY = 4, 5, 6
_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Authentication:
    """How a delivery proves where it comes from, as registered: `kind` is an authtype."""

    kind: int = _HEADER
    values: Mapping[str, str] = field(default_factory=lambda: {"X-ML-Connector-Key": "demo-webhook-key"})

    @property
    def headers(self) -> dict[str, str]:
        """The headers with the secret."""
        return dict(self.values) if self.kind == _HEADER else {}

    def address(self, url: str) -> str:
        """The address with the secret."""
        if self.kind == _HEADER:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(self.values)}"


@dataclass(frozen=True)
class Event:
    """One thing that happened to a record; `changed` are the columns whose values it carries.

    `image` are the columns of the image before the event, when one is registered.
    """

    message: Message
    table: str
    id: str
    changed: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    step: str = guid("step")


def registered(endpoint: Row) -> Authentication:
    """The authentication that belongs to the row of a service endpoint."""
    if endpoint["authtype"] == _KEY:
        return Authentication(_KEY, {"code": endpoint["authvalue"]})
    settings = ET.fromstring(endpoint["authvalue"])  # noqa: S314
    values = {str(each.get("name")): str(each.get("value")) for each in settings.iter("setting")}
    return Authentication(endpoint["authtype"], values)


def delivery(
    environment: Environment, event: Event, authentication: Authentication, host: str
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of the delivery of `event` from the environment at `host`."""
    context = _context(environment, event)
    body = _encoder.encode(context)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-request-id": context["CorrelationId"],
        "x-ms-correlation-request-id": context["CorrelationId"],
        "x-ms-dynamics-organization": host,
        "x-ms-dynamics-entity-name": context["PrimaryEntityName"],
        "x-ms-dynamics-request-name": event.message,
    }
    if len(body) > LARGEST:
        body = _encoder.encode({name: value for name, value in context.items() if name not in _LEFT_OUT})
        headers["x-ms-dynamics-msg-size-exceeded"] = "true"
    return body, headers | authentication.headers


def post(url: str, body: bytes, headers: Mapping[str, str], authentication: Authentication) -> httpx.Response:
    """Send a delivery; after 502, 503 and 504 exactly once more."""
    address = authentication.address(url)
    answer = httpx.post(address, content=body, headers=dict(headers), timeout=TIMEOUT)
    if answer.status_code in _TRIED_ONCE_MORE:
        answer = httpx.post(address, content=body, headers=dict(headers), timeout=TIMEOUT)
    return answer


def _context(environment: Environment, event: Event) -> Row:
    now = instant(environment.clock())
    offset = datetime.fromisoformat(now).astimezone(ZONE).strftime("%z")
    identity, table = event.id, event.table
    inputs, outputs, images = [_pair("Target", _target(environment, event))], [], []
    if event.image:
        row = environment.row(table, identity)
        images = [_pair("before", _entity(environment, table, row, event.image))]
    if event.message == "ConvertSalesOrderToInvoice":
        invoice = environment.row("invoice", event.id)
        table, identity = invoice["salesorderid"]
        inputs = [
            _pair("SalesOrderId", identity),
            _pair("ColumnSet", {"AllColumns": True, "AttributeExpressions": [], "Columns": []}),
        ]
        outputs = [_pair("Entity", _entity(environment, "invoice", invoice, tuple(invoice)))]
    return {
        "BusinessUnitId": BUSINESS_UNIT_ID,
        "CorrelationId": str(uuid4()),
        "Depth": 1,
        "InitiatingUserAzureActiveDirectoryObjectId": "00000000-0000-0000-0000-000000000000",
        "InitiatingUserId": SALES_USER_ID,
        "InputParameters": inputs,
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": event.message,
        "Mode": 1,
        "OperationCreatedOn": json_date(now, offset),
        "OperationId": str(uuid4()),
        "OrganizationId": ORGANIZATION_ID,
        "OrganizationName": str(environment.organization()["name"]),
        "OutputParameters": outputs,
        "OwningExtension": {
            "Id": event.step,
            "KeyAttributes": [],
            "LogicalName": "sdkmessageprocessingstep",
            "Name": None,
            "RowVersion": None,
        },
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": images,
        "PrimaryEntityId": identity,
        "PrimaryEntityName": table,
        "RequestId": None,
        "SecondaryEntityName": "none",
        "SharedVariables": [],
        "Stage": 40,
        "UserId": SALES_USER_ID,
    }


def _target(environment: Environment, event: Event) -> Row:
    if event.message == "Delete":
        return _reference(event.table, event.id)
    row = environment.row(event.table, event.id)
    columns = tuple(row) if event.message == "Create" else (*event.changed, "modifiedon")
    return _entity(environment, event.table, row, columns)


def _entity(environment: Environment, table: str, row: Row, columns: tuple[str, ...]) -> Row:
    key, known = tables()[table].key, environment.columns[table]
    named = [name for name in dict.fromkeys((*columns, key)) if name in known and known[name].type != "file"]
    return {
        "__type": f"Entity:{_CONTRACTS}",
        "Attributes": [_pair(name, _value(row.get(name), known[name])) for name in named],
        "EntityState": None,
        "FormattedValues": [],
        "Id": row[key],
        "KeyAttributes": [],
        "LogicalName": table,
        "RelatedEntities": [],
        "RowVersion": str(row["versionnumber"]),
    }


def _value(value: Any, column: Column) -> Any:
    if value is None:
        return None
    if column.type in OPTION_TYPES:
        return {"__type": f"OptionSetValue:{_CONTRACTS}", "Value": value}
    match column.type:
        case "money":
            return {"__type": f"Money:{_CONTRACTS}", "Value": value}
        case "lookup":
            return _reference(value[0], value[1])
        case "datetime" | "localdate" | "fixeddate" | "fixedtime":
            return json_date(value)
        case "date":
            midnight = datetime.combine(date.fromisoformat(value), time())
            return json_date(f"{midnight:%Y-%m-%dT%H:%M:%S}Z")
    return value


def _reference(table: str, identity: str) -> Row:
    return {
        "__type": f"EntityReference:{_CONTRACTS}",
        "Id": identity,
        "KeyAttributes": [],
        "LogicalName": table,
        "Name": None,
        "RowVersion": None,
    }


def _pair(key: str, value: Any) -> Row:
    return {"key": key, "value": value}
