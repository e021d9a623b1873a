"""Registering: a source sends its webhooks to us, or ceases to, where it lets programs set that up."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.model.problems import Problem
from mlconnector.store.audit import append
from mlconnector.systems.source import WebhookSetup


def webhook_address(context: Context) -> str:
    """Where a connection's webhooks arrive, as the outside knows it; a secret where it has to be."""
    plain = f"{context.services.settings.public_url.rstrip('/')}/webhooks/{context.name}"
    if not context.settings.source_system.secret_webhook_address:
        return plain
    return f"{plain}/{_secret_parts(context)[0]}"


def is_address(context: Context, given: str) -> bool:
    """Whether `given` is what stands behind the connection's name in the address of its webhooks."""
    if not context.settings.source_system.secret_webhook_address:
        return not given
    return any(hmac.compare_digest(given.encode(), one.encode()) for one in _secret_parts(context))


def _secret_parts(context: Context) -> tuple[str, ...]:
    """What nobody guesses; under an older master key it goes on being right as long as that key is given."""
    return context.vault.tokens(f"address of the webhooks of {context.name}")


def register(context: Context, by: str = "") -> Sequence[str]:
    """Let the source send its webhooks to us; returns the events that it will tell of.

    Raises NeedsHuman where that can only be done by hand, and one of the four errors.
    """
    return _set(context, context.settings.source_system.register_webhook, "webhook_registered", by)


def unregister(context: Context, by: str = "") -> Sequence[str]:
    """Let the source send no more webhooks to us; returns the events that it told of, none for not at all.

    Raises NeedsHuman where that can only be done by hand, and one of the four errors.
    """
    return _set(context, context.settings.source_system.unregister_webhook, "webhook_unregistered", by)


def _set(context: Context, how: WebhookSetup | None, event: str, by: str) -> Sequence[str]:
    address = webhook_address(context)
    if how is None:
        facts = {"system": context.settings.source_system.title, "address": address}
        raise NeedsHuman(Problem("webhook_by_hand", facts))
    events = how(context.source_context(), address)
    # Who reads the audit trail need not know the part of an address that is secret.
    told = f"{address.partition('/webhooks/')[0]}/webhooks/{context.name}"
    detail = {"address": told, "events": list(events), **({"by": by} if by else {})}
    with context.write() as db:
        append(db, [context.event(context.name, event, detail)], context.now())
    context.http_log.flush()
    return events
