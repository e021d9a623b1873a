"""uvicorn's protocol with bounds that it does not have itself: on connections, on waiting for requests.

Where there are too many connections, the one that has waited longest for the rest of its request makes room:
whoever sends what belongs to a request at once is answered, however many others only hold a connection.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 512
"""At once, where the process may open enough files: an answer opens some of its own."""
HEADER_SECONDS = 15.0
"""How long the head of a request may take."""


def room_for_connections() -> int:
    """How many connections this process may have at once; it may open as many files as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8 * MOST_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(8, min(MOST_CONNECTIONS, soft // 4))


def bounded(most: int) -> type[H11Protocol]:
    """The protocol for a server with so many connections at most."""

    class Bounded(BoundedProtocol):
        most_connections = most

    return Bounded


class BoundedProtocol(H11Protocol):
    """One connection; cut off when the head of a request takes too long, or for others to have room."""

    most_connections = MOST_CONNECTIONS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.waits_since: float | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Begin to wait for a request; the longest waiting connection goes where there are too many."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self.most_connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def shutdown(self) -> None:
        """End when the server does; a request that has not come whole is not waited for."""
        if self.can_go:
            self.transport.abort()
        else:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        super().connection_lost(exc)
        self._stop_watch()

    @property
    def is_between_requests(self) -> bool:
        """Whether the head of a request is waited for."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def can_go(self) -> bool:
        """Whether this connection waits for its other end, and nothing of ours for it."""
        waits = self.is_between_requests or self.cycle.more_body or self.flow.write_paused
        return waits and not self.transport.is_closing()

    def _watch(self) -> None:
        if self.is_between_requests:
            if self._deadline is None:
                self.waits_since = self.loop.time()
                self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)
        else:
            self._stop_watch()

    def _stop_watch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _make_room(self) -> None:
        waiting = [
            one
            for one in self.connections
            if isinstance(one, BoundedProtocol) and one is not self and one.can_go
        ]
        # Where none waits, all are at work for somebody, and there is no room for this one.
        gone = min(waiting, key=lambda one: one.waits_since or 0.0) if waiting else self
        gone.transport.abort()
        self.connections.discard(gone)
