"""Which webhooks a connection wants at Cin7 Core, and whether they are still told of."""

from __future__ import annotations

from mlconnector.systems.cin7.client import Client
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.source import SourceContext

# Under which name a source remembers where its webhooks go to.
ADDRESS = "webhook_address"
LOOKED_AT = "webhooks_looked_at"
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


def switched_off(context: SourceContext, client: Client) -> tuple[str, ...]:
    """Which events were registered and are not told of: Cin7 switches off what fails for an hour."""
    address = context.memory.recall(ADDRESS)
    if not address:
        return ()
    active = {one.type for one in client.registrations() if one.external_url == address and one.is_active}
    return tuple(event for event in wanted(context.settings) if event not in active)
