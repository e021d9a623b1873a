"""Named points of the way, at which a process can be made to die for tests of recovery."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from mlconnector.model.unsuitable import Unsuitable

POINTS = (
    "intake_stored",
    "entries_stored",
    "batch_frozen",
    "documents_sent",
    "batch_noted",
    "transfer_opened",
    "transfer_noted",
    "batch_sent",
    "receipt_noted",
    "job_polled",
    "batch_settled",
    "refresh_answered",
    "load_planned",
    "load_staged",
    "load_applied",
    "load_audited",
)


def watch(crash_at: str) -> Callable[[str], None]:
    """What flows call at each point: nothing, or the end of the process at the point `crash_at`.

    The process ends by SIGKILL, so nothing is flushed, closed or undone. `crash_at` may carry a number,
    `documents_sent:2`, to die when the point is reached for that time.
    """
    name, _, count = crash_at.partition(":")
    if name and name not in POINTS:
        raise Unsuitable(
            "'{given}' is no point of the way; known: {known}", given=name, known=", ".join(POINTS)
        )
    left = int(count or 1)

    def reached(point: str) -> None:
        nonlocal left
        if point == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return reached
