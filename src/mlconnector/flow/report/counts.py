"""Counts: how much there is of what, for commands that follow the work or sum it up."""

from __future__ import annotations

from datetime import UTC, datetime

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.store import documents, httplog, vouchers
from mlconnector.store import hints as webhook_hints

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def states(context: Context) -> dict[str, int]:
    """How many vouchers of a connection are in which state."""
    with context.read() as db:
        return vouchers.states(db, context.name).get(context.name, {})


def hints(context: Context) -> int:
    """How many webhook hints wait."""
    with context.read() as db:
        return webhook_hints.counts(db, context.name).waiting


def filed_documents(services: Services) -> int:
    """How many documents are filed in DATEV."""
    with services.database.read() as db:
        return documents.counts(db).get("filed", 0)


def sent_requests(context: Context) -> dict[str, int]:
    """How many requests of each kind to the sink the technical log has."""
    system = context.settings.sink_system.name
    context.http_log.flush()
    counted = httplog.shares(context.database, context.name, _BEGINNING, system).by_method
    return {f"{method.lower()}s": counted.get(method, 0) for method in ("GET", "PUT", "POST")}
