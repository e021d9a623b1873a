"""The inbox of verified webhook deliveries: hints that wait until the records behind them are read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from mlconnector.store.sets import parts
from mlconnector.store.tables import webhook_inbox as inbox
from mlconnector.store.upsert import add_row


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A delivery in the inbox; `external_ids` are the records that it names."""

    id: str
    connection: str
    received_at: datetime
    body: bytes
    external_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """How many deliveries of a connection wait, since when, and how many were taken."""

    waiting: int
    taken: int
    oldest_waiting: datetime | None


def keep(
    connection: Connection,
    delivery: str,
    name: str,
    body: bytes,
    external_ids: Sequence[str],
    now: datetime,
    *,
    has_own_id: bool = True,
) -> bool:
    """Keep a delivery under its id; False when it is known already, and nothing changes.

    The id is a hash over the connection as well: two connections never share a delivery. Without an id of its
    own (`has_own_id`) an event may be told by the very words of an earlier one: then a delivery that waits is
    the same, and waits from now on, and one that was taken is new.
    """
    row = {
        "id": delivery,
        "connection": name,
        "received_at": now,
        "body": body,
        "external_ids": json.dumps(list(external_ids)),
    }
    if add_row(connection, inbox, row):
        return True
    if has_own_id:
        return False
    known = inbox.c.id == delivery
    if connection.execute(
        update(inbox).where(known, inbox.c.taken_at.is_not(None)).values(received_at=now, taken_at=None)
    ).rowcount:
        return True
    connection.execute(update(inbox).where(known).values(received_at=now))
    return False


def waiting(connection: Connection, name: str, limit: int) -> list[KeptDelivery]:
    """The oldest deliveries of a connection that nobody took yet."""
    query = (
        select(inbox)
        .where(inbox.c.connection == name, inbox.c.taken_at.is_(None))
        .order_by(inbox.c.received_at, inbox.c.id)
        .limit(limit)
    )
    return [
        KeptDelivery(row.id, row.connection, row.received_at, row.body, tuple(json.loads(row.external_ids)))
        for row in connection.execute(query)
    ]


def mark_taken(
    connection: Connection, deliveries: Sequence[str], now: datetime, until: datetime | None = None
) -> int:
    """Note that deliveries were worked off; how many of them had been waiting.

    One that was told again after `until`, when its records were being read, goes on waiting.
    """
    taken = 0
    for part in parts(deliveries):
        mark = update(inbox).where(inbox.c.id.in_(part), inbox.c.taken_at.is_(None))
        if until is not None:
            mark = mark.where(inbox.c.received_at <= until)
        taken += connection.execute(mark.values(taken_at=now)).rowcount
    return taken


def counts(connection: Connection, name: str) -> InboxCounts:
    """How full the inbox of a connection is."""
    waits = inbox.c.taken_at.is_(None)
    query = select(
        func.count().filter(waits),
        func.count(inbox.c.taken_at),
        func.min(inbox.c.received_at).filter(waits),
    ).where(inbox.c.connection == name)
    return InboxCounts(*connection.execute(query).one())


def purge(connection: Connection, before: datetime) -> int:
    """Forget deliveries that were taken before a moment; how many there were."""
    return connection.execute(delete(inbox).where(inbox.c.taken_at < before)).rowcount
