"""A second transfer: a batch that the sink has answered is handed over once more, because a person says so.

A sink need not recognise a file that it has got before: what is sent twice may be booked twice. So this is
the only way in which a batch gets a second job, besides the sink asking for it, and the trail keeps why.
"""

from __future__ import annotations

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.batches.kinds import kind_of
from mlconnector.flow.context.services import Services, disconnected
from mlconnector.model.problems import Problem
from mlconnector.store import batches, connections
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.batches import BatchRow


def would_resend(services: Services, wanted: str, reason: str) -> BatchRow:
    """The batch that would be sent again. Raises NeedsHuman for one that is unknown, or without a reason."""
    with services.database.read() as db:
        return _named(db, wanted, reason)


def _named(db: Connection, wanted: str, reason: str) -> BatchRow:
    if not reason.strip():
        raise NeedsHuman(Problem("resend_without_reason", {"file": wanted}))
    row = batches.find(db, wanted)
    if row is None:
        raise NeedsHuman(Problem("batch_unknown", {"batch": wanted}))
    return row


def resend(services: Services, wanted: str, reason: str, by: str, *, again: bool = False) -> BatchRow:
    """Let a batch, named by its id or file name, be sent again: the same bytes, file name and reference.

    One that succeeded has to be meant (`again`). One that failed goes only while all its vouchers wait
    because of it: those that were replayed are in another batch, and would be booked twice. Master data goes
    only while no later file has the same accounts, or it would bring back what was. The next delivery sends
    it. Raises NeedsHuman, also where the connection is not released.
    """
    now = services.now()
    with services.database.write() as db:
        row = _named(db, wanted, reason)
        facts = {"file": row.file_name, "batch": row.state}
        kind = kind_of(row.format)
        if kind.is_recognised:
            raise NeedsHuman(Problem("batch_recognised", facts))
        if row.state not in {"succeeded", "failed"}:
            raise NeedsHuman(Problem("batch_not_answered", facts))
        if row.state in batches.ARRIVED and not again:
            raise NeedsHuman(Problem("batch_succeeded_already", facts))
        connection = connections.read(db, row.connection)
        if connection.is_disconnected:
            raise NeedsHuman(disconnected(row.connection))
        if connection.released_at is None:
            raise NeedsHuman(Problem("release_missing", {"name": row.connection}))
        if not batches.hold(db, row):
            raise RetryLater("another process has this batch in hand", after=1.0)
        kind.release(db, row, now)
        batches.change(db, row.id, now, state="frozen", job_id=None, polls=0, parked=False, cause="")
        detail = {"reason": reason, "by": by, "before": row.state, "job_id": row.job_id}
        append(db, [AuditEvent(row.connection, row.id, "resent", detail)], now)
    return row
