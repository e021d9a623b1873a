"""Retention: what is forgotten, and when; never vouchers, bookings, or the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mlconnector.store import hints, httplog, logins
from mlconnector.store.database import Database

WEBHOOK_DAYS = 30
"""How long a webhook that was taken is kept."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows a sweep removed."""

    requests: int
    logins: int
    webhooks: int


def sweep(database: Database, now: datetime, *, request_days: int, webhook_days: int) -> Forgotten:
    """Forget logged requests, webhooks that were taken long enough ago, and expired logins."""
    requests = httplog.purge(database, now - timedelta(days=request_days))
    with database.write() as transaction:
        expired = logins.purge(transaction, now)
        webhooks = hints.purge(transaction, now - timedelta(days=webhook_days))
    return Forgotten(requests, expired, webhooks)
