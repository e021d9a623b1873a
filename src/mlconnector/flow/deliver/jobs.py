"""Follow: a job is asked after until DATEV has answered, within a budget, and then everything is settled.

A voucher that changed while it was on its way is not settled: its newest revision is decided next.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from mlconnector.flow.batches.kind import Ended
from mlconnector.flow.batches.kinds import kind_of
from mlconnector.flow.batches.notes import outdated, refuse, told
from mlconnector.flow.context.breaker import refuse_while_open
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import refuse_while_disconnected
from mlconnector.flow.intake.records import ON_THE_WAY
from mlconnector.model.problems import Problem
from mlconnector.store import batches, documents, entries, vouchers
from mlconnector.store.audit import append, latest
from mlconnector.store.batches import BatchRow
from mlconnector.store.entries import EntryRow
from mlconnector.store.vouchers import Standing
from mlconnector.systems.transfers import JobStatus

# How often the same file is sent while DATEV asks for it once more.
TRIES = 4


@dataclass(frozen=True, slots=True)
class Step:
    """What a look at a job gave: settled, wait some seconds, parked until the next run, or send again."""

    state: Literal["settled", "wait", "parked", "again"]
    wait: float = 0.0


def look(context: Context, batch: str, retry_after: float) -> Step:
    """Ask once how far the job is, and settle the batch when it is at its end."""
    with context.read() as db:
        row = batches.read(db, batch)
    if row is None or row.state != "submitted" or row.job_id is None:
        return Step("settled")
    refuse_while_disconnected(context)
    refuse_while_open(context)
    status = kind_of(row.format).status(context, row)
    context.reached("job_polled")
    if status.result in {"pending", "open"}:
        return _wait(context, row, retry_after)
    if status.again and _tries(context, batch) < TRIES:
        return _send_again(context, row, status)
    _settle(context, row, status)
    context.reached("batch_settled")
    return Step("settled")


def first_wait(context: Context, retry_after: float) -> float:
    """How long to wait before the first look; drawn by chance, so it belongs into a recorded step."""
    return _wait_before(context, 1, retry_after) or retry_after


def _wait_before(context: Context, attempt: int, retry_after: float) -> float | None:
    return context.settings.sink_system.courtesy.wait(attempt, retry_after, _chance())


def _tries(context: Context, batch: str) -> int:
    with context.read() as db:
        return len(batches.jobs(db, batch))


def _wait(context: Context, row: BatchRow, retry_after: float) -> Step:
    with context.write() as db:
        if not batches.hold(db, row):
            return Step("settled")
        polls = batches.count_up(db, row.id, "polls")
        wait = _wait_before(context, polls + 1, retry_after)
        if wait is None and not row.parked:
            batches.change(db, row.id, context.now(), parked=True)
            append(db, [context.event(row.id, "parked", {"polls": polls})], context.now())
    return Step("parked") if wait is None else Step("wait", wait)


def _send_again(context: Context, row: BatchRow, status: JobStatus) -> Step:
    """DATEV asks for the same file once more; the job that failed so is never taken for the new one."""
    now = context.now()
    with context.write() as db:
        if not batches.hold(db, row):
            return Step("settled")
        batches.change(db, row.id, now, state="frozen", job_id=None, answer=_text(status))
        append(db, [context.event(row.id, "send_again", {"job_id": row.job_id})], now)
    return Step("again")


def _settle(context: Context, row: BatchRow, status: JobStatus) -> None:
    succeeded = status.result in {"succeeded", "partial"}
    stands = _stands(context, row)
    problem = status.problem or Problem(
        "batch_rejected", {"file": row.file_name, "batch": row.id}, ("batch",)
    )
    now = context.now()
    with context.write() as db:
        if not batches.hold(db, row):
            return
        batches.change(
            db,
            row.id,
            now,
            state="succeeded" if stands and not succeeded else status.result,
            parked=False,
            answer=_text(status),
            cause="" if status.result == "succeeded" else problem.cause,
        )
        kind_of(row.format).settle(context, db, row, Ended(status, problem, succeeded or stands))
        held = entries.of_batch(db, row.id)
        rows = vouchers.hold(db, {entry.voucher for entry in held})
        newer = outdated(db, held)
        # What waits for a human because of another batch goes on waiting.
        keys = [key for key, voucher in rows.items() if voucher.state in ON_THE_WAY]
        if succeeded or stands:
            documents.let_go_of_content(db, row.id)
            if not stands:
                _note_bookings(db, held)
            settled = set(keys) - entries.unsettled_vouchers(db, keys)
            vouchers.set_state(db, settled - newer, "settled", now)
            vouchers.set_state(db, settled & newer, "received", now)
        else:
            refuse(db, dict.fromkeys(keys, problem), "rejected", newer, now)
        detail = told(row, status)
        append(db, [context.event(row.id, status.result, detail)], now)


def _stands(context: Context, row: BatchRow) -> bool:
    """Whether an earlier job brought this batch already: it stands in DATEV whatever becomes of this one."""
    with context.read() as db:
        return latest(db, row.id, "succeeded") is not None


def _note_bookings(db: Connection, held: Sequence[EntryRow]) -> None:
    """Keep which booking of each voucher now stands in DATEV."""
    revision = {entry.voucher: entry.revision for entry in held}
    standing = entries.standing(db, list(revision))
    changed: list[Standing] = [
        {
            "id": key,
            "booked_entry": standing[key][-1].id if key in standing else None,
            "booked_revision": revision[key],
        }
        for key in sorted(revision)
    ]
    vouchers.update_vouchers(db, changed)


def _chance() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000


def _text(status: JobStatus) -> str:
    return json.dumps(dict(status.answer), ensure_ascii=False, default=str)
