"""Deliver: documents first, then the batch that links them, each with a note before and after."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.batches import suggestions
from mlconnector.flow.batches.master_data import FORMAT, unsent_before
from mlconnector.flow.context.breaker import refuse_while_open
from mlconnector.flow.context.context import Context
from mlconnector.formats.dxso import Package, concerned, thaw
from mlconnector.model.problems import Problem
from mlconnector.store import batches, documents, entries, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.batches import BatchRow
from mlconnector.store.documents import DocumentRow
from mlconnector.systems.sink import OutgoingBatch, OutgoingDocument, Receipt

DOCUMENTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Filing:
    """How a set of documents went: how many were filed, and whether the batch had to be dissolved."""

    filed: int
    more: bool
    dissolved: bool


def file_set(context: Context, batch: str) -> Filing:
    """File the next documents that a batch links. A refused one dissolves the batch before it is sent."""
    with context.read() as db:
        row = _batch(batches.read(db, batch), batch)
        waiting = documents.to_file(db, batch, DOCUMENTS_AT_ONCE)
    refuse_while_open(context)
    if row.state != "frozen" or not waiting or row.format == suggestions.FORMAT:
        return Filing(0, more=False, dissolved=row.state == "dissolved")
    outgoing = [_outgoing(row, document) for document in waiting]
    with context.write() as db:
        _hold(db, row)
        documents.set_state(db, [document.guid for document in waiting], "sending", context.now())
    sink = context.sink

    def file(document: OutgoingDocument) -> str | ConnectorError:
        try:
            return sink.file_document(document)
        except ConnectorError as error:
            return error

    with ThreadPoolExecutor(context.services.settings.transfer_threads) as threads:
        outcomes = list(threads.map(file, outgoing))
    context.reached("documents_sent")
    refused = _note(context, row, waiting, outcomes)
    failure = next(
        (one for one in outcomes if isinstance(one, ConnectorError) and not _is_its_own(one)), None
    )
    if failure is not None:
        raise failure
    return Filing(len(waiting) - refused, more=not refused, dissolved=bool(refused))


def _note(
    context: Context,
    row: BatchRow,
    waiting: Sequence[DocumentRow],
    outcomes: Sequence[str | ConnectorError],
) -> int:
    """Write down what came back and, with it, dissolve a batch that would link a refused document.

    Returns how many documents were refused.
    """
    filed, refused_guids, events = [], [], []
    refused: dict[str, Problem] = {}
    for document, outcome in zip(waiting, outcomes, strict=True):
        if isinstance(outcome, str):
            filed.append(document.guid)
            detail = {"guid": document.guid, "sha256": document.sha256, "answer": outcome}
            events.append(context.event(document.voucher, "document_filed", detail))
        elif isinstance(outcome, NeedsHuman) and _is_its_own(outcome):
            refused_guids.append(document.guid)
            refused[document.voucher] = outcome.problem
            detail = {"guid": document.guid, "cause": outcome.problem.cause}
            events.append(context.event(document.voucher, "document_refused", detail))
    with context.write() as db:
        documents.set_state(db, filed, "filed", context.now())
        documents.set_state(db, refused_guids, "refused", context.now())
        if refused:
            events.append(_dissolve(context, db, row, refused))
        append(db, events, context.now())
    return len(refused)


def _is_its_own(outcome: ConnectorError) -> bool:
    """Whether a refusal concerns one document only; any other one concerns the whole connection."""
    return isinstance(outcome, NeedsHuman) and outcome.single


def _dissolve(context: Context, db: Connection, row: BatchRow, refused: Mapping[str, Problem]) -> AuditEvent:
    """Take an unsent batch apart: refused vouchers wait for a human, the others for a new batch."""
    now = context.now()
    _hold(db, row)
    held = {entry.voucher for entry in entries.of_batch(db, row.id)}
    vouchers.hold(db, held)
    entries.take_out(db, row.id)
    vouchers.set_state(db, held - set(refused), "bookable", now, of=("batched",))
    vouchers.set_state(db, refused, "needs_human", now)
    vouchers.drop_waiting_entries(db, list(refused))
    vouchers.replace_problems(db, "mapping", {key: (problem,) for key, problem in refused.items()})
    batches.change(db, row.id, now, state="dissolved")
    return context.event(row.id, "dissolved", {"refused": sorted(refused)})


def _hold(db: Connection, row: BatchRow) -> None:
    if not batches.hold(db, row):
        raise RetryLater("another process has this batch in hand", after=1.0)


def _outgoing(row: BatchRow, document: DocumentRow) -> OutgoingDocument:
    return OutgoingDocument(
        guid=uuid.UUID(document.guid),
        file_name=document.file_name,
        media_type=document.media_type,
        content=document.content or b"",
        period=row.period,
        attempted=document.state == "sending",
    )


def submit(context: Context, batch: str) -> Receipt | None:
    """Hand a batch over once. After an unknown outcome the job is looked up before anything is sent again.

    Returns the receipt, also of a batch that was handed over before, or None when nothing is left to do.
    """
    with context.read() as db:
        row = _batch(batches.read(db, batch), batch)
        content = batches.content(db, batch)
        missing = documents.not_filed(db, batch)
    refuse_while_open(context)
    if row.state == "submitted" and row.job_id is not None:
        return Receipt(row.job_id, 0.0)
    if row.state not in {"frozen", "submitting", "unknown"}:
        return None
    if row.format == suggestions.FORMAT:
        return _carry(context, row, thaw(content))
    if missing:
        raise Broken(f"batch {batch} links documents that are not filed: {', '.join(missing)}")
    if row.format != FORMAT:
        # Waiting for their own delivery would hold it up: one connection delivers one batch at a time.
        for first in unsent_before(context, row):
            submit(context, first)
    sink = context.sink
    if row.state != "frozen":
        found = sink.find(batch)
        with context.read() as db:
            earlier = batches.jobs(db, batch)
        if found is not None and found.job_id not in earlier:
            return _note_receipt(context, row, found, "adopted")
        patience = timedelta(seconds=context.services.settings.lookup_seconds)
        left = (row.changed_at + patience - context.now()).total_seconds()
        if left > 0:
            raise RetryLater("the job of an unanswered submission is not listed yet", after=left)
    with context.write() as db:
        _hold(db, row)
        batches.change(db, batch, context.now(), state="submitting")
        batches.note_attempt(db, batch, context.now())
    context.reached("batch_noted")
    try:
        receipt = sink.submit(OutgoingBatch(batch, row.file_name, content))
    except ConnectorError as error:
        # What was unknown of an earlier attempt stays so, whatever is said of this one.
        unknown = row.state != "frozen" or _may_have_arrived(error)
        with context.write() as db:
            batches.change(db, batch, context.now(), state="unknown" if unknown else "frozen")
            batches.note_outcome(db, batch, "unknown" if unknown else f"refused: {error}", context.now())
        raise
    context.reached("batch_sent")
    return _note_receipt(context, row, receipt, "accepted")


def _carry(context: Context, row: BatchRow, package: Package) -> Receipt | None:
    """Hand over a batch of booking suggestions; a refused file dissolves it before it is processed."""
    try:
        job_id = suggestions.carry(context, row, package)
    except NeedsHuman as error:
        refused = concerned(package, error.problem.facts.get("file_name", ""), "")
        if not error.single or not refused:
            raise
        with context.read() as db:
            now = _batch(batches.read(db, row.id), row.id)
            keys = {one.content_key for one in refused}
            problems = {one.voucher: error.problem for one in suggestions.entries_of(db, row.id, keys)}
        if now.job_id is not None:
            context.sink.drop_transfer(now.job_id)
        with context.write() as db:
            append(db, [_dissolve(context, db, now, problems)], context.now())
        return None
    return _note_receipt(context, row, Receipt(job_id, 0.0), "accepted")


def _may_have_arrived(error: ConnectorError) -> bool:
    """Whether a failed submission may have been taken all the same: `Sink.submit` says when."""
    if isinstance(error, RetryLater):
        return error.outcome_unknown
    return not isinstance(error, NeedsLogin)


def _note_receipt(context: Context, row: BatchRow, receipt: Receipt, outcome: str) -> Receipt:
    now = context.now()
    with context.write() as db:
        batches.change(db, row.id, now, state="submitted", job_id=receipt.job_id, polls=0, parked=False)
        batches.note_outcome(db, row.id, f"{outcome} {receipt.job_id}", now)
        held = {entry.voucher for entry in entries.of_batch(db, row.id)}
        vouchers.set_state(db, held, "sent", now, of=("batched",))
        detail = {"job_id": receipt.job_id, "file": row.file_name, "outcome": outcome}
        append(db, [context.event(row.id, "sent", detail)], now)
    context.reached("receipt_noted")
    return receipt


def _batch(row: BatchRow | None, batch: str) -> BatchRow:
    if row is None:
        raise NeedsHuman(Problem("batch_unknown", {"batch": batch}))
    return row
