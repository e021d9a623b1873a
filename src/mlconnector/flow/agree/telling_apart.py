"""Telling apart: a person says of a voucher that looks like a booked one that it is a document of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.named import named
from mlconnector.flow.agree.reasons import refuse_without
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.model.problems import Problem
from mlconnector.store import distinct_vouchers, documents, vouchers
from mlconnector.store.audit import append, story
from mlconnector.store.vouchers import VoucherRow, VoucherState

_LOOKS_BOOKED = "document_looks_booked"
# Whatever has not gone anywhere yet.
_MAY_BE_WITHDRAWN: frozenset[VoucherState] = frozenset({"received", "bookable", "needs_human", "rejected"})


def tell_apart(context: Context, wanted: Sequence[str], reason: str, by: str) -> tuple[VoucherRow, ...]:
    """Confirm that vouchers are none of those that they look like: the next run decides them anew.

    All or none; returns them as they were. Another one that they look like later lets them wait again. Raises
    NeedsHuman (`reason_missing`, `voucher_unknown`, `voucher_not_alike`).
    """
    refuse_without(reason)
    now = context.now()
    with context.write() as db:
        rows = named(db, context.name, wanted)
        found = vouchers.problems_of(db, [row.id for row in rows])
        events = []
        for row in rows:
            others = [one.facts["other"] for one in found.get(row.id, ()) if one.key == _LOOKS_BOOKED]
            if row.state != "needs_human" or not others:
                raise NeedsHuman(Problem("voucher_not_alike", {"voucher": row.label, "state": row.state}))
            distinct_vouchers.put(db, row.id, others, now)
            detail = {"others": others, "reason": reason.strip(), "by": by}
            events.append(context.event(row.id, "told_apart", detail))
        vouchers.set_state(db, [row.id for row in rows], "received", now, vouchers.REPLAYED)
        append(db, events, now)
    return rows


@dataclass(frozen=True, slots=True)
class ToldApart:
    """A voucher of which somebody has said that it is none of these others; who and why the trail knows."""

    row: VoucherRow
    others: tuple[VoucherRow, ...]
    by: str
    at: datetime
    reason: str
    may_be_withdrawn: bool


def listed(services: Services, name: str | None, *, limit: int, page: int = 1) -> tuple[list[ToldApart], int]:
    """A page of the vouchers that were told apart, the latest first, and how many there are."""
    with services.database.read() as db:
        total = distinct_vouchers.count(db, name)
        noted = distinct_vouchers.listed(db, name, limit, (page - 1) * limit)
        pairs = distinct_vouchers.of_vouchers(db, list(noted))
        rows = vouchers.by_ids(db, [*noted, *(other for its in pairs.values() for other in its)])
        said = {row.subject: row.detail for row in story(db, list(noted)) if row.event == "told_apart"}
    return [
        ToldApart(
            rows[key],
            tuple(rows[other] for other in sorted(pairs[key])),
            said.get(key, {}).get("by", ""),
            at,
            said.get(key, {}).get("reason", ""),
            _may_be_withdrawn(rows[key]),
        )
        for key, at in noted.items()
    ], total


def withdraw(context: Context, wanted: Sequence[str], reason: str, by: str) -> tuple[VoucherRow, ...]:
    """Take back that vouchers are documents of their own: what is not on its way to DATEV is decided anew.

    All or none; returns them as they were. Raises NeedsHuman (`reason_missing`, `voucher_unknown`,
    `voucher_not_distinct`).
    """
    refuse_without(reason)
    now = context.now()
    with context.write() as db:
        rows = named(db, context.name, wanted)
        keys = [row.id for row in rows]
        pairs = distinct_vouchers.of_vouchers(db, keys)
        events = []
        for row in rows:
            if row.id not in pairs or not _may_be_withdrawn(row):
                raise NeedsHuman(Problem("voucher_not_distinct", {"voucher": row.label, "state": row.state}))
            distinct_vouchers.forget(db, row.id)
            detail = {"others": sorted(pairs[row.id]), "reason": reason.strip(), "by": by}
            events.append(context.event(row.id, "not_told_apart", detail))
        prepared = [row.id for row in rows if row.state == "bookable"]
        vouchers.drop_waiting_entries(db, prepared)
        documents.drop_unsent(db, prepared)
        vouchers.set_state(db, prepared, "received", now, vouchers.REPLAYED)
        append(db, events, now)
    return rows


def _may_be_withdrawn(row: VoucherRow) -> bool:
    return row.state in _MAY_BE_WITHDRAWN and row.booked_entry is None
