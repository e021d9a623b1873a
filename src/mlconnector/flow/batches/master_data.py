"""Master data: debtors and creditors go to DATEV before the bookings that use them, if they changed.

Nothing that somebody may have typed in DATEV is overwritten unasked: only a number that was given here just
now is new to DATEV. Any other one may be there already, so its row waits for consent or is never sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from mlconnector.errors import RetryLater
from mlconnector.flow.batches.files import encoding_of, frozen_batch, master_data_header, noted_change
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.formats.extf import Header, first_day, fitted, owned, person_row, read, write
from mlconnector.formats.extf.columns import Parties
from mlconnector.formats.names import batch_id, extf_file_name
from mlconnector.mapping.books import Books
from mlconnector.mapping.drafts import Draft
from mlconnector.model.vouchers import Kind, Party
from mlconnector.store import accounts, batches, entries, person_records
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.batches import BatchRow
from mlconnector.store.person_records import PersonRecord, State

FORMAT = "master"
AT_ONCE = 5_000
_KEY = Parties.ACCOUNT.name
_SAYS_NOTHING = {_KEY, Parties.ADDRESSEE_TYPE.name}


def note_persons(
    services: Services,
    db: Connection,
    name: str,
    drafts: Mapping[str, Draft],
    persons: Mapping[str, str],
    since: datetime,
) -> None:
    """Note what DATEV shall know of the parties that are booked, where that is new or changed.

    Numbers that were given `since` then are new to DATEV.
    """
    settings = services.connection(name)
    if settings.sends_master_data != "off":
        note_numbered(services, db, name, _parties(settings, drafts, persons), since)


def note_numbered(
    services: Services, db: Connection, name: str, parties: Mapping[str, Party], since: datetime
) -> None:
    """Note what DATEV shall know of parties, by their number; `since` as in `note_persons`."""
    settings = services.connection(name)
    known = person_records.read(db, settings.client, list(parties), hold=True)
    unknown = [number for number in parties if number not in known]
    given_now = accounts.allocated(db, settings.client, unknown, since)
    rows = []
    for number, party in parties.items():
        made = person_row(party, number, encoding=encoding_of(settings.rules.books))
        made = owned(made, settings.master_data.fields)
        wanted = {column: str(value) for column, value in made.row.items()}
        is_new = known[number].is_new if number in known else number in given_now
        state = _next_state(settings, known.get(number), wanted, is_new=is_new)
        if state is None or wanted.keys() <= _SAYS_NOTHING:
            continue
        rows.append(
            {
                "client": settings.client,
                "number": number,
                "connection": name,
                "wanted": _json(wanted),
                "changes": _json([noted_change(number, change) for change in made.changes]),
                "state": state,
                "is_new": is_new,
                "changed_at": services.now(),
            }
        )
    person_records.want(db, rows)


def _parties(
    settings: ConnectionSettings, drafts: Mapping[str, Draft], persons: Mapping[str, str]
) -> dict[str, Party]:
    """The party of each number, as its latest document has it; payments often know no more than a name."""

    def rank(item: tuple[str, Draft]) -> tuple[bool, date, str]:
        voucher = item[1].voucher
        return voucher.kind != Kind.PAYMENT, voucher.document_date, voucher.external_id

    books = settings.rules.books
    return {
        persons[key]: draft.party
        for key, draft in sorted(drafts.items(), key=rank)
        if persons[key] != books.numbers_of(draft.ledger).collective
    }


def _next_state(
    settings: ConnectionSettings, known: PersonRecord | None, wanted: Mapping[str, str], *, is_new: bool
) -> State | None:
    """What becomes of a record that shall have this row; None where nothing is to be noted."""
    sends_new_only = settings.sends_master_data == "new"
    unasked: State = "due" if settings.master_data.overwrite == "send" else "waiting"
    if known is None:
        return "due" if is_new else None if sends_new_only else unasked
    same = known.wanted == wanted
    if known.on_the_way:
        # What its file brings is overwritten by this; in case that it brings nothing, this is noted.
        return None if same else known.state if sends_new_only else unasked
    if wanted.items() <= known.sent.items():
        return None if same and known.state == "sent" else "sent"
    if same and known.state in {"due", "failed"}:
        return None
    if is_new:
        return "due"
    if sends_new_only:
        return known.state if known.state == "waiting" and not same else None
    return None if same and known.state == unasked else unasked


def freeze_master_data(services: Services, name: str) -> str | None:
    """Freeze the records that are due into a file of category 16; the batch's id, or None."""
    settings, now = services.connection(name), services.now()
    if settings.sends_master_data == "off":
        return None
    with services.database.read() as db:
        due = person_records.due(db, name, AT_ONCE)
        groups = entries.waiting_groups(db, name) if due else []
    if not due:
        return None
    header = _header(services, settings, max((group.period for group in groups), default=None), now)
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
        file_name=extf_file_name(f"{settings.system.name}-persons", period, batch),
        content=written.content,
        rows=written.rows,
        vouchers=0,
        changes=changes,
        now=now,
    )
    with services.database.write() as db:
        batches.insert_batch(db, frozen)
        if not person_records.assign(db, due, str(batch), now):
            raise RetryLater("another process froze these person accounts, or they changed", after=1.0)
        detail = {
            "rows": written.rows,
            "sha256": frozen["sha256"],
            "numbers": [record.number for record in due],
        }
        append(db, [AuditEvent(name, str(batch), "frozen", detail)], now)
    services.reached("batch_frozen")
    return str(batch)


def _content_key(record: PersonRecord) -> str:
    """What a file has of a record. The same row may go again, after another file, in a batch of its own."""
    return f"{record.number}|{hashlib.sha256(_json(record.wanted).encode()).hexdigest()}|{record.batch or ''}"


def _header(services: Services, settings: ConnectionSettings, month: str | None, now: datetime) -> Header:
    """The header; its fiscal year is that of the bookings which follow, whose newest month is given."""
    books = settings.rules.books
    if month is None:
        start = _latest_year(services, settings.name, now.date(), books)
    else:
        start = first_day(date.fromisoformat(f"{month}-01"), books.fiscal_year_start)
    return master_data_header(settings, start, now)


def _latest_year(services: Services, name: str, day: date, books: Books) -> date:
    """The begin of the latest fiscal year that DATEV has by this day: a new one often comes late."""
    years = services.client_facts(name).fiscal_years or ()
    begun = [year.first for year in years if year.first <= day]
    return max(begun, default=first_day(day, books.fiscal_year_start))


def unsent_before(services: Services, row: BatchRow) -> list[str]:
    """The batches of master data, frozen before a batch of bookings, that are to be sent before it.

    One that failed is not among them: bookings create the accounts that DATEV does not know.
    """
    with services.database.read() as db:
        rows = batches.unfinished(db, row.connection)
    return [
        one.id
        for one in rows
        if one.format == FORMAT and one.state != "submitted" and one.created_at <= row.created_at
    ]


def settle(services: Services, db: Connection, row: BatchRow, *, arrived: bool) -> None:
    """Note what DATEV has of the records of a batch that has ended: just what the bytes say."""
    if row.format != FORMAT:
        return
    rows = None
    if arrived:
        rows = {one[_KEY]: one.values() for one in read(batches.content(db, row.id)).rows}
    person_records.settle(db, row.id, services.now(), rows)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
