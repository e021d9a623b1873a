"""How often an outside system is asked, and how fast: waits between attempts, pauses for its rate limit."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlconnector.errors import RetryLater


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long the seam itself waits before it raises RetryLater.

    `attempts` counts all tries. Waits are drawn at random between zero and a doubling cap ("full
    jitter") and never fall below what the other side asked for; a wait above `longest_wait` is left to
    the durable flow, and so is a pause above `longest_pause` that the rate limit of the other side needs.
    """

    attempts: int = 3
    first_wait: float = 0.5
    longest_wait: float = 20.0
    longest_pause: float = 120.0


@dataclass
class Waiting:
    """The seam's time: tests put a clock here that does not sleep.

    `over` says that the process ends, so that nothing is waited for or tried again any more.
    """

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    draw: Callable[[], float] = random.random
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    over: Callable[[], bool] = lambda: False


class TooMany(RetryLater):
    """The system was asked more often than it allows."""


class Pace:
    """The pace of one client; safe to share between threads."""

    def __init__(self, system: str, patience: Patience, waiting: Waiting) -> None:
        self._system = system
        self._patience = patience
        self._waiting = waiting
        self._lock = threading.Lock()
        self._not_before = 0.0

    def pause(self, seconds: float) -> None:
        """Let the next request, of any thread, wait at least this long from now."""
        with self._lock:
            self._not_before = max(self._not_before, self._waiting.monotonic() + seconds)

    def keep(self, shared: Callable[[], float] | None = None) -> None:
        """Wait as the rate limit needs it. Raises RetryLater when that would take too long.

        `shared` asks a limit that others share as well: 0 where the call may be made now, else the seconds
        after which to ask again.
        """
        self._wait(self._not_before - self._waiting.monotonic())
        while shared is not None and (wait := shared()) > 0:
            self._wait(wait)

    def _wait(self, wait: float) -> None:
        if wait > self._patience.longest_pause:
            raise RetryLater(f"{self._system}: its rate limit is used up", wait)
        if wait > 0:
            self._waiting.sleep(wait)
            if self._waiting.over():
                raise RetryLater(f"{self._system}: its rate limit is used up, and the process ends")

    def wait_before_repeating(self, attempt: int, failure: RetryLater) -> bool:
        """Wait after attempt number `attempt` has failed; False when there is to be no other."""
        if attempt >= self._patience.attempts or self._waiting.over():
            return False
        wait = self._waiting.draw() * self._patience.first_wait * 2 ** (attempt - 1)
        wait = max(wait, failure.after or 0.0)
        if wait > self._patience.longest_wait:
            return False
        self._waiting.sleep(wait)
        return not self._waiting.over()
