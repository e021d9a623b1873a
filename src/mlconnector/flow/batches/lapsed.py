"""Decisions that lapse: what does not hold any more when a booking would go is decided anew.

A certificate of exemption has to be valid on the day of payment (§ 48b EStG), and may run out while a booking
waits for a release, a login or its documents. What stands in the books keeps the day of its booking.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from mlconnector.flow.batches import notes
from mlconnector.flow.context.context import Context
from mlconnector.mapping.withholding import FIELD, has_lapsed
from mlconnector.model.entries import decode
from mlconnector.store import batches, entries, vouchers
from mlconnector.store.audit import append
from mlconnector.store.batches import BatchRow
from mlconnector.store.entries import EntryRow
from mlconnector.texts.zone import day_of


def lapsed(context: Context, db: Connection, rows: Iterable[EntryRow]) -> list[EntryRow]:
    """Those of some unsent bookings whose decision has lapsed; not those that correct what stands."""
    today = day_of(context.now())
    found = [
        row
        for row in rows
        if row.kind == "original" and entries.explains(row, FIELD) and has_lapsed(decode(row.content), today)
    ]
    standing = entries.standing(db, [row.voucher for row in found])
    return [row for row in found if row.voucher not in standing]


def recall_lapsed(context: Context) -> None:
    """Let waiting bookings whose decision has lapsed be decided anew; for the beginning of a run."""
    with context.read() as db:
        found = lapsed(context, db, entries.explaining(db, context.name, FIELD, None))
    recall(context, found)


def recall(context: Context, found: Iterable[EntryRow]) -> None:
    """Let the vouchers of these bookings be decided anew; those that no longer wait are left as they are."""
    keys = {row.voucher for row in found}
    if not keys:
        return
    now = context.now()
    with context.write() as db:
        vouchers.hold(db, keys)
        waiting = [row for row in entries.explaining(db, context.name, FIELD, None) if row.voucher in keys]
        again = notes.decide_anew(db, lapsed(context, db, waiting), now)
        append(db, [context.event(key, "recalled", {"reason": "lapsed"}) for key in again], now)


def take_apart_lapsed(context: Context, row: BatchRow) -> bool:
    """Take a batch apart that nobody has sent yet and in which a decision has lapsed; whether it was.

    Raises RetryLater where another process has it in hand.
    """
    if row.state != "frozen":
        return False
    with context.read() as db:
        found = lapsed(context, db, entries.explaining(db, context.name, FIELD, row.id))
        if not found or batches.jobs(db, row.id):
            return False
    with context.write() as db:
        event = notes.dissolve(context, db, row, {}, {one.voucher for one in found})
        append(db, [event], context.now())
    return True
