"""Patience: how long a step that cannot be done at the moment is tried again, and with which pauses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlconnector.flow.context.context import Context
from mlconnector.flow.engine import progress
from mlconnector.flow.engine.outcomes import Kept, outcome_in, outcome_of


@dataclass(frozen=True, slots=True)
class Way:
    """The connection that a workflow works for, and for how many seconds it tries what cannot be reached.

    None stands for as long as a worker has patience.
    """

    context: Context
    wait: float | None


class Patience:
    """The pauses of one step; without a limit for as long as `pauses` last, else for `wait` seconds.

    Decides by what it is told only, so that a workflow that goes on elsewhere decides the same again.
    """

    def __init__(self, pauses: Sequence[float], wait: float | None) -> None:
        self._pauses = pauses
        self._limited = wait is not None
        self.left = sum(pauses) if wait is None else wait
        self._tries = 0

    def pause(self, after: float | None) -> float | None:
        """How long to pause before the next try, at least `after` seconds; None when there is to be no other.

        The last try comes at the end of the time.
        """
        asked = after or 0.0
        if not self._limited:
            return max(self._pauses[self._tries], asked) if self._tries < len(self._pauses) else None
        if self.left <= 0 or asked > self.left:
            return None
        return min(max(self._pauses[min(self._tries, len(self._pauses) - 1)], asked), self.left)

    def spend(self, seconds: float) -> None:
        """Take notice that a pause, and the try before it, took so many seconds."""
        self._tries += 1
        self.left = max(self.left - seconds, 0.0)


def tried(context: Context, patience: Patience, work: Callable[[], object]) -> Kept:
    """Do a step's work, say how it ended, and note when it is tried again."""
    kept = outcome_of(context, work)
    outcome = outcome_in(kept)
    if outcome.outcome == "later":
        progress.plan_next_try(context, patience.pause(outcome.wait), patience.left)
    return kept
