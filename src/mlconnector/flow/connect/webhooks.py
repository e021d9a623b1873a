"""Registering: a source sends its webhooks to us, or ceases to, where it lets programs set that up."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.model.problems import Problem
from mlconnector.store.audit import AuditEvent, append
from mlconnector.systems.source import WebhookSetup


def webhook_address(services: Services, name: str) -> str:
    """Where a connection's webhooks arrive, as the outside knows it."""
    return f"{services.settings.public_url.rstrip('/')}/webhooks/{name}"


def register(services: Services, name: str) -> Sequence[str]:
    """Let the source send its webhooks to us; returns the events that it will tell of.

    Raises NeedsHuman where that can only be done by hand, and one of the four errors.
    """
    return _set(services, name, services.connection(name).system.register_webhook, "webhook_registered")


def unregister(services: Services, name: str) -> Sequence[str]:
    """Let the source send no more webhooks to us; returns the events that it told of, none for not at all.

    Raises NeedsHuman where that can only be done by hand, and one of the four errors.
    """
    return _set(services, name, services.connection(name).system.unregister_webhook, "webhook_unregistered")


def _set(services: Services, name: str, how: WebhookSetup | None, event: str) -> Sequence[str]:
    address = webhook_address(services, name)
    if how is None:
        facts = {"system": services.connection(name).system.title, "address": address}
        raise NeedsHuman(Problem("webhook_by_hand", facts))
    events = how(services.source_context(name), address)
    detail = {"address": address, "events": list(events)}
    with services.database.write() as db:
        append(db, [AuditEvent(name, name, event, detail)], services.now())
    services.http_log.flush()
    return events
