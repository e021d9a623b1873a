"""The technical log of requests to outside systems: written in bulk, for people and for the error share."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, insert, or_, select

from mlconnector.errors import RetryLater
from mlconnector.store.database import Database
from mlconnector.store.tables import http_log

_ROWS_AT_ONCE = 200
_SECONDS_AT_MOST = 2.0
_ROWS_AT_MOST = 20_000
_PURGED_AT_ONCE = 5_000

_logger = logging.getLogger(__name__)


class LoggedExchange(Protocol):
    """What the log keeps of one request and its answer; nothing of it is secret any more."""

    @property
    def system(self) -> str:
        """The outside system."""

    @property
    def at(self) -> datetime:
        """When the answer came, or when none came."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def url(self) -> str:
        """The address without secrets."""

    @property
    def status(self) -> int | None:
        """The HTTP status, or None without an answer."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def request_headers(self) -> Mapping[str, str]:
        """The headers of the request without secrets."""

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The headers of the answer without secrets."""

    @property
    def body(self) -> str:
        """The body of an answer that said no."""

    @property
    def error(self) -> str:
        """Why no answer came."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One request as it stands in the log; `status` is None when no answer came."""

    id: int
    at: datetime
    connection: str
    system: str
    method: str
    url: str
    status: int | None
    milliseconds: int
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    body: str
    error: str


@dataclass(frozen=True, slots=True)
class Shares:
    """How many requests there were by method, and how many were refused (4xx), failed (5xx), unanswered."""

    by_method: dict[str, int]
    refused: int
    failed: int
    unanswered: int

    @property
    def requests(self) -> int:
        """All requests."""
        return sum(self.by_method.values())

    @property
    def error_share(self) -> float:
        """The part of all requests that was answered with 4xx or 5xx, from 0 to 1."""
        return (self.refused + self.failed) / self.requests if self.requests else 0.0


class HttpLog:
    """Collects rows and stores many at once: at 200 rows, or two seconds after the first one, on a write.

    Never write to it inside a transaction: on SQLite the log would wait for that transaction's lock.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._storing = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._since = 0.0

    def of(self, connection: str) -> ConnectionLog:
        """The log for requests on behalf of one connection."""
        return ConnectionLog(self, connection)

    def write(self, connection: str, exchange: LoggedExchange) -> None:
        """Keep one exchange.

        A database that is down must not make a request look failed that the other side carried out: the
        rows then go on waiting, up to 20,000 of them, and the process log says so.
        """
        row = _row(connection, exchange)
        with self._lock:
            if not self._waiting:
                self._since = self._monotonic()
            self._waiting.append(row)
            full = len(self._waiting) >= _ROWS_AT_ONCE
            due = full or self._monotonic() - self._since >= _SECONDS_AT_MOST
        if due:
            try:
                self.flush()
            except RetryLater as error:
                _logger.warning("the technical log waits with its rows: %s", error)

    def flush(self) -> None:
        """Store what waits. Raises RetryLater when the database cannot be reached; nothing is lost then."""
        with self._storing:
            with self._lock:
                rows, self._waiting = self._waiting, []
            if not rows:
                return
            try:
                with self._database.write() as transaction:
                    transaction.execute(insert(http_log), rows)
            except RetryLater:
                self._put_back(rows)
                raise

    def _put_back(self, rows: list[dict[str, Any]]) -> None:
        with self._lock:
            kept = [*rows, *self._waiting]
            self._waiting = kept[-_ROWS_AT_MOST:]
            self._since = self._monotonic()
        if len(kept) > _ROWS_AT_MOST:
            _logger.warning("the technical log lost its oldest %d rows", len(kept) - _ROWS_AT_MOST)


@dataclass(frozen=True, slots=True)
class ConnectionLog:
    """The log as the HTTP seam sees it, for one connection."""

    log: HttpLog
    connection: str

    def write(self, exchange: LoggedExchange) -> None:
        """Keep one exchange; it may be stored together with others a little later."""
        self.log.write(self.connection, exchange)


def recent(
    connection: Connection, limit: int = 100, *, name: str | None = None, only_errors: bool = False
) -> list[LogRow]:
    """The latest requests, the last one first; of one connection, or only those that went wrong."""
    query = select(http_log).order_by(http_log.c.at.desc(), http_log.c.id.desc()).limit(limit)
    if name is not None:
        query = query.where(http_log.c.connection == name)
    if only_errors:
        query = query.where(or_(http_log.c.status.is_(None), http_log.c.status >= 400))
    return [_log_row(row) for row in connection.execute(query).mappings()]


def chronological(
    connection: Connection,
    *,
    since: datetime | None = None,
    name: str | None = None,
    system: str | None = None,
    only_errors: bool = False,
) -> Iterator[LogRow]:
    """All requests that are kept, the first one first, in constant memory."""
    query = select(http_log).order_by(http_log.c.at, http_log.c.id)
    if since is not None:
        query = query.where(http_log.c.at >= since)
    if name is not None:
        query = query.where(http_log.c.connection == name)
    if system is not None:
        query = query.where(http_log.c.system == system)
    if only_errors:
        query = query.where(or_(http_log.c.status.is_(None), http_log.c.status >= 400))
    for row in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query).mappings():
        yield _log_row(row)


def shares(database: Database, name: str, since: datetime, system: str | None = None) -> Shares:
    """How the requests of a connection went since a moment, of one system or of all."""
    status = http_log.c.status
    query = select(
        http_log.c.method,
        func.count(),
        func.count().filter(status.between(400, 499)),
        func.count().filter(status >= 500),
        func.count().filter(status.is_(None)),
    ).where(http_log.c.connection == name, http_log.c.at >= since)
    if system is not None:
        query = query.where(http_log.c.system == system)
    with database.read() as connection:
        rows = connection.execute(query.group_by(http_log.c.method)).all()
    return Shares(
        by_method={row[0]: row[1] for row in sorted(rows)},
        refused=sum(row[2] for row in rows),
        failed=sum(row[3] for row in rows),
        unanswered=sum(row[4] for row in rows),
    )


def purge(database: Database, before: datetime) -> int:
    """Forget requests older than a moment, in portions that let other writers in between; how many."""
    old = select(http_log.c.id).where(http_log.c.at < before).limit(_PURGED_AT_ONCE)
    gone = 0
    while True:
        with database.write() as transaction:
            portion = transaction.execute(delete(http_log).where(http_log.c.id.in_(old))).rowcount
        gone += portion
        if portion < _PURGED_AT_ONCE:
            return gone


def _log_row(row: Mapping[Any, Any]) -> LogRow:
    fields = dict(row)
    for headers in ("request_headers", "response_headers"):
        fields[headers] = json.loads(fields[headers])
    return LogRow(**fields)


def _row(connection: str, exchange: LoggedExchange) -> dict[str, Any]:
    return {
        "at": exchange.at,
        "connection": connection,
        "system": exchange.system,
        "method": exchange.method,
        "url": _text(exchange.url),
        "status": exchange.status,
        "milliseconds": round(exchange.seconds * 1000),
        "request_headers": json.dumps(dict(exchange.request_headers)),
        "response_headers": json.dumps(dict(exchange.response_headers)),
        "body": _text(exchange.body),
        "error": _text(exchange.error),
    }


def _text(value: str) -> str:
    """What a text column can hold: PostgreSQL refuses the character zero."""
    return value.replace("\0", "\ufffd")
