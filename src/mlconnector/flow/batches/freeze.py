"""Freeze: waiting entries of one month become a batch whose bytes are stored before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from mlconnector.errors import RetryLater
from mlconnector.flow.batches import suggestions
from mlconnector.flow.batches.files import booking_header, encoding_of, frozen_batch, noted_change
from mlconnector.flow.batches.master_data import freeze_master_data
from mlconnector.flow.context.context import Context
from mlconnector.formats.dxso import freeze
from mlconnector.formats.extf import (
    BOOKINGS,
    BookingRows,
    Category,
    NotBookable,
    Reversed,
    Unwritable,
    booking_rows,
    category,
    limit,
    split,
    write,
)
from mlconnector.formats.extf.writer import LinePlan
from mlconnector.formats.names import batch_id, dxso_file_name, extf_file_name
from mlconnector.mapping.books import Books
from mlconnector.model.entries import Entry, decode
from mlconnector.model.problems import Problem
from mlconnector.store import batches, entries, vouchers
from mlconnector.store.audit import append
from mlconnector.store.entries import EntryRow, Group

# DATEV takes 99,999 rows; fewer entries for each batch keep memory flat whatever a month brings.
ENTRIES_AT_ONCE = 5_000


def freeze_next(context: Context) -> str | None:
    """Freeze what waits, a file at a time, and return the batch's id; None when nothing waits.

    Debtors and creditors come first, so that they are there when the bookings that use them arrive.
    """
    master_data = freeze_master_data(context)
    if master_data is not None:
        return master_data
    with context.read() as db:
        groups = entries.waiting_groups(db, context.name)
        if not groups:
            return None
        rows = list(islice(entries.waiting(db, context.name, groups[0]), ENTRIES_AT_ONCE))
    make = _as_suggestions if groups[0].channel == "dxso" else _as_bookings
    return _store(context, groups[0], rows, make(context, groups[0], rows))


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What a batch will hold: the bytes, their name's ending, how many rows, and of which bookings."""

    content: bytes
    rows: int
    content_keys: tuple[str, ...]
    changes: list[dict[str, str]]


def _as_bookings(context: Context, group: Group, rows: Sequence[EntryRow]) -> _Bytes:
    settings = context.settings
    books = settings.rules.books
    decoded = [decode(row.content) for row in rows]
    period = split(decoded, books.fiscal_year_start)[0]
    header = booking_header(settings, period, f"{settings.source_system.name} {group.period}", context.now())
    made = [rows_of(entry, books) for entry in decoded]
    fitting = next(limit(header, made, encoding=encoding_of(books)))
    written = write(header, [row for one in fitting for row in one.rows], encoding=encoding_of(books))
    changes = [*_changes(fitting), *(noted_change("", change) for change in written.changes)]
    return _Bytes(written.content, written.rows, tuple(one.content_key for one in fitting), changes)


def _as_suggestions(context: Context, group: Group, rows: Sequence[EntryRow]) -> _Bytes:
    settings = context.settings
    company, now = context.facts.name, context.now()
    label = f"{settings.source_system.name} {group.period}"
    with context.read() as db:
        package, made = suggestions.pack(db, rows, settings.rules, settings.client, company, label, now)
    return _Bytes(
        content=freeze(package),
        rows=sum(document.rows for document in package.documents),
        content_keys=tuple(document.content_key for document in package.documents),
        changes=[noted_change(one.content_key, change) for one in made for change in one.changes],
    )


def _store(context: Context, group: Group, rows: Sequence[EntryRow], made: _Bytes) -> str:
    settings, now = context.settings, context.now()
    taken = rows[: len(made.content_keys)]
    contents = [f"{row.voucher}|{key}" for row, key in zip(taken, made.content_keys, strict=True)]
    batch = batch_id(settings.client, group.period, group.channel, contents)
    file_name = extf_file_name if group.channel == "extf" else dxso_file_name
    batch_vouchers = sorted({row.voucher for row in taken})
    frozen = frozen_batch(
        settings,
        batch,
        period=group.period,
        data_format=group.channel,
        file_name=file_name(settings.source_system.name, group.period, batch),
        content=made.content,
        rows=made.rows,
        vouchers=len(batch_vouchers),
        changes=made.changes,
        now=now,
    )
    with context.write() as db:
        vouchers.hold(db, batch_vouchers)
        batches.insert_batch(db, frozen)
        if not entries.assign(db, [row.id for row in taken], str(batch)):
            raise RetryLater("another process froze these bookings, or they changed", after=1.0)
        vouchers.set_state(db, batch_vouchers, "batched", now, of=("bookable", "batched", "sent"))
        detail = {
            "rows": made.rows,
            "vouchers": len(batch_vouchers),
            "sha256": frozen["sha256"],
            "changes": made.changes,
        }
        append(db, [context.event(str(batch), "frozen", detail)], now)
    context.reached("batch_frozen")
    return str(batch)


def rows_of(entry: Entry, books: Books) -> BookingRows:
    """The rows of an entry in the client's books."""
    return booking_rows(
        entry,
        account_length=books.account_length,
        festschreibung=books.festschreibung,
        tax_period="service_date" if books.service_date else None,
        generalumkehr=_generalumkehr(books),
        due_date=books.due_date,
    )


def _generalumkehr(books: Books) -> frozenset[Reversed]:
    ways: dict[Reversed, str] = {"reversal": books.reversals, "credit_note": books.credit_notes}
    return frozenset(what for what, way in ways.items() if way == "generalumkehr")


def unwritable(entry: Entry, books: Books) -> Problem | None:
    """Why an entry cannot be written, found before it gets near a batch."""
    try:
        LinePlan.of(_layout(books), encoding_of(books)).lines(rows_of(entry, books).rows)
    except (NotBookable, Unwritable) as error:
        facts = {"field": error.field, "value": str(error.value), "reason": error.reason}
        return Problem("not_bookable", facts, ("field", "reason"))
    return None


def _layout(books: Books) -> Category:
    return category(BOOKINGS, books.format_version)


def _changes(group: Sequence[BookingRows]) -> list[dict[str, str]]:
    return [noted_change(booking.content_key, change) for booking in group for change in booking.changes]
