"""Notes: what is written down of a batch when it is frozen, taken apart, or handed over."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from mlconnector.errors import Broken, RetryLater
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.model.problems import Problem
from mlconnector.store import batches, entries, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.batches import BatchFormat, BatchRow, NewBatch
from mlconnector.store.entries import EntryRow
from mlconnector.store.vouchers import VoucherState
from mlconnector.systems.transfers import JobStatus, Receipt, Remark


def frozen_batch(
    settings: ConnectionSettings,
    batch: uuid.UUID,
    *,
    period: str,
    data_format: BatchFormat,
    file_name: str,
    content: bytes,
    rows: int,
    vouchers: int,
    changes: Sequence[dict[str, str]],
    now: datetime,
) -> NewBatch:
    """The row of a batch that was never sent, also where a dissolved one had the same id."""
    return {
        "id": str(batch),
        "connection": settings.name,
        "client": settings.client,
        "period": period,
        "format": data_format,
        "file_name": file_name,
        "content": content,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": rows,
        "vouchers": vouchers,
        "changes": json.dumps(changes, ensure_ascii=False),
        "state": "frozen",
        "job_id": None,
        "polls": 0,
        "answer": "",
        "cause": "",
        "created_at": now,
        "changed_at": now,
    }


def hold(db: Connection, row: BatchRow) -> None:
    """Keep others from changing a batch that is still as it was read. Raises RetryLater where it is not."""
    if not batches.hold(db, row):
        raise RetryLater("another process has this batch in hand", after=1.0)


def change(context: Context, row: BatchRow, *, attempt: bool = False, **values: object) -> BatchRow:
    """Change a batch that is still as it was read, and return it as it is now.

    With `attempt` it is noted, too, that it is about to be sent. Raises RetryLater where it is not as it was:
    somebody else has it in hand, or its bookings now go another way.
    """
    with context.write() as db:
        hold(db, row)
        batches.change(db, row.id, context.now(), **values)
        if attempt:
            batches.note_attempt(db, row.id, context.now())
        noted = batches.read(db, row.id)
    if noted is None:
        raise Broken(f"batch {row.id} is gone")
    return noted


def outdated(db: Connection, held: Iterable[EntryRow]) -> set[str]:
    """The vouchers that changed since these bookings were made; holds all of them."""
    made = {(one.voucher, one.revision) for one in held}
    rows = vouchers.hold(db, {voucher for voucher, _ in made})
    return {voucher for voucher, revision in made if rows[voucher].revision != revision}


def refuse(
    db: Connection,
    refused: Mapping[str, Problem],
    state: VoucherState,
    newer: Collection[str],
    now: datetime,
) -> None:
    """Let vouchers wait for a human in this state; those that changed meanwhile are decided anew instead."""
    kept = {key: problem for key, problem in refused.items() if key not in newer}
    vouchers.set_state(db, kept, state, now)
    vouchers.set_state(db, set(refused) - set(kept), "received", now)
    vouchers.replace_problems(db, "mapping", {key: (problem,) for key, problem in kept.items()})


def dissolve(
    context: Context,
    db: Connection,
    row: BatchRow,
    refused: Mapping[str, Problem],
    lapsed: Collection[str] = (),
) -> AuditEvent:
    """Take an unsent batch apart: refused vouchers wait for a human, the others for a new batch.

    Those that changed meanwhile wait for a decision about their newest revision, and those whose decision
    has `lapsed` for another one.
    """
    now = context.now()
    hold(db, row)
    bookings = entries.of_batch(db, row.id)
    held, newer = {one.voucher for one in bookings}, outdated(db, bookings) | set(lapsed)
    entries.take_out(db, row.id)
    vouchers.set_state(db, held - set(refused) - newer, "bookable", now, of=["batched"])
    vouchers.set_state(db, newer - set(refused), "received", now, of=["batched"])
    refuse(db, refused, "needs_human", newer, now)
    vouchers.drop_waiting_entries(db, sorted(newer | set(refused)))
    batches.change(db, row.id, now, state="dissolved")
    detail = {"refused": sorted(refused)}
    return context.event(row.id, "dissolved", detail | ({"lapsed": sorted(lapsed)} if lapsed else {}))


def decide_anew(db: Connection, held: Iterable[EntryRow], now: datetime, batch: str = "") -> list[str]:
    """Let the vouchers of unsent bookings be decided anew, out of their `batch`; returns the vouchers."""
    keys = sorted({one.voucher for one in held})
    vouchers.hold(db, keys)
    if batch:
        entries.take_out(db, batch)
    vouchers.drop_waiting_entries(db, keys)
    vouchers.set_state(db, keys, "received", now, of=("batched", "bookable"))
    return keys


def handed_over(context: Context, row: BatchRow, receipt: Receipt, outcome: str) -> Receipt:
    """Note which job took a batch, and that its vouchers are with the sink."""
    now = context.now()
    with context.write() as db:
        batches.change(db, row.id, now, state="submitted", job_id=receipt.job_id, polls=0, parked=False)
        batches.note_outcome(db, row.id, f"{outcome} {receipt.job_id}", now)
        held = {entry.voucher for entry in entries.of_batch(db, row.id)}
        vouchers.set_state(db, held, "sent", now, of=["batched"])
        detail = {"job_id": receipt.job_id, "file": row.file_name, "outcome": outcome}
        append(db, [context.event(row.id, "sent", detail)], now)
    context.reached("receipt_noted")
    return receipt


def told(row: BatchRow, status: JobStatus) -> dict[str, object]:
    """What the audit trail keeps of an answer: every word, and a protocol line by line."""
    answer = {name: said for name, said in status.answer.items() if name != "protocol"}
    detail: dict[str, object] = {"job_id": row.job_id, "result": status.result, "answer": answer}
    if status.remarks:
        detail["protocol"] = [line_of(one) for one in status.remarks]
    return detail


def line_of(remark: Remark) -> str:
    """A line of the protocol as one sentence: kind, file, text, context."""
    return ": ".join(part for part in (remark.kind, remark.file_name, remark.text, remark.context) if part)
