"""Deliver: documents first, then the batch that links them, each with a note before and after."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.flow.agree.released import is_released
from mlconnector.flow.batches import notes
from mlconnector.flow.batches.kinds import kind_of
from mlconnector.flow.batches.lapsed import take_apart_lapsed
from mlconnector.flow.context.breaker import refuse_while_open
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.states import refuse_while_disconnected
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.store import batches, documents, entries
from mlconnector.store.audit import append
from mlconnector.store.batches import BatchRow
from mlconnector.store.documents import DocumentRow
from mlconnector.systems.transfers import OutgoingDocument, Receipt

DOCUMENTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Filing:
    """How a set of documents went: how many were filed, and whether the batch had to be dissolved."""

    filed: int
    more: bool
    dissolved: bool


def file_set(context: Context, batch: str) -> Filing:
    """File the next documents that a batch links. A refused one dissolves the batch before it is sent.

    So does a decision that has lapsed. Without a release nothing is filed.
    """
    with context.read() as db:
        row = _batch(batches.read(db, batch), batch)
        waiting = documents.to_file(db, batch, DOCUMENTS_AT_ONCE)
        ledgers = entries.ledgers(db, batch, [document.voucher for document in waiting])
    refuse_while_disconnected(context)
    refuse_while_open(context)
    if row.state != "frozen" or not waiting or not kind_of(row.format).links_documents:
        return Filing(0, more=False, dissolved=row.state == "dissolved")
    if not is_released(context):
        return Filing(0, more=False, dissolved=False)
    if take_apart_lapsed(context, row):
        return Filing(0, more=False, dissolved=True)
    outgoing = [_outgoing(row, document, ledgers[document.voucher]) for document in waiting]
    with context.write() as db:
        notes.hold(db, row)
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
    filed, refused_guids, unsent, events = [], [], [], []
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
        elif outcome.unsent and document.state == "stored":
            unsent.append(document.guid)
    with context.write() as db:
        documents.set_state(db, filed, "filed", context.now())
        documents.set_state(db, refused_guids, "refused", context.now())
        documents.set_state(db, unsent, "stored", context.now())
        if refused:
            events.append(notes.dissolve(context, db, row, refused))
        append(db, events, context.now())
    return len(refused)


def _is_its_own(outcome: ConnectorError) -> bool:
    """Whether a refusal concerns one document only; any other one concerns the whole connection."""
    return isinstance(outcome, NeedsHuman) and outcome.single


def _outgoing(row: BatchRow, document: DocumentRow, ledger: Ledger) -> OutgoingDocument:
    return OutgoingDocument(
        guid=uuid.UUID(document.guid),
        file_name=document.file_name,
        media_type=document.media_type,
        content=document.content or b"",
        ledger=ledger,
        period=row.period,
        attempted=document.state == "sending",
    )


def submit(context: Context, batch: str) -> Receipt | None:
    """Hand a batch over once, as its kind does it.

    Returns the receipt, also of a batch that was handed over before, or None when nothing is left to do: it
    was taken apart, or waits for a release.
    """
    with context.read() as db:
        row = _batch(batches.read(db, batch), batch)
    refuse_while_disconnected(context)
    refuse_while_open(context)
    if row.state == "submitted" and row.job_id is not None:
        return Receipt(row.job_id, 0.0)
    if row.state not in {"frozen", "submitting", "unknown"} or not is_released(context):
        return None
    return None if take_apart_lapsed(context, row) else kind_of(row.format).send(context, row)


def _batch(row: BatchRow | None, batch: str) -> BatchRow:
    if row is None:
        raise NeedsHuman(Problem("batch_unknown", {"batch": batch}))
    return row
