"""Booking files: a file is handed over once, and after an unknown outcome its job is looked for first."""

from __future__ import annotations

from datetime import timedelta

from mlconnector.errors import Broken, ConnectorError, NeedsLogin, RetryLater
from mlconnector.flow.batches import notes
from mlconnector.flow.context.context import Context
from mlconnector.store import batches
from mlconnector.store.batches import BatchRow
from mlconnector.systems.transfers import JobStatus, OutgoingBatch, Receipt


def hand_over(context: Context, row: BatchRow) -> Receipt:
    """Send a file unless a job has it already. Raises one of the four errors.

    After an unknown outcome it is sent again only when no job has turned up within the time that the settings
    give the sink for that.
    """
    sink = context.sink
    with context.read() as db:
        content = batches.content(db, row.id)
        earlier = batches.jobs(db, row.id)
    if row.state != "frozen":
        found = sink.find(row.id)
        if found is not None and found.job_id not in earlier:
            return notes.handed_over(context, row, found, "adopted")
        patience = timedelta(seconds=context.services.settings.lookup_seconds)
        left = (row.changed_at + patience - context.now()).total_seconds()
        if left > 0:
            raise RetryLater("the job of an unanswered submission is not listed yet", after=left)
    notes.change(context, row, attempt=True, state="submitting")
    context.reached("batch_noted")
    try:
        receipt = sink.submit(OutgoingBatch(row.id, row.file_name, content))
    except ConnectorError as error:
        # What was unknown of an earlier attempt stays so, whatever is said of this one.
        unknown = row.state != "frozen" or _may_have_arrived(error)
        with context.write() as db:
            batches.change(db, row.id, context.now(), state="unknown" if unknown else "frozen")
            batches.note_outcome(db, row.id, "unknown" if unknown else f"refused: {error}", context.now())
        raise
    context.reached("batch_sent")
    return notes.handed_over(context, row, receipt, "accepted")


def status_of(context: Context, row: BatchRow) -> JobStatus:
    """How far the job of a file is. Raises one of the four errors."""
    if row.job_id is None:
        raise Broken(f"batch {row.id} has no job to ask after")
    return context.sink.status(row.job_id)


def _may_have_arrived(error: ConnectorError) -> bool:
    """Whether a failed submission may have been taken all the same: `Sink.submit` says when."""
    if isinstance(error, RetryLater):
        return error.outcome_unknown
    return not (error.unsent or isinstance(error, NeedsLogin))
