"""Reach: which systems do not answer a connection at the moment, as the exchanges of this process tell."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mlconnector.store import outages
from mlconnector.store.database import Database
from mlconnector.store.outages import Outage
from mlconnector.systems.kit.exchanges import Exchange
from mlconnector.systems.kit.silence import origin

# An answer that asks for patience; it may concern one record only.
BUSY = "busy"
_BUSY_STATUS = frozenset({408, 429, 500, 502, 503, 504})


class Reach:
    """Which systems do not answer; safe to share between threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._outages: dict[tuple[str, str], Outage] = {}
        self._answered: set[tuple[str, str]] = set()
        self._stored_as_answering: set[tuple[str, str]] = set()

    def note(self, name: str, exchange: Exchange) -> None:
        """Take notice of an exchange of a connection with a system."""
        key, cause = (name, exchange.system), _cause(exchange)
        with self._lock:
            if cause is None:
                self._outages.pop(key, None)
                self._answered.add(key)
                return
            now = self._now()
            answer = exchange.error.partition(": ")[2] or str(exchange.status or exchange.error)
            found = Outage(exchange.system, origin(exchange.url), cause, answer, now, now)
            before = self._outages.get(key)
            self._outages[key] = replace(found, since=before.since) if before else found

    def names(self) -> list[str]:
        """The connections that have asked any system."""
        with self._lock:
            return sorted({name for name, _ in (*self._outages, *self._answered)})

    def is_out(self, name: str) -> bool:
        """Whether any system does not answer a connection, or asks it for patience."""
        with self._lock:
            return any(owner == name for owner, _ in self._outages)

    def silent(self, name: str) -> list[Outage]:
        """The systems that do not answer a connection at all."""
        with self._lock:
            return [one for (owner, _), one in self._outages.items() if owner == name and one.cause != BUSY]

    def store(self, database: Database, name: str, *, waits: bool) -> None:
        """Store what is new of a connection's systems; of those that are only busy, where work `waits`."""
        with self._lock:
            mine = {key: one for key, one in self._outages.items() if key[0] == name}
            out = {key: one for key, one in mine.items() if waits or one.cause != BUSY}
            back = {key for key in self._answered if key[0] == name} - set(mine) - self._stored_as_answering
        if not out and not back:
            return
        with database.write() as db:
            for one in out.values():
                outages.put(db, name, one)
            for _, system in back:
                outages.drop(db, name, system)
        with self._lock:
            self._stored_as_answering = (self._stored_as_answering - set(out)) | back


def _cause(exchange: Exchange) -> str | None:
    """Our word for why a system cannot be reached; None where it can."""
    if exchange.status is not None:
        return BUSY if exchange.status in _BUSY_STATUS else None
    return exchange.silence or "other"
