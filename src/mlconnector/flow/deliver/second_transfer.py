"""A second transfer: a batch that the sink has answered is handed over once more, because a person says so.

A sink need not recognise a file that it has got before: what is sent twice may be booked twice. So this is
the only way in which a batch gets a second job, besides the sink asking for it, and the trail keeps why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.agree import four_eyes
from mlconnector.flow.batches.kinds import kind_of
from mlconnector.flow.context.services import Services, disconnected
from mlconnector.model.problems import Problem
from mlconnector.store import batches, connections
from mlconnector.store.approvals import Asked
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
    it. Where a second person has to approve that (`approve`), it is only asked for. Raises NeedsHuman, also
    where the connection is not released.
    """
    now = services.now()
    with services.database.write() as db:
        row = _named(db, wanted, reason)
        _refuse_unfit(db, row, again=again)
        if four_eyes.are_wanted(services):
            said = {"reason": reason, "again": again, "file": row.file_name}
            four_eyes.ask(db, Asked("resend", row.id, row.connection, by, now, _seal(row), said))
        else:
            _send_again(db, row, {"reason": reason, "by": by}, now)
    return row


def approve(services: Services, wanted: str, by: str) -> BatchRow:
    """Let a batch be sent again as a second person, just as somebody else has asked for it.

    Raises NeedsHuman: `approval_not_asked`, `approval_by_same`, `approval_lapsed` where something became of
    the batch meanwhile, and as `resend` does.
    """
    asked = four_eyes.asked_of(services, wanted, "resend")
    four_eyes.refuse_same(asked, by)
    reason = str(asked.detail["reason"])
    with services.database.read() as db:
        seen = _named(db, asked.about, reason)
    four_eyes.refuse_changed(services, asked, _seal(seen))
    with services.database.write() as db:
        four_eyes.take(db, asked)
        row = _named(db, asked.about, reason)
        _refuse_unfit(db, row, again=bool(asked.detail["again"]))
        _send_again(db, row, {"reason": reason, "by": by, "asked_by": asked.by}, services.now())
    return row


def _seal(row: BatchRow) -> str:
    """What a batch has no more once something became of it."""
    return f"{row.sha256} {row.state} {row.job_id or ''}"


def _refuse_unfit(db: Connection, row: BatchRow, *, again: bool) -> None:
    """Raise NeedsHuman for a batch that may not be sent again now; else nobody else changes it meanwhile."""
    facts = {"file": row.file_name, "batch": row.state}
    if kind_of(row.format).is_recognised:
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


def _send_again(db: Connection, row: BatchRow, said: Mapping[str, str], now: datetime) -> None:
    kind_of(row.format).release(db, row, now)
    batches.change(db, row.id, now, state="frozen", job_id=None, polls=0, parked=False, cause="")
    detail = {**said, "before": row.state, "job_id": row.job_id}
    append(db, [AuditEvent(row.connection, row.id, "resent", detail)], now)
