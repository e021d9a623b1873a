"""How long to wait before a job is asked for again; pure, so that a durable flow can keep the answer.

DATEV wants few queries for each transfer and publishes no number: one transfer followed by thirty queries
is its own example of what not to do.
"""

from __future__ import annotations

CAPS = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
BUDGET = 8
DEFAULT_RETRY_AFTER = 5.0


def next_wait(attempt: int, retry_after: float | None, draw: float) -> float | None:
    """Seconds to wait before query number `attempt`, counted from 1; None when no query is left.

    The first query waits for what DATEV asked for (`retry_after`, None where it said nothing). Later waits
    lie at random between zero and a growing cap, but never below that; `draw` is a random number from 0
    to 1. A job without a result after the last query is put aside until somebody, or the next run, asks.
    """
    if attempt > BUDGET:
        return None
    asked = DEFAULT_RETRY_AFTER if retry_after is None else retry_after
    if attempt == 1:
        return asked
    return max(draw * CAPS[min(attempt, len(CAPS)) - 1], asked)
