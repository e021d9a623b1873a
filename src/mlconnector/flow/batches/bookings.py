"""Bookings: Buchungsstapel as EXTF files, with their documents filed before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.flow.batches.booking_files import hand_over, status_of
from mlconnector.flow.batches.entry_batches import Packed, freeze_entries
from mlconnector.flow.batches.kind import Ended
from mlconnector.flow.batches.master_data import unsent_before
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import booking_header, encoding_of, label_of, noted_change
from mlconnector.flow.decide.rows import rows_of
from mlconnector.formats.extf import BookingRows, limit, split, write
from mlconnector.model.entries import decode
from mlconnector.model.problems import Problem
from mlconnector.store import documents, entries, vouchers
from mlconnector.store.batches import BatchFormat, BatchRow, BatchState
from mlconnector.store.entries import EntryRow, Group
from mlconnector.systems.sink import Takes
from mlconnector.systems.transfers import JobStatus, Receipt


@dataclass(frozen=True, slots=True)
class Bookings:
    """The kind of batch that carries final bookings."""

    format: BatchFormat = "extf"
    needs: Takes = "booking_files"
    links_documents: bool = True
    is_recognised: bool = False
    bound_in: frozenset[BatchState] = frozenset({"submitting", "unknown", "submitted"})
    unsent_in: frozenset[BatchState] = frozenset({"frozen"})

    def freeze(self, context: Context) -> str | None:
        """Freeze the next bookings of a month; returns the batch's id, None when none wait."""
        return freeze_entries(context, "extf", _packed)

    def send(self, context: Context, row: BatchRow) -> Receipt:
        """Hand the file over once; master data that was frozen before it go before it."""
        with context.read() as db:
            missing = documents.not_filed(db, row.id)
        if missing:
            raise Broken(f"batch {row.id} links documents that are not filed: {', '.join(missing)}")
        # Waiting for their own delivery would hold it up: one connection delivers one batch at a time.
        for first in unsent_before(context, row):
            hand_over(context, first)
        return hand_over(context, row)

    def status(self, context: Context, row: BatchRow) -> JobStatus:
        """How far the job is."""
        return status_of(context, row)

    def settle(self, context: Context, db: Connection, row: BatchRow, ended: Ended) -> None:
        """Nothing but its entries is to be settled."""

    def release(self, db: Connection, row: BatchRow, now: datetime) -> None:
        """Let the vouchers of a failed batch wait for its next job; replayed ones are in another batch."""
        if row.state != "failed":
            return
        held = vouchers.hold(db, {entry.voucher for entry in entries.of_batch(db, row.id)})
        moved = [voucher for voucher in held.values() if voucher.state != "rejected"]
        if moved:
            facts = {"file": row.file_name, "batch": row.state, "count": str(len(moved))}
            raise NeedsHuman(Problem("batch_moved_on", facts))
        vouchers.set_state(db, held, "batched", now)
        vouchers.replace_problems(db, "mapping", dict.fromkeys(held, ()))


def _packed(context: Context, group: Group, rows: Sequence[EntryRow]) -> Packed:
    settings = context.settings
    books = settings.rules.books
    decoded = [decode(row.content) for row in rows]
    if any(one.is_statistical != group.is_statistical for one in decoded):
        raise Broken(f"statistical bookings of {group.period} are among others")
    period = split(decoded, books.fiscal_year_start)[0]
    header = booking_header(
        settings, period, label_of(settings, group.period, statistical=group.is_statistical), context.now()
    )
    made = [rows_of(entry, books) for entry in decoded]
    fitting = next(limit(header, made, encoding=encoding_of(books)))
    written = write(header, [row for one in fitting for row in one.rows], encoding=encoding_of(books))
    changes = [*_changes(fitting), *(noted_change("", change) for change in written.changes)]
    return Packed(written.content, written.rows, tuple(one.content_key for one in fitting), changes)


def _changes(group: Sequence[BookingRows]) -> list[dict[str, str]]:
    return [noted_change(booking.content_key, change) for booking in group for change in booking.changes]
