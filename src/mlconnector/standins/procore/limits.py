"""Two limits at once: calls of an hour, and of a spike of ten seconds.

The headers speak of whichever will be hit first. Three pages of the original disagree on whether a refusal
carries `Retry-After`: `retry_after` in seconds says that it does, None that it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlconnector.standins.procore.answers import Refusal

GENEROUS = 1_000_000
_TEXT = "You have surpassed the max number of requests. Please wait until your limit resets."


@dataclass
class Window:
    """A limit of so many calls within `seconds` after the first of them."""

    seconds: float
    limit: int
    began: float = 0.0
    spent: int = 0

    def roll(self, now: float) -> None:
        """Begin anew when the window is over."""
        if now >= self.began + self.seconds:
            self.began, self.spent = now, 0

    @property
    def left(self) -> int:
        """How many calls are left."""
        return max(self.limit - self.spent, 0)


class Limits:
    """The calls of the app: all, those that were refused, and those that came though it was told to wait."""

    def __init__(self, clock: Callable[[], float], per_hour: int, per_spike: int) -> None:
        self.clock = clock
        self.hour, self.spike = Window(3600.0, per_hour), Window(10.0, per_spike)
        self.retry_after: int | None = None
        self.calls: list[float] = []
        self.refused: list[float] = []
        self.too_early: list[float] = []
        self._told = 0.0

    def spend(self) -> None:
        """Take note of a call; raises Refusal where a window is full."""
        now = self.clock()
        self.calls.append(now)
        if now < self._told:
            self.too_early.append(now)
        for window in (self.hour, self.spike):
            window.roll(now)
        if not self.hour.left or not self.spike.left:
            self.refused.append(now)
            raise self._refusal()
        for window in (self.hour, self.spike):
            window.spent += 1

    def headers(self) -> dict[str, str]:
        """The headers about the limit that will be hit first; the reset in whole seconds of Unix time."""
        window = min((self.spike, self.hour), key=lambda each: each.left)
        return {
            "X-Rate-Limit-Limit": str(window.limit),
            "X-Rate-Limit-Remaining": str(window.left),
            "X-Rate-Limit-Reset": str(int(window.began + window.seconds) + 1),
        }

    def _refusal(self) -> Refusal:
        headers = self.headers()
        self._told = float(headers["X-Rate-Limit-Reset"])
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
            self._told = max(self._told, self.clock() + self.retry_after)
        return Refusal(429, {"errors": _TEXT, "message": _TEXT}, headers)
