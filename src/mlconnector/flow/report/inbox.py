"""The inbox: one fix releases all vouchers that wait for the same cause."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.model.problems import Problem
from mlconnector.store import connections, lookup, vouchers
from mlconnector.store.audit import append


def replay(context: Context, wanted: Sequence[str], cause: str | None, by: str) -> int:
    """Let waiting vouchers be decided anew: those named, those with one cause, or all; returns how many.

    They are read again from their source first by the run that follows, because the fix may have been
    made there. One that somebody has booked by hand never goes on so: it would be booked twice. Raises
    NeedsHuman for a voucher that is unknown or does not wait.
    """
    now = context.now()
    with context.write() as db:
        connections.read(db, context.name)
        held = _waiting(db, context.name, cause)
        chosen = (
            held if not wanted else {_held(lookup.find(db, one, context.name), one, held) for one in wanted}
        )
        vouchers.set_state(db, chosen, "received", now, vouchers.REPLAYED)
        append(
            db,
            [context.event(key, "replayed", {"cause": cause or "", "by": by}) for key in sorted(chosen)],
            now,
        )
    return len(chosen)


def _waiting(db: Connection, name: str, cause: str | None) -> set[str]:
    """The vouchers that wait for a human, and go on doing so until the transaction ends."""
    held = vouchers.hold(db, vouchers.held_for(db, cause, name))
    by_hand = {key for key, row in held.items() if row.state == "booked_by_hand"}
    return set(vouchers.held_for(db, cause, name)) - by_hand


def _held(row: vouchers.VoucherRow | None, wanted: str, held: set[str]) -> str:
    if row is None:
        raise NeedsHuman(Problem("voucher_unknown", {"voucher": wanted}))
    if row.id not in held:
        raise NeedsHuman(Problem("voucher_not_waiting", {"voucher": wanted, "state": row.state}))
    return row.id
