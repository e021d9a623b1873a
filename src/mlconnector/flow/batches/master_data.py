"""Master data: debtors and creditors as EXTF files, sent before the bookings that use them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.flow.batches.booking_files import hand_over, status_of
from mlconnector.flow.batches.kind import Ended
from mlconnector.flow.batches.notes import frozen_batch
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import encoding_of, master_data_header, noted_change
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.formats.extf import Header, first_day, fitted, read, write
from mlconnector.formats.extf.columns import Parties
from mlconnector.formats.names import batch_id, extf_file_name
from mlconnector.mapping.books import Books
from mlconnector.model.problems import Problem
from mlconnector.store import batches, entries, person_records
from mlconnector.store.audit import append
from mlconnector.store.batches import BatchFormat, BatchRow, BatchState
from mlconnector.store.person_records import PersonRecord
from mlconnector.systems.sink import Takes
from mlconnector.systems.transfers import JobStatus, Receipt

AT_ONCE = 5_000
FORMAT: BatchFormat = "master"
_KEY = Parties.ACCOUNT.name


@dataclass(frozen=True, slots=True)
class MasterData:
    """The kind of batch that carries debtors and creditors."""

    format: BatchFormat = FORMAT
    needs: Takes = "booking_files"
    links_documents: bool = True
    is_recognised: bool = False
    bound_in: frozenset[BatchState] = frozenset()
    unsent_in: frozenset[BatchState] = frozenset({"frozen"})

    def freeze(self, context: Context) -> str | None:
        """Freeze the records that are due into a file of category 16; the batch's id, or None."""
        return _frozen(context)

    def send(self, context: Context, row: BatchRow) -> Receipt:
        """Hand the file over once."""
        return hand_over(context, row)

    def status(self, context: Context, row: BatchRow) -> JobStatus:
        """How far the job is."""
        return status_of(context, row)

    def settle(self, context: Context, db: Connection, row: BatchRow, ended: Ended) -> None:
        """Note what the books have of the records of a batch that has ended: just what the bytes say."""
        rows = None
        if ended.arrived:
            rows = {one[_KEY]: one.values() for one in read(batches.content(db, row.id)).rows}
        person_records.settle(db, row.id, context.now(), rows)

    def release(self, db: Connection, row: BatchRow, now: datetime) -> None:
        """Let the records go again, while no later file has the same accounts and would be undone."""
        moved_on = person_records.send_again(db, row.id, row.rows, now)
        if moved_on:
            facts = {"file": row.file_name, "batch": row.state, "count": str(moved_on)}
            raise NeedsHuman(Problem("persons_moved_on", facts))


def unsent_before(context: Context, row: BatchRow) -> list[BatchRow]:
    """The batches of master data, frozen before a batch of bookings, that are to be sent before it.

    One that failed is not among them: bookings create the accounts that the books do not know.
    """
    with context.read() as db:
        rows = batches.unfinished(db, context.name)
    return [
        one
        for one in rows
        if one.format == FORMAT and one.state != "submitted" and one.created_at <= row.created_at
    ]


def _frozen(context: Context) -> str | None:
    settings, now = context.settings, context.now()
    if settings.sends_master_data == "off":
        return None
    with context.read() as db:
        due = person_records.due(db, context.name, AT_ONCE)
        groups = entries.waiting_groups(db, context.name) if due else []
    if not due:
        return None
    header = _header(context, settings, max((group.period for group in groups), default=None), now)
    encoding = encoding_of(settings.rules.books)
    fitting = [(record, fitted(record.wanted, encoding)) for record in due]
    written = write(header, [made.row for _, made in fitting], encoding=encoding)
    changes = [one for record in due for one in json.loads(record.changes)]
    changes += [noted_change(record.number, change) for record, made in fitting for change in made.changes]
    period = f"{now:%Y-%m}"
    batch = batch_id(settings.client, period, FORMAT, [_content_key(record) for record in due])
    frozen = frozen_batch(
        settings,
        batch,
        period=period,
        data_format=FORMAT,
        file_name=extf_file_name(f"{settings.source_system.name}-persons", period, batch),
        content=written.content,
        rows=written.rows,
        vouchers=0,
        changes=changes,
        now=now,
    )
    with context.write() as db:
        batches.insert_batch(db, frozen)
        if not person_records.assign(db, due, str(batch), now):
            raise RetryLater("another process froze these person accounts, or they changed", after=1.0)
        detail = {
            "rows": written.rows,
            "sha256": frozen["sha256"],
            "numbers": [record.number for record in due],
        }
        append(db, [context.event(str(batch), "frozen", detail)], now)
    context.reached("batch_frozen")
    return str(batch)


def _content_key(record: PersonRecord) -> str:
    """What a file has of a record. The same row may go again, after another file, in a batch of its own."""
    return f"{record.number}|{hashlib.sha256(_json(record.wanted).encode()).hexdigest()}|{record.batch or ''}"


def _header(context: Context, settings: ConnectionSettings, month: str | None, now: datetime) -> Header:
    """The header; its fiscal year is that of the bookings which follow, whose newest month is given."""
    books = settings.rules.books
    if month is None:
        start = _latest_year(context, now.date(), books)
    else:
        start = first_day(date.fromisoformat(f"{month}-01"), books.fiscal_year_start)
    return master_data_header(settings, start, now)


def _latest_year(context: Context, day: date, books: Books) -> date:
    """The begin of the latest fiscal year that DATEV has by this day: a new one often comes late."""
    years = context.facts.fiscal_years or ()
    begun = [year.first for year in years if year.first <= day]
    return max(begun, default=first_day(day, books.fiscal_year_start))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
