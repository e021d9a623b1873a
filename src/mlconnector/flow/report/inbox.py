"""The inbox: one fix releases all vouchers that wait for the same cause, or a person leaves one out."""

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
    made there. Raises NeedsHuman for a voucher that is unknown or does not wait.
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
    vouchers.hold(db, vouchers.held_for(db, cause, name))
    return set(vouchers.held_for(db, cause, name))


def _held(row: vouchers.VoucherRow | None, wanted: str, held: set[str]) -> str:
    if row is None:
        raise NeedsHuman(Problem("voucher_unknown", {"voucher": wanted}))
    if row.id not in held:
        raise NeedsHuman(Problem("voucher_not_waiting", {"voucher": wanted, "state": row.state}))
    return row.id


def ignore(context: Context, wanted: str, reason: str, by: str) -> None:
    """Leave a waiting voucher out for good, with a reason that the audit trail keeps.

    Changes in the source do not bring it back: whoever left it out has booked it elsewhere, or never will.
    A settled voucher whose record is gone stays settled; only its problem is put aside.
    """
    with context.write() as db:
        connections.read(db, context.name)
        row = lookup.find(db, wanted, context.name)
        settled = row is not None and row.state == "settled" and bool(vouchers.problems_of(db, [row.id]))
        if row is not None and settled:
            key, event = row.id, "acknowledged"
        else:
            key, event = _held(row, wanted, _waiting(db, context.name, None)), "ignored"
            vouchers.set_state(db, [key], "ignored", context.now(), f"{vouchers.LEFT_OUT}{reason}")
        vouchers.replace_problems(db, "mapping", {key: ()})
        vouchers.replace_problems(db, "source", {key: ()})
        append(db, [context.event(key, event, {"reason": reason, "by": by})], context.now())
