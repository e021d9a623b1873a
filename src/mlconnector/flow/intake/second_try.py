"""What waits for nothing but its system to answer is tried again by every run, once."""

from __future__ import annotations

from mlconnector.flow.context.context import Context
from mlconnector.store import vouchers

OUT_OF_REACH = ("record_unavailable", "document_unavailable")
"""The problems that may be over by themselves: the system did not give a record, or a file."""


def try_again(context: Context) -> int:
    """Let vouchers go on that wait for such a problem; returns how many. The run then reads them again."""
    with context.write() as db:
        waiting = [key for one in OUT_OF_REACH for key in vouchers.held_for(db, one, context.name)]
        held = vouchers.hold(db, waiting)
        unbooked = [key for key, row in held.items() if row.state == "needs_human"]
        vouchers.set_state(db, unbooked, "received", context.now(), vouchers.TRIED_AGAIN)
    return len(unbooked)
