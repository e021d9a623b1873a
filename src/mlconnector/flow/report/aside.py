"""Aside: vouchers that a person leaves out or has booked by hand, and how that is taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.named import named
from mlconnector.flow.agree.reasons import refuse_without
from mlconnector.flow.context.context import Context
from mlconnector.model.problems import Problem
from mlconnector.store import connections, documents, vouchers
from mlconnector.store.audit import append
from mlconnector.store.vouchers import GONE_NOWHERE, SetAside, VoucherRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which vouchers are meant: by number, external id or our key, or all that wait for a cause."""

    vouchers: Sequence[str] = ()
    cause: str | None = None


def meant(context: Context, wanted: Wanted, state: SetAside) -> list[VoucherRow]:
    """The vouchers that setting aside would concern, in the order in which they were named.

    Raises NeedsHuman for one that is unknown, or whose state does not allow it.
    """
    with context.read() as db:
        return list(_chosen(db, context.name, wanted, state))


def set_aside(
    context: Context, wanted: Wanted, state: SetAside, reason: str, by: str
) -> tuple[VoucherRow, ...]:
    """Leave vouchers out, or note that they were booked by hand: all or none. Returns them as they were.

    Changes in the source do not bring them back. What was left out is not looked at any more; what was booked
    by hand waits for a human again where a change concerns what somebody typed. A booked voucher about which
    something was found keeps its state: what was found is put aside, and of one that was booked by hand the
    present revision counts. Raises NeedsHuman (`reason_missing`, `voucher_unknown`, `voucher_not_waiting`).
    """
    refuse_without(reason)
    given, now = reason.strip(), context.now()
    with context.write() as db:
        rows = _chosen(db, context.name, wanted, state, hold=True)
        stays = {row.id for row in rows if row.state == "settled" or (state, row.state) == _ACKNOWLEDGED}
        goes = [row.id for row in rows if row.id not in stays]
        by_hand = [row.id for row in rows if row.state == "booked_by_hand" and row.id in stays]
        vouchers.put_problems_aside(db, stays)
        vouchers.note_seen_by_hand(db, by_hand)
        vouchers.set_aside(db, goes, state, given, by, now)
        documents.drop_unsent(db, goes)
        detail = {"reason": given, "by": by}
        events = [
            context.event(
                row.id, "acknowledged" if row.id in stays else state, {**detail, "state_before": row.state}
            )
            for row in rows
        ]
        append(db, events, now)
    return rows


# A change that somebody has seen to, of a voucher that stays booked by hand.
_ACKNOWLEDGED = ("ignored", "booked_by_hand")


def to_be_taken_back(context: Context, wanted: Sequence[str]) -> list[VoucherRow]:
    """The vouchers that taking back would concern. Raises NeedsHuman as `take_back` does."""
    with context.read() as db:
        return list(_left_out(db, context.name, wanted))


def take_back(context: Context, wanted: Sequence[str], reason: str, by: str) -> tuple[VoucherRow, ...]:
    """Let vouchers that were left out or booked by hand be read again and decided anew by the next run.

    All of them or none; returns them as they were. Those that a rule left out may be meant, too: the rule may
    be another one now. Raises NeedsHuman (`voucher_unknown`, `voucher_not_aside`).
    """
    now = context.now()
    with context.write() as db:
        rows = _left_out(db, context.name, wanted, hold=True)
        vouchers.take_back(db, [row.id for row in rows], now)
        detail = {"reason": reason.strip(), "by": by}
        append(
            db,
            [context.event(row.id, "taken_back", {**detail, "state_before": row.state}) for row in rows],
            now,
        )
    return rows


def _chosen(
    db: Connection, name: str, wanted: Wanted, state: SetAside, *, hold: bool = False
) -> tuple[VoucherRow, ...]:
    if wanted.cause is None:
        rows = named(db, name, wanted.vouchers, hold=hold)
        found = set(vouchers.problems_of(db, [row.id for row in rows]))
    else:
        connections.read(db, name)
        keys = vouchers.held_for(db, wanted.cause, name)
        rows = tuple((vouchers.hold if hold else vouchers.by_ids)(db, keys).values())
        found = set(vouchers.held_for(db, wanted.cause, name))
        rows = tuple(row for row in rows if row.id in found)
    for row in rows:
        if not _may_be_set_aside(row, state, found):
            facts = {"voucher": row.label, "state": row.state}
            raise NeedsHuman(Problem("voucher_not_open", facts))
    return rows


def _may_be_set_aside(row: VoucherRow, state: SetAside, found: Collection[str]) -> bool:
    """Whether that is possible, given the keys of those about which something was `found`."""
    if row.state in GONE_NOWHERE:
        return True
    if row.state == "ignored":
        return state == "booked_by_hand" and row.is_set_aside
    return row.id in found and (row.state == "booked_by_hand" or (row.state, state) == ("settled", "ignored"))


def _left_out(
    db: Connection, name: str, wanted: Sequence[str], *, hold: bool = False
) -> tuple[VoucherRow, ...]:
    rows = named(db, name, wanted, hold=hold)
    for row in rows:
        if row.state not in {"ignored", "booked_by_hand"}:
            facts = {"voucher": row.label, "state": row.state}
            raise NeedsHuman(Problem("voucher_not_aside", facts))
    return rows
