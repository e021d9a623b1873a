"""Figures over all connections, counted from the tables at the moment they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select

from mlconnector.store.tables import batches, documents, http_log, transfers, webhook_inbox


@dataclass(frozen=True, slots=True)
class RequestCount:
    """Requests to one system with one method; `outcome` is `2xx` to `5xx`, or `none` without an answer."""

    system: str
    method: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class WaitingHints:
    """Webhook hints of a connection that nobody took yet, and since when the oldest of them waits."""

    connection: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class TransferCounts:
    """What DATEV took since a moment: batches with their job, and documents."""

    batches: int
    documents: int

    @property
    def total(self) -> int:
        """All successful transfers."""
        return self.batches + self.documents


def batch_states(connection: Connection) -> dict[tuple[str, str], int]:
    """How many batches each connection has in which state."""
    query = select(batches.c.connection, batches.c.state, func.count()).group_by(
        batches.c.connection, batches.c.state
    )
    return {(name, state): count for name, state, count in connection.execute(query)}


def waiting_hints(connection: Connection) -> list[WaitingHints]:
    """The connections whose inbox is not empty."""
    query = (
        select(webhook_inbox.c.connection, func.count(), func.min(webhook_inbox.c.received_at))
        .where(webhook_inbox.c.taken_at.is_(None))
        .group_by(webhook_inbox.c.connection)
        .order_by(webhook_inbox.c.connection)
    )
    return [WaitingHints(*row) for row in connection.execute(query)]


def latest_hint(connection: Connection, name: str) -> datetime | None:
    """When the source of a connection last told of something; None where it never did, or long ago."""
    query = select(func.max(webhook_inbox.c.received_at)).where(webhook_inbox.c.connection == name)
    found: datetime | None = connection.execute(query).scalar()
    return found


def requests(connection: Connection, since: datetime) -> list[RequestCount]:
    """The requests of the technical log since a moment."""
    status = http_log.c.status
    outcome = case(
        (status.is_(None), "none"),
        (status < 300, "2xx"),
        (status < 400, "3xx"),
        (status < 500, "4xx"),
        else_="5xx",
    ).label("outcome")
    query = (
        select(http_log.c.system, http_log.c.method, outcome, func.count())
        .where(http_log.c.at >= since)
        .group_by(http_log.c.system, http_log.c.method, outcome)
        .order_by(http_log.c.system, http_log.c.method, outcome)
    )
    return [RequestCount(*row) for row in connection.execute(query)]


def transfer_counts(connection: Connection, since: datetime, name: str | None = None) -> TransferCounts:
    """How much DATEV took since a moment; of one connection, or of all."""
    taken = or_(transfers.c.outcome.startswith("accepted "), transfers.c.outcome.startswith("adopted "))
    handed_over = select(func.count()).select_from(transfers).where(taken, transfers.c.finished_at >= since)
    filed = (
        select(func.count())
        .select_from(documents)
        .where(documents.c.state == "filed", documents.c.changed_at >= since)
    )
    if name is not None:
        of_name = select(batches.c.id).where(batches.c.connection == name)
        handed_over = handed_over.where(transfers.c.batch.in_(of_name))
        filed = filed.where(documents.c.connection == name)
    return TransferCounts(
        connection.execute(handed_over).scalar_one(), connection.execute(filed).scalar_one()
    )
