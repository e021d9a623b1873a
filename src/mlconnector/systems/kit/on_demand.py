"""A client that is made at its first use, when it is known where it leads, and that can be closed."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What can let go of its connections."""

    def close(self) -> None:
        """Let go of connections."""


Client = TypeVar("Client", bound=Closable)


class OnDemand(Generic[Client]):
    """Calling it gives the client, the same for all threads; after `close` a new one is made."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: Client | None = None

    def __call__(self) -> Client:
        """The client; raises what making it raises."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def close(self) -> None:
        """Let go of the client's connections, if it was ever made."""
        with self._lock:
            if self._made is not None:
                self._made.close()
                self._made = None
