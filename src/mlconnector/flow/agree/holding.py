"""Holding: a person stops a voucher, and it goes nowhere until somebody lets it go on.

Whatever changes in the source, and whatever else it waits for: the hold stays, and is one of its problems.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.named import named
from mlconnector.flow.agree.reasons import refuse_without
from mlconnector.flow.context.context import Context
from mlconnector.model.problems import Problem
from mlconnector.store import documents, entries, held_vouchers, vouchers
from mlconnector.store.audit import append
from mlconnector.store.held_vouchers import Hold
from mlconnector.store.vouchers import GONE_NOWHERE, VoucherRow
from mlconnector.texts.zone import day_of

HELD = "held_by_person"


def problem_of(hold: Hold) -> Problem:
    """That a person has stopped a voucher, as one of the problems for which it waits."""
    return Problem(HELD, {"by": hold.by, "reason": hold.reason, "at": day_of(hold.at).isoformat()})


def hold(context: Context, wanted: Sequence[str], reason: str, by: str) -> tuple[VoucherRow, ...]:
    """Stop vouchers, all or none, until `let_go`; returns them as they were.

    What was prepared of them is dropped, and payments that clear it are decided anew. Raises NeedsHuman
    (`reason_missing`, `voucher_unknown`, `voucher_not_to_hold` for one of which something is in a batch).
    """
    refuse_without(reason)
    now = context.now()
    with context.write() as db:
        rows = named(db, context.name, wanted)
        for row in rows:
            if row.state not in GONE_NOWHERE:
                facts = {"voucher": row.label, "state": row.state}
                raise NeedsHuman(Problem("voucher_not_to_hold", facts))
        keys = [row.id for row in rows]
        found = vouchers.problems_of(db, keys, "mapping")
        events = []
        for row in rows:
            made = Hold(row.id, by, now, reason.strip())
            held_vouchers.put(db, made)
            others = [one for one in found.get(row.id, ()) if one.key != HELD]
            vouchers.replace_problems(db, "mapping", {row.id: (problem_of(made), *others)})
            detail = {"reason": made.reason, "by": by, "state_before": row.state}
            events.append(context.event(row.id, "stopped", detail))
        _decide_payments_anew(context, db, keys)
        _drop(db, keys)
        vouchers.set_state(db, keys, "needs_human", now)
        append(db, events, now)
    return rows


def let_go(context: Context, wanted: Sequence[str], reason: str, by: str) -> tuple[VoucherRow, ...]:
    """Let stopped vouchers go on, all or none: the next run reads them again and decides them anew.

    One that was left out or booked by hand meanwhile stays so. Raises NeedsHuman (`voucher_unknown`,
    `voucher_not_held`).
    """
    now = context.now()
    with context.write() as db:
        rows = named(db, context.name, wanted)
        keys = [row.id for row in rows]
        held = held_vouchers.of_vouchers(db, keys)
        for row in rows:
            if row.id not in held:
                raise NeedsHuman(Problem("voucher_not_held", {"voucher": row.label, "state": row.state}))
        held_vouchers.forget(db, keys)
        waiting = [row.id for row in rows if row.state == "needs_human"]
        vouchers.set_state(db, waiting, "received", now, vouchers.REPLAYED)
        detail = {"reason": reason.strip(), "by": by}
        append(
            db,
            [context.event(row.id, "let_go", {**detail, "held_by": held[row.id].by}) for row in rows],
            now,
        )
    return rows


def held_of(context: Context, key: str) -> Hold | None:
    """Who has stopped a voucher (our key), and why; None for nobody."""
    with context.read() as db:
        return held_vouchers.of_vouchers(db, [key]).get(key)


def _decide_payments_anew(context: Context, db: Connection, keys: Sequence[str]) -> None:
    """What clears an open item that is not booked after all must not go before it."""
    items, client = entries.waiting_items(db, keys), context.settings.client
    paid = vouchers.hold(db, vouchers.payments_to_decide(db, context.name, client, [], items))
    prepared = [key for key, row in paid.items() if row.state == "bookable" and key not in keys]
    _drop(db, prepared)
    vouchers.set_state(db, prepared, "received", context.now())


def _drop(db: Connection, keys: Collection[str]) -> None:
    vouchers.drop_waiting_entries(db, list(keys))
    documents.drop_unsent(db, list(keys))
