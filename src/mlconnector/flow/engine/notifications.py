"""Notifications as durable work: on a schedule, once for all servers; only where there is a place to tell."""

from __future__ import annotations

from mlconnector.flow.context.services import Services
from mlconnector.flow.notify import telling

SCHEDULE = "*/5 * * * *"


def wanted(services: Services) -> bool:
    """Whether anybody is to be told anything."""
    return telling.is_wanted(services)


def tell(services: Services) -> dict[str, int]:
    """Tell every place what is due; how many were told, and how many could not be reached."""
    told = telling.tell(services)
    return {"sent": len(told.sent), "failed": len(told.failed)}
