"""Registering: a source sends its webhooks to us, or ceases to, where it lets programs set that up."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.errors import NeedsHuman
from mlconnector.flow.services import Services
from mlconnector.model.problems import Problem
from mlconnector.store.audit import AuditEvent, append


def webhook_address(services: Services, name: str) -> str:
    """Where a connection's webhooks arrive, as the outside knows it."""
    return f"{services.settings.public_url.rstrip('/')}/webhooks/{name}"


def register(services: Services, name: str) -> Sequence[str]:
    """Let the source send its webhooks to us; returns the events that it will tell of.

    Raises NeedsHuman where that can only be done by hand, and one of the four errors.
    """
    system = services.connection(name).system
    if system.register_webhook is None:
        raise _by_hand(services, name)
    events = system.register_webhook(services.source_context(name), webhook_address(services, name))
    _note(services, name, "webhook_registered", events)
    return events


def unregister(services: Services, name: str) -> Sequence[str]:
    """Let the source send no more webhooks to us; returns the events that it told of, none for not at all.

    Raises NeedsHuman where that can only be done by hand, and one of the four errors.
    """
    system = services.connection(name).system
    if system.unregister_webhook is None:
        raise _by_hand(services, name)
    events = system.unregister_webhook(services.source_context(name), webhook_address(services, name))
    _note(services, name, "webhook_unregistered", events)
    return events


def _by_hand(services: Services, name: str) -> NeedsHuman:
    facts = {"system": services.connection(name).system.title, "address": webhook_address(services, name)}
    return NeedsHuman(Problem("webhook_by_hand", facts))


def _note(services: Services, name: str, event: str, events: Sequence[str]) -> None:
    detail = {"address": webhook_address(services, name), "events": list(events)}
    with services.database.write() as db:
        append(db, [AuditEvent(name, name, event, detail)], services.now())
    services.http_log.flush()
