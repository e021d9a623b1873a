"""Registering webhooks in Dataverse: an address with its key, and the events that are told there.

Facts: https://learn.microsoft.com/power-apps/developer/data-platform/register-web-hook and the tables
serviceendpoint and sdkmessageprocessingstep of the table reference. It needs rights that reading does not,
those of the role System Customizer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.dynamics.answers import explain
from mlconnector.systems.dynamics.client import HEADERS, Client
from mlconnector.systems.dynamics.login import entra_tokens
from mlconnector.systems.dynamics.settings import SYSTEM, TITLE, Settings, Webhook
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.source import SourceContext

# Events by their message and the table that they are of; with customers that are followed, these as well.
EVENTS = (
    ("Create", "invoice"),
    ("Update", "invoice"),
    ("Delete", "invoice"),
    ("ConvertSalesOrderToInvoice", "salesorder"),
)
_OF_CUSTOMERS = ("Create", "Update")
_WEBHOOK, _BY_HEADER, _NORMAL, _NO_CLAIM, _JSON = 8, 5, 1, 1, 2
_AFTERWARDS, _ASYNCHRONOUS = 40, 1
_ID = re.compile(r"\(([0-9a-fA-F-]{36})\)$")


def register(context: SourceContext, address: str) -> Sequence[str]:
    """Let invoices that are created, changed or deleted be told to an address; returns the events.

    So are new and changed customers, where they are followed. What is there already is kept, with the key of
    now. Raises the four errors.
    """
    settings: Settings = context.settings
    key = context.secrets.get("webhook_key", "")
    if settings.webhook is None or not key:
        raise NeedsHuman(Problem("webhook_not_set_up", {"system": TITLE}))
    _check(settings, address)
    of_customers = ((message, table) for table in settings.followed_customers for message in _OF_CUSTOMERS)
    with _opened(context) as client:
        endpoint = _endpoint(client, address, _values(settings.webhook, key, address))
        there = {_event_of(step) for step in _steps(client, endpoint)}
        told = []
        for message, table in (*EVENTS, *of_customers):
            event = f"{message} {table}"
            if event in there or _add_step(client, endpoint, message, table):
                told.append(event)
        return told


def unregister(context: SourceContext, address: str) -> Sequence[str]:
    """Let nothing more be told to an address; returns the events that were. Raises the four errors."""
    with _opened(context) as client:
        told = []
        for found in _endpoints(client, address):
            endpoint = str(found["serviceendpointid"])
            for step in _steps(client, endpoint):
                told.append(_event_of(step))
                client.send("DELETE", f"sdkmessageprocessingsteps({step['sdkmessageprocessingstepid']})")
            client.send("DELETE", f"serviceendpoints({endpoint})")
        return told


@contextmanager
def _opened(context: SourceContext) -> Iterator[Client]:
    settings: Settings = context.settings
    tokens = entra_tokens(context)
    http = context.http(
        SYSTEM, settings.environment, explain=explain, auth=BearerAuth(tokens), headers=HEADERS
    )
    try:
        yield Client(http, settings.environment)
    finally:
        http.close()
        tokens.close()


def _check(settings: Settings, address: str) -> None:
    """Dataverse reaches the usual port of HTTPS only; an environment on this machine reaches this machine."""
    parts = urlsplit(address)
    usual = parts.scheme == "https" and parts.port in {None, 443}
    if not usual and not settings.environment.startswith("http://"):
        raise NeedsHuman(Problem("webhook_address_unreachable", {"address": address}))


def _values(webhook: Webhook, key: str, address: str) -> Raw:
    setting = f"<setting name={quoteattr(webhook.header)} value={quoteattr(key)} />"
    return {
        "name": f"ml-connector {address.rpartition('/')[2]}",
        "url": address,
        "contract": _WEBHOOK,
        "authtype": _BY_HEADER,
        "authvalue": f"<settings>{setting}</settings>",
        "connectionmode": _NORMAL,
        "userclaim": _NO_CLAIM,
        "messageformat": _JSON,
        "path": "",
        "solutionnamespace": "",
    }


def _endpoints(client: Client, address: str) -> list[Raw]:
    written = address.replace("'", "''")
    where = f"url eq '{written}' and contract eq {_WEBHOOK}"
    return list(client.rows("serviceendpoint", ("serviceendpointid",), where))


def _endpoint(client: Client, address: str, values: Raw) -> str:
    there = _endpoints(client, address)
    if there:
        known = str(there[0]["serviceendpointid"])
        client.send("PATCH", f"serviceendpoints({known})", values)
        return known
    made = _ID.search(client.send("POST", "serviceendpoints", values).headers.get("OData-EntityId", ""))
    if made is None:
        raise Broken("dynamics did not say which service endpoint it has created")
    return made[1].lower()


def _steps(client: Client, endpoint: str) -> list[Raw]:
    columns = ("sdkmessageprocessingstepid", "name")
    return list(client.rows("sdkmessageprocessingstep", columns, f"_eventhandler_value eq {endpoint}"))


def _event_of(step: Raw) -> str:
    return str(step.get("name") or "").removeprefix("ml-connector: ")


def _add_step(client: Client, endpoint: str, message: str, table: str) -> bool:
    """Add the step of an event; False when the environment does not know such an event."""
    messages = list(client.rows("sdkmessage", ("sdkmessageid",), f"name eq '{message}'"))
    if not messages:
        return False
    message_id = messages[0]["sdkmessageid"]
    where = f"primaryobjecttypecode eq '{table}' and _sdkmessageid_value eq {message_id}"
    filters = list(client.rows("sdkmessagefilter", ("sdkmessagefilterid",), where))
    if not filters:
        return False
    client.send(
        "POST",
        "sdkmessageprocessingsteps",
        {
            "name": f"ml-connector: {message} {table}",
            "mode": _ASYNCHRONOUS,
            "stage": _AFTERWARDS,
            "rank": 1,
            "supporteddeployment": 0,
            "asyncautodelete": True,
            "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
            "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filters[0]['sdkmessagefilterid']})",
            "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        },
    )
    return True
