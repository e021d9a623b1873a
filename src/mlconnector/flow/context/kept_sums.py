"""Sums of batches that this process has added up once: what a batch comes to never changes, so it is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

MOST = 60_000
"""How many single sums are kept, of at most a kilobyte each."""


class KeptSums:
    """Sums by what they were made of, those that were asked for last; threads may share it.

    A key has to say all that the sums depend on: nothing that is kept is ever looked at again.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held = 0
        self._sums: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Any:
        """The sums of a key; None where they are not kept."""
        with self._lock:
            if key not in self._sums:
                return None
            self._sums.move_to_end(key)
            return self._sums[key][0]

    def keep(self, key: Hashable, sums: object, size: int) -> None:
        """Keep sums, of so many single ones, and let go of those that nobody has asked for longest."""
        with self._lock:
            self._held += size - self._sums.pop(key, (None, 0))[1]
            self._sums[key] = sums, size
            while self._held > self._most:
                _, (_, let_go) = self._sums.popitem(last=False)
                self._held -= let_go
