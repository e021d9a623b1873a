"""The webhooks that somebody set up: at most five of a type, passwords readable, off after six failures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlconnector.standins.cin7.answers import refusal
from mlconnector.standins.cin7.endpoint import Asked, Handler
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.records import Row

MOST_OF_A_TYPE = 5
# When an event is delivered: so many minutes after it, then after the attempt before.
ATTEMPT_MINUTES = (1, 5, 10, 15, 20, 25)
_SALE = (
    *("Created", "QuoteAuthorised", "OrderAuthorised", "Voided", "Backordered", "ShipmentAuthorised"),
    *("InvoiceAuthorised", "PickAuthorised", "PackAuthorised", "CreditNoteAuthorised", "Undo"),
    *("PartialPaymentReceived", "FullPaymentReceived", "AttachmentAdded", "AdditionalAttributesChanged"),
    "ShipmentTrackingNumberChanged",
)
_PURCHASE = (
    "OrderAuthorised", "InvoiceAuthorised", "StockReceivedAuthorised", "CreditNoteAuthorised", "Updated",
)  # fmt: skip
TYPES = (
    *(f"Sale/{name}" for name in _SALE),
    *(f"Purchase/{name}" for name in _PURCHASE),
    *("Customer/Updated", "Supplier/Updated", "Product/Updated", "Stock/AvailableStockLevelChanged"),
    *("Lead/Updated", "Lead/Converted", "Opportunity/Authorized", "Opportunity/AttachmentAdded"),
    *("Opportunity/Voided", "Opportunity/Converted", "Task/Overdue"),
)
_SECRETS = {
    "noauth": (),
    "basicauth": ("ExternalUserName", "ExternalPassword"),
    "bearerauth": ("ExternalBearerToken",),
}


class Registrations:
    """The webhooks as they stand."""

    def __init__(self) -> None:
        self.webhooks: list[Row] = []
        self.made = 0

    def endpoints(self) -> dict[str, Handler]:
        """What each method does."""
        return {"GET": self._get, "POST": self._post, "PUT": self._put, "DELETE": self._delete}

    def of_type(self, event_type: str) -> list[Row]:
        """The active webhooks of a type."""
        return [each for each in self.webhooks if each["Type"] == event_type and each["IsActive"]]

    def attempt(
        self, webhook: Row, send: Callable[[Row], int | None], wait: Callable[[float], None]
    ) -> list[int | None]:
        """Deliver an event until it is taken; after six failures the webhook is turned off."""
        answers: list[int | None] = []
        for minutes in ATTEMPT_MINUTES:
            wait(60.0 * minutes)
            answers.append(send(webhook))
            if answers[-1] in range(200, 300):
                return answers
        webhook["IsActive"] = False
        return answers

    def _get(self, _: Asked) -> Row:
        return {"Webhooks": self.webhooks}

    def _post(self, asked: Asked) -> Row:
        made = self._checked(asked.body)
        if sum(each["Type"] == made["Type"] for each in self.webhooks) >= MOST_OF_A_TYPE:
            raise refusal(400, f"Limit of {MOST_OF_A_TYPE} webhooks of type {made['Type']} is reached")
        self.made += 1
        made["ID"] = guid("webhook", self.made)
        self.webhooks.append(made)
        return {"Webhooks": [made]}

    def _put(self, asked: Asked) -> Row:
        webhook = self._found(str((asked.body or {}).get("ID", "")))
        webhook |= self._checked(webhook | asked.body) | {"ID": webhook["ID"]}
        return {"Webhooks": [webhook]}

    def _delete(self, asked: Asked) -> Row:
        self.webhooks.remove(self._found(asked.query.required("ID")))
        return {"Webhooks": []}

    def _found(self, webhook_id: str) -> Row:
        for webhook in self.webhooks:
            if webhook["ID"] == webhook_id.lower():
                return webhook
        raise refusal(400, "Webhook was not found", as_list=True)

    def _checked(self, body: Any) -> Row:
        if not isinstance(body, dict):
            raise refusal(400, "Body is required")
        kind = str(body.get("ExternalAuthorizationType", ""))
        needed = ("Type", "IsActive", "ExternalURL", "ExternalAuthorizationType", *_SECRETS.get(kind, ()))
        missing = [name for name in needed if body.get(name) in (None, "")]
        if missing:
            raise refusal(400, f"Required fields are missing: {', '.join(missing)}", as_list=True)
        if body["Type"] not in TYPES or kind not in _SECRETS:
            raise refusal(400, "Type or ExternalAuthorizationType is not valid", as_list=True)
        return {
            "ID": "",
            "Type": body["Type"],
            "Name": body["Type"].replace("/", " "),
            "IsActive": bool(body["IsActive"]),
            "ExternalURL": body["ExternalURL"],
            "ExternalAuthorizationType": kind,
            "ExternalUserName": body.get("ExternalUserName"),
            "ExternalPassword": body.get("ExternalPassword"),
            "ExternalBearerToken": body.get("ExternalBearerToken"),
            "ExternalHeaders": body.get("ExternalHeaders") or [],
        }
