"""The rate limits of the API: requests in a rolling window of two seconds, and tokens of a day.

Both are generous until a test makes them tight, so that measurements are not slowed. The cost of each
endpoint is in the route tables, from the official description (`x-token-cost`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mlconnector.standins.pipedrive.answers import too_many

WINDOW = 2.0
GENEROUS_BURST = 1_000_000


class Limits:
    """What was used up, by token and by day; `burst` is the number of requests in a window."""

    def __init__(self, clock: Callable[[], float], burst: int) -> None:
        self.clock = clock
        self.burst = burst
        self.daily_budget: int | None = None
        self.spent_today = 0
        self._requests: dict[str, deque[float]] = {}

    def exhaust_day(self) -> None:
        """Let every call be refused until `new_day`, as if all integrations had used up the budget."""
        self.daily_budget = self.spent_today

    def new_day(self, daily_budget: int | None = None) -> None:
        """Begin a day with a fresh budget; None is unlimited."""
        self.spent_today = 0
        self.daily_budget = daily_budget

    def spend(self, token: str, cost: int) -> None:
        """Take note of a call; raises Refusal (429) when the window or the day is full."""
        if self.daily_budget is not None and self.spent_today + cost > self.daily_budget:
            raise too_many("Daily API token budget exceeded")
        recent = self._recent(token)
        if len(recent) >= self.burst:
            raise too_many("Request over limit")
        recent.append(self.clock())
        self.spent_today += cost

    def headers(self, token: str) -> dict[str, str]:
        """The rate limit headers of an answer; `reset` is in seconds."""
        recent = self._recent(token)
        reset = recent[0] + WINDOW - self.clock() if recent else WINDOW
        return {
            "x-ratelimit-limit": str(self.burst),
            "x-ratelimit-remaining": str(max(self.burst - len(recent), 0)),
            "x-ratelimit-reset": str(max(1, round(reset))),
        }

    def _recent(self, token: str) -> deque[float]:
        recent = self._requests.setdefault(token, deque())
        begin = self.clock() - WINDOW
        while recent and recent[0] <= begin:
            recent.popleft()
        return recent
