"""Registering webhooks in Cin7 Core: one for each event that concerns a document or a payment.

Facts: the API description of version 2. It takes at most five of one type, and switches one off that failed
six times in a row, for good. It needs the Automation module in the subscription.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.cin7.client import Client
from mlconnector.systems.cin7.connection import connected
from mlconnector.systems.cin7.names import TITLE
from mlconnector.systems.cin7.settings import Settings, webhook_secrets
from mlconnector.systems.cin7.webhook_state import ADDRESS, LOOKED_AT, switched_off, wanted
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.source import SourceContext

LOOK_EVERY = timedelta(hours=20)


def register(context: SourceContext, address: str) -> Sequence[str]:
    """Let all events be told to an address, those that Cin7 switched off again as well; returns them.

    What is there already is kept, with the key of now. Raises the four errors.
    """
    settings: Settings = context.settings
    if settings.webhook is None or not all(context.secrets.get(name) for name in webhook_secrets(settings)):
        raise NeedsHuman(Problem("webhook_not_set_up", {"system": TITLE}))
    with _opened(context) as client:
        there = {one.type: one.id for one in client.registrations() if one.external_url == address}
        context.memory.remember(ADDRESS, address)
        for event in wanted(settings):
            body = _body(context, event, address)
            if event in there:
                client.change_registration("PUT", {**body, "ID": there[event]})
            else:
                client.change_registration("POST", body)
        return wanted(settings)


def unregister(context: SourceContext, address: str) -> Sequence[str]:
    """Let nothing more be told to an address; returns the events that were. Raises the four errors."""
    with _opened(context) as client:
        own = [one for one in client.registrations() if one.external_url == address]
        context.memory.remember(ADDRESS, None)
        for one in own:
            client.end_registration(one.id)
        return [one.type or "" for one in own]


def keep_active(context: SourceContext, client: Client) -> None:
    """Switch webhooks on again that Cin7 has switched off; asked once a day. Raises the four errors."""
    settings: Settings = context.settings
    address, now = context.memory.recall(ADDRESS), context.now()
    if settings.webhook is None or not address:
        return
    looked = context.memory.recall(LOOKED_AT)
    if looked is not None and now - datetime.fromisoformat(str(looked)) < LOOK_EVERY:
        return
    if switched_off(context, client):
        register(context, str(address))
    context.memory.remember(LOOKED_AT, now.isoformat())


@contextmanager
def _opened(context: SourceContext) -> Iterator[Client]:
    client = connected(context)
    try:
        yield client
    finally:
        client.close()


def _body(context: SourceContext, event: str, address: str) -> Raw:
    settings: Settings = context.settings
    body: Raw = {"Type": event, "IsActive": True, "ExternalURL": address, "ExternalHeaders": []}
    webhook, key = settings.webhook, context.secrets.get("webhook_key", "")
    mode = webhook.mode if webhook else "header"
    if mode == "bearer":
        return {**body, "ExternalAuthorizationType": "bearerauth", "ExternalBearerToken": key}
    if mode == "basic":
        return {
            **body,
            "ExternalAuthorizationType": "basicauth",
            "ExternalUserName": context.secrets["webhook_user"],
            "ExternalPassword": context.secrets["webhook_password"],
        }
    header = {"Key": webhook.header if webhook else "", "Value": key}
    return {**body, "ExternalAuthorizationType": "noauth", "ExternalHeaders": [header]}
