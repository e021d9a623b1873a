"""Registering webhooks in Cin7 Core: one for each event that concerns a document or a payment.

Facts: the API description of version 2. It takes at most five of one type, and switches one off that failed
six times in a row, for good. It needs the Automation module in the subscription.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.cin7.client import Client
from mlconnector.systems.cin7.names import TITLE
from mlconnector.systems.cin7.settings import Settings, webhook_secrets
from mlconnector.systems.cin7.source import connected
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.source import SourceContext

_OF_SALES = (
    "Sale/InvoiceAuthorised",
    "Sale/CreditNoteAuthorised",
    "Sale/Undo",
    "Sale/Voided",
    "Sale/PartialPaymentReceived",
    "Sale/FullPaymentReceived",
    "Sale/AttachmentAdded",
)
_OF_PURCHASES = ("Purchase/InvoiceAuthorised", "Purchase/CreditNoteAuthorised", "Purchase/Updated")


def wanted(settings: Settings) -> tuple[str, ...]:
    """The events that are told of, as far as the connection reads what they concern."""
    return {"sales": _OF_SALES, "purchases": _OF_PURCHASES, "both": _OF_SALES + _OF_PURCHASES}[settings.read]


def register(context: SourceContext, address: str) -> Sequence[str]:
    """Let all events be told to an address, those that Cin7 switched off again as well; returns them.

    What is there already is kept, with the key of now. Raises the four errors.
    """
    settings: Settings = context.settings
    if settings.webhook is None or not all(context.secrets.get(name) for name in webhook_secrets(settings)):
        raise NeedsHuman(Problem("webhook_not_set_up", {"system": TITLE}))
    with _opened(context) as client:
        there = {one.type: one.id for one in client.registrations() if one.external_url == address}
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
        for one in own:
            client.end_registration(one.id)
        return [one.type or "" for one in own]


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
