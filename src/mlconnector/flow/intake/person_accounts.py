"""Person accounts: what the books shall know of debtors and creditors, noted where it is new or changed.

Nothing that somebody may have typed there is overwritten unasked: only a number that was given here just now
is new to the books. Any other one may be there already, so its row waits for consent or is never sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import encoding_of, noted_change
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.formats.extf import owned, person_row
from mlconnector.formats.extf.columns import Parties
from mlconnector.mapping.drafts import Draft
from mlconnector.model.vouchers import Kind, Party
from mlconnector.store import accounts, person_records
from mlconnector.store.person_records import PersonRecord, State, WantedRecord

_SAYS_NOTHING = {Parties.ACCOUNT.name, Parties.ADDRESSEE_TYPE.name}


def note_persons(
    context: Context,
    db: Connection,
    drafts: Mapping[str, Draft],
    persons: Mapping[str, str],
    since: datetime,
) -> None:
    """Note what DATEV shall know of the parties that are booked, where that is new or changed.

    Numbers that were given `since` then are new to DATEV.
    """
    settings = context.settings
    if settings.sends_master_data == "off":
        return
    parties = _parties(settings, drafts, persons)
    documented = {persons[key] for key, draft in drafts.items() if draft.voucher.kind != Kind.PAYMENT}
    # Payments often know no more than a name, which must not take the place of what a document said.
    known = person_records.read(
        db, settings.client, [number for number in parties if number not in documented]
    )
    told = {number: party for number, party in parties.items() if number not in known}
    note_numbered(context, db, told, since)


def note_numbered(context: Context, db: Connection, parties: Mapping[str, Party], since: datetime) -> None:
    """Note what DATEV shall know of parties, by their number; `since` as in `note_persons`."""
    settings = context.settings
    known = person_records.read(db, settings.client, list(parties), hold=True)
    unknown = [number for number in parties if number not in known]
    given_now = accounts.allocated(db, settings.client, unknown, since)
    rows: list[WantedRecord] = []
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
                "connection": context.name,
                "wanted": _json(wanted),
                "changes": _json([noted_change(number, change) for change in made.changes]),
                "state": state,
                "is_new": is_new,
                "changed_at": context.now(),
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


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
