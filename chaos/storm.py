"""Faults at every call: each may go wrong, by the seed, but the same one not for ever."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

from mlconnector.standins.faults import Fault, Faults, Kind

_IN_A_ROW = 2
_IDENTITY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", re.IGNORECASE)
_KINDS: tuple[Kind, ...] = ("lose_answer", "lose_request", "status", "slow", "truncate")
_STATUS = (500, 502, 503, 504, 429)


class Storm(Faults):
    """Faults for a share of all calls to one system.

    What becomes of the n-th call of a kind is decided by the seed alone, whatever else happens meanwhile.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.calls = 0
        self.struck: Counter[str] = Counter()
        self._name = name
        self._seed, self._share = 0, 0.0
        self._seen: Counter[str] = Counter()
        self._in_a_row: Counter[str] = Counter()

    def begin(self, seed: int, share: float) -> None:
        """Let this share of the calls go wrong from now on; none with a share of nought."""
        self._seed, self._share = seed, share

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, if the seed has one for it."""
        self.calls += 1
        if not self._share:
            return None
        kind = f"{method} {_IDENTITY.sub('*', path)}"
        self._seen[kind] += 1
        random = Random(f"{self._seed} {self._name} {kind} {self._seen[kind]}")
        if random.random() >= self._share or self._in_a_row[kind] >= _IN_A_ROW:
            self._in_a_row[kind] = 0
            return None
        self._in_a_row[kind] += 1
        fault = Fault(
            random.choice(_KINDS),
            status=random.choice(_STATUS),
            retry_after=random.choice((None, "1")),
            seconds=round(random.uniform(0.05, 0.6), 2),
        )
        self.struck[str(fault.status) if fault.kind == "status" else fault.kind] += 1
        return fault
