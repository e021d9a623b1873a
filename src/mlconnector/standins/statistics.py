"""How often a stand-in was called: for tests that count, and for whoever looks at it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Statistics:
    """How often the API was called."""

    gets: int = 0
    posts: int = 0
    by_path: Counter[str] = field(default_factory=Counter)

    def count(self, method: str, path: str) -> None:
        """Take note of a request; `path` with placeholders for ids."""
        self.gets += method == "GET"
        self.posts += method == "POST"
        self.by_path[path] += 1

    def body(self) -> dict[str, Any]:
        """The counts as they are shown at `/_standin/statistics`."""
        return {"gets": self.gets, "posts": self.posts, "by_path": dict(self.by_path)}
