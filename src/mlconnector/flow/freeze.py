"""Freeze: waiting entries of one month become a batch whose bytes are stored before anything is sent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import islice

from mlconnector.errors import RetryLater
from mlconnector.flow.services import Services
from mlconnector.formats.extf import (
    BOOKINGS,
    BookingRows,
    Category,
    Change,
    Encoding,
    Header,
    NotBookable,
    Unwritable,
    booking_rows,
    category,
    limit,
    split,
    write,
)
from mlconnector.formats.extf.writer import LinePlan
from mlconnector.formats.naming import batch_id, extf_file_name
from mlconnector.mapping.rules import Books
from mlconnector.model.entries import Entry, decode
from mlconnector.model.problems import Problem
from mlconnector.store import batches, entries, vouchers
from mlconnector.store.audit import AuditEvent, append

# DATEV takes 99,999 rows; fewer entries for each batch keep memory flat whatever a month brings.
ENTRIES_AT_ONCE = 5_000


def freeze_next(services: Services, name: str) -> str | None:
    """Freeze the next group of waiting entries and return the batch's id; None when nothing waits."""
    with services.database.read() as db:
        periods = entries.waiting_periods(db, name)
        if not periods:
            return None
        rows = list(islice(entries.waiting(db, name, periods[0]), ENTRIES_AT_ONCE))
    settings = services.connection(name)
    books, now = settings.rules.books, services.now()
    by_key = {row.id: decode(row.content) for row in rows}
    period = split(by_key.values(), books.fiscal_year_start)[0]
    consultant, client = settings.client.split("-")
    header = Header(
        created_at=now,
        consultant=int(consultant),
        client=int(client),
        fiscal_year_start=period.fiscal_year_start,
        account_length=books.account_length,
        version=books.format_version,
        date_from=period.date_from,
        date_to=period.date_to,
        label=f"{settings.system.name} {periods[0]}",
        festschreibung=books.festschreibung,
        chart=books.chart.removeprefix("SKR"),
    )
    made = [rows_of(entry, books) for entry in by_key.values()]
    group = next(limit(header, made, encoding=_encoding(books)))
    written = write(header, [row for booking in group for row in booking.rows], encoding=_encoding(books))
    taken = rows[: len(group)]
    contents = [f"{row.voucher}|{one.content_key}" for row, one in zip(taken, group, strict=True)]
    batch = batch_id(settings.client, periods[0], "extf", contents)
    sha256 = hashlib.sha256(written.content).hexdigest()
    changed = [*_changes(group), *(_change("", change) for change in written.changes)]
    batch_vouchers = sorted({row.voucher for row in taken})
    with services.database.write() as db:
        vouchers.hold(db, batch_vouchers)
        batches.insert_batch(
            db,
            {
                "id": str(batch),
                "connection": name,
                "client": settings.client,
                "period": periods[0],
                "format": "extf",
                "file_name": extf_file_name(settings.system.name, periods[0], batch),
                "content": written.content,
                "sha256": sha256,
                "rows": written.rows,
                "vouchers": len(batch_vouchers),
                "changes": json.dumps(changed, ensure_ascii=False),
                "state": "frozen",
                "created_at": now,
                "changed_at": now,
            },
        )
        if not entries.assign(db, [row.id for row in taken], str(batch)):
            raise RetryLater("another process froze these bookings, or they changed", after=1.0)
        vouchers.set_state(db, batch_vouchers, "batched", now, of=("bookable", "batched", "sent"))
        detail = {"rows": written.rows, "vouchers": len(batch_vouchers), "sha256": sha256, "changes": changed}
        append(db, [AuditEvent(name, str(batch), "frozen", detail)], now)
    services.reached("batch_frozen")
    return str(batch)


def rows_of(entry: Entry, books: Books) -> BookingRows:
    """The rows of an entry in the client's books."""
    return booking_rows(
        entry,
        account_length=books.account_length,
        festschreibung=books.festschreibung,
        tax_period="service_date" if books.service_date else None,
    )


def unwritable(entry: Entry, books: Books) -> Problem | None:
    """Why an entry cannot be written, found before it gets near a batch."""
    try:
        LinePlan.of(_layout(books), _encoding(books)).lines(rows_of(entry, books).rows)
    except (NotBookable, Unwritable) as error:
        facts = {"field": error.field, "value": str(error.value), "reason": error.reason}
        return Problem("not_bookable", facts, ("field", "reason"))
    return None


def _layout(books: Books) -> Category:
    return category(BOOKINGS, books.format_version)


def _encoding(books: Books) -> Encoding:
    return "utf-8-bom" if books.encoding == "utf-8" else "windows-1252"


def _changes(group: Sequence[BookingRows]) -> list[dict[str, str]]:
    return [_change(booking.content_key, change) for booking in group for change in booking.changes]


def _change(entry: str, change: Change) -> dict[str, str]:
    return {
        "entry": entry,
        "line": str(change.line or ""),
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
    }
