"""The limit of calls in a sliding minute for a key, and the three ways in which it is answered.

Answers carry no header that says when to come again, nor how many calls are left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from itertools import cycle

from mlconnector.standins.cin7.answers import LIMIT_TEXT, PURCHASE_LIMIT_TEXT, Refusal, refusal

WINDOW = 60.0
GENEROUS = 1_000_000


class Limits:
    """The calls of the key: all of them, those that were refused, and those that still count."""

    def __init__(self, clock: Callable[[], float], per_minute: int) -> None:
        self.clock = clock
        self.per_minute = per_minute
        self.calls: list[float] = []
        self.refused: list[float] = []
        self._recent: deque[float] = deque()
        self._ways = cycle((0, 1))
        self._purchase_ways = cycle((2, 0, 1))

    def spend(self, endpoint: str) -> None:
        """Take note of a call; raises Refusal when the minute is full."""
        moment = self.clock()
        self.calls.append(moment)
        while self._recent and self._recent[0] <= moment - WINDOW:
            self._recent.popleft()
        if len(self._recent) >= self.per_minute:
            self.refused.append(moment)
            raise self._refusal(endpoint)
        self._recent.append(moment)

    def busiest_minute(self) -> int:
        """The most calls, refused ones too, that fell into any 60 seconds."""
        calls = sorted(self.calls)
        return max(
            (place + 1 - bisect_right(calls, one - WINDOW) for place, one in enumerate(calls)), default=0
        )

    def _refusal(self, endpoint: str) -> Refusal:
        is_purchase = "purchase" in endpoint
        way = next(self._purchase_ways if is_purchase else self._ways)
        if way == 2:
            return refusal(400, PURCHASE_LIMIT_TEXT)
        if way == 1:
            return Refusal(503, b"")
        return Refusal(429, LIMIT_TEXT.encode(), "text/plain")
