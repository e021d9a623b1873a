"""Service protection limits: requests of one user in a sliding window of five minutes.

Generous until a test makes them tight, so that measurements are not slowed; the real limit is 6000.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mlconnector.standins.dynamics.answers import throttled

WINDOW = 300.0
GENEROUS = 10_000_000


class Limits:
    """The requests of the application user; `requests` is how many a window takes."""

    def __init__(self, clock: Callable[[], float], requests: int) -> None:
        self.clock = clock
        self.requests = requests
        self._recent: deque[float] = deque()

    def spend(self) -> None:
        """Take note of a request; raises Refusal (429) when the window is full. Refused ones count, too."""
        now = self.clock()
        while self._recent and self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        self._recent.append(now)
        if len(self._recent) > self.requests:
            raise throttled(
                "0x80072322",
                f"Number of requests exceeded the limit of {self.requests} over time window of "
                f"{WINDOW:.0f} seconds.",
                self._recent[len(self._recent) - self.requests] + WINDOW - now,
            )

    def headers(self) -> dict[str, str]:
        """What an answer says about the limits."""
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(max(self.requests - len(self._recent), 0)),
            "x-ms-ratelimit-time-remaining-xrm-requests": "1200.00",
        }
