"""Book: vouchers that want a decision become entries with their documents, or wait with their problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection

from mlconnector.flow.agree.confirmation import note_used
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.clearings import items_cleared
from mlconnector.flow.decide.decisions import (
    Decisions,
    decide_all,
    hold_missing_years,
    hold_taken_numbers,
    open_item,
    posted,
)
from mlconnector.flow.decide.documents.booking_documents import BookingDocuments, documents_for
from mlconnector.flow.decide.documents.notes import noted
from mlconnector.flow.decide.doubles import hold_doubles, seen
from mlconnector.flow.decide.person_numbers import persons_of
from mlconnector.flow.decide.rows import unfit
from mlconnector.flow.decide.waiting_payments import let_payments_go_on
from mlconnector.flow.intake.person_accounts import note_persons
from mlconnector.formats.names import entry_id
from mlconnector.mapping.channels import Channel
from mlconnector.mapping.drafts import Draft, entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, decode, encode, reversed_entry
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import decode as decode_voucher
from mlconnector.store import accounts, documents, entries, runs, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.entries import NewEntry
from mlconnector.store.vouchers import Standing, Waiting

SET = 200
PAYMENTS = "payments:"
BYTES_AT_ONCE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Booked:
    """How a set went: where the next one begins (None at the end), and how many were booked or held."""

    after: str | None
    booked: int
    held: int


def book_set(context: Context, run: str, after: str) -> Booked:
    """Decide the next set of waiting vouchers after the key `after`, and store what was decided.

    Payments come last, when the documents that they clear are booked.
    """
    payments, key = after.startswith(PAYMENTS), after.removeprefix(PAYMENTS)
    with context.read() as db:
        found = vouchers.waiting_for_decision(db, context.name, key, SET, payments=payments)
        if not found and not payments:
            payments = True
            found = vouchers.waiting_for_decision(db, context.name, "", SET, payments=True)
        waiting = _what_fits_into_memory(found)
        problems = vouchers.problems_of(db, [one.row.id for one in waiting], "source")
        decisions = decide_all(context, db, waiting, problems)
        hold_doubles(context, db, decisions)
    if not waiting:
        return Booked(None, 0, 0)
    attached: dict[str, BookingDocuments] = {}
    rules = context.rules
    if decisions.drafts:
        facts = context.facts
        hold_missing_years(decisions, facts, rules.books)
        if context.settings.takes_documents:
            attached = documents_for(context, waiting, decisions.drafts, facts)
    for key, its in attached.items():
        if its.problems:
            decisions.drafts.pop(key)
            decisions.held[key] = its.problems
    with context.write() as db:
        _store(context, db, run, waiting, decisions, attached)
        more = payments or bool(vouchers.waiting_for_decision(db, context.name, "", 1, payments=True))
    context.reached("entries_stored")
    last: str | None = PAYMENTS if more and not payments else None
    if len(waiting) < len(found) or len(found) == SET:
        last = (PAYMENTS if payments else "") + waiting[-1].row.id
    return Booked(last, len(decisions.drafts), len(decisions.held))


def _what_fits_into_memory(found: Sequence[Waiting]) -> Sequence[Waiting]:
    """As many vouchers as may have their documents in memory together, at least one."""
    total = 0
    for count, one in enumerate(found):
        total += sum(attachment.size or 0 for attachment in decode_voucher(one.content).attachments)
        if total > BYTES_AT_ONCE:
            return found[: max(count, 1)]
    return found


def _store(
    context: Context,
    db: Connection,
    run: str,
    waiting: Sequence[Waiting],
    decisions: Decisions,
    attached: Mapping[str, BookingDocuments],
) -> None:
    now = context.now()
    held_now = vouchers.hold(db, [one.row.id for one in waiting])
    decisions.drop(one.row.id for one in waiting if held_now.get(one.row.id) != one.row)
    waiting = [one for one in waiting if held_now.get(one.row.id) == one.row]
    accounts.hold(db, context.settings.client)
    hold_taken_numbers(context, db, decisions)
    hold_doubles(context, db, decisions)
    rows = {one.row.id: one.row for one in waiting}
    vouchers.drop_waiting_entries(db, list(rows))
    persons = persons_of(context, db, decisions)
    note_persons(context, db, _under_their_own_number(decisions), persons, now)
    booked = _entries(context, db, waiting, decisions, attached, persons)
    recognised = seen(context, db, decisions.drafts, persons)
    events = booked.events
    documents.drop_unsent(db, list(rows))
    new_documents = [row for key in decisions.drafts if key in attached for row in attached[key].rows]
    known = documents.known(db, [str(row["guid"]) for row in new_documents])
    documents.insert_documents(db, [row for row in new_documents if row["guid"] not in known])
    settings = context.settings
    alone = {key for key, one in decisions.drafts.items() if settings.channel_of(one.voucher) == "extf"}
    documents.bring_back(
        db, [row for row in new_documents if row["guid"] in known and row["voucher"] not in alone]
    )
    marks = {
        row["id"]: recognised[row["voucher"]].marks.every
        for row in booked.rows
        if row["kind"] == "original" and row["voucher"] in recognised
    }
    entries.insert_entries(db, booked.rows, booked.cleared, marks)
    events += let_payments_go_on(context, db, decisions, booked.corrected)
    note_used(context, db, decisions.drafts.values())
    bookable = {str(row["voucher"]) for row in booked.rows}
    vouchers.set_state(db, bookable, "bookable", now)
    vouchers.set_state(db, decisions.held, "needs_human", now)
    for reason in set(decisions.ignored.values()):
        keys = [key for key, why in decisions.ignored.items() if why == reason and key not in bookable]
        vouchers.set_state(db, keys, "ignored", now, reason)
    unchanged = [key for key in decisions.unchanged if key not in bookable]
    changed: list[Standing] = [{"id": key, "booked_revision": rows[key].revision} for key in unchanged]
    vouchers.update_vouchers(db, changed)
    vouchers.set_state(db, unchanged, "settled", now)
    solved: dict[str, tuple[Problem, ...]] = dict.fromkeys(rows, ())
    vouchers.replace_problems(db, "mapping", solved | _own(db, decisions))
    events += [context.held(key, found, run) for key, found in decisions.held.items()]
    events += [
        context.event(key, "ignored", {"reason": why})
        for key, why in decisions.ignored.items()
        if key not in bookable
    ]
    events += [context.event(key, "unchanged", {}) for key in unchanged]
    append(db, events, now)
    runs.count(
        db, run, {"booked": len(booked.rows), "held": len(decisions.held), "ignored": len(decisions.ignored)}
    )


def _own(db: Connection, decisions: Decisions) -> dict[str, tuple[Problem, ...]]:
    """The problems of held vouchers that the source has not found already."""
    found = vouchers.problems_of(db, list(decisions.held), "source")
    known = {key: {problem.cause for problem in problems} for key, problems in found.items()}
    return {
        key: tuple(problem for problem in problems if problem.cause not in known.get(key, set()))
        for key, problems in decisions.held.items()
    }


@dataclass
class _Entries:
    """Bookings of a set, what they clear of others by their keys, and which vouchers are corrected."""

    rows: list[NewEntry] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)
    cleared: dict[str, set[str]] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)


def _entries(
    context: Context,
    db: Connection,
    waiting: Sequence[Waiting],
    decisions: Decisions,
    attached: Mapping[str, BookingDocuments],
    persons: Mapping[str, str],
) -> _Entries:
    """Entries of all drafts, and reversals of what stands in DATEV for vouchers that changed after it."""
    settings, rules = context.settings, context.rules
    turns = entries.turns(db, [one.row.id for one in waiting])
    booked = _Entries()
    rows, events = booked.rows, booked.events
    for one in waiting:
        key, revision = one.row.id, one.row.revision
        draft = decisions.drafts.get(key)
        person = persons.get(key, "")
        made = None if draft is None else _made(one, draft, person, attached.get(key), turns)
        channel: Channel = "extf"
        if made is not None and draft is not None:
            made = posted(made, decisions.posting_date(key, made.document_date))
            channel = settings.channel_of(draft.voucher)
        wrong = None if made is None else unfit(made, channel, rules)
        if wrong is not None:
            del decisions.drafts[key]
            decisions.held[key] = (wrong,)
            continue
        first = turns.get((key, revision, "reversal"), 0) + 1
        for turn, before in enumerate(decisions.taken_back(key), start=first):
            back = reversed_entry(
                decode(before.content), revision=revision, turn=turn, open_from=decisions.open_from
            )
            rows.append(_row(context, key, back, rules, before.channel, reverses=before.id))
            booked.corrected.add(key)
            events.append(context.event(key, "reversed", {"entry": back.content_key, "of": before.id}))
        if made is not None and draft is not None:
            holds = open_item(context.name, draft)
            rows.append(_row(context, key, made, rules, channel, holds=holds))
            booked.cleared[rows[-1]["id"]] = items_cleared(context.name, made)
            events.append(context.event(key, "booked", _story(made, rules)))
    return booked


def _under_their_own_number(decisions: Decisions) -> dict[str, Draft]:
    """The drafts whose party is booked, without those that stand under the number of another one."""
    return {
        key: draft
        for key, draft in decisions.drafts.items()
        if not draft.is_statistical
        and ((before := decisions.booked_party(key)) is None or before == draft.party.external_id)
    }


def _made(
    one: Waiting,
    draft: Draft,
    person: str,
    its: BookingDocuments | None,
    turns: Mapping[tuple[str, str, str], int],
) -> Entry:
    turn = turns.get((one.row.id, one.row.revision, "original"), 0) + 1
    document = its.guid if its else None
    made = entry(draft, person=person, document=document, revision=one.row.revision, turn=turn)
    return noted(made, its.because if its else ())


def _row(
    context: Context,
    voucher: str,
    made: Entry,
    rules: Rules,
    channel: Channel,
    *,
    reverses: str | None = None,
    holds: str = "",
) -> NewEntry:
    return {
        "id": entry_id(voucher, made.content_key),
        "voucher": voucher,
        "connection": context.name,
        "client": context.settings.client,
        "revision": made.revision,
        "kind": made.kind,
        "turn": made.turn,
        "period": f"{made.posted_on:%Y-%m}",
        "ledger": made.booked_in,
        "channel": channel,
        "open_item": holds,
        "content": encode(made).decode(),
        "mapping": rules.fingerprint(),
        "document": str(made.document) if made.document else None,
        "reverses": reverses,
        "batch": None,
        "created_at": context.now(),
    }


def _story(made: Entry, rules: Rules) -> dict[str, object]:
    """What the audit trail keeps of a booking: every line, and why each field has its value."""
    return {
        "entry": made.content_key,
        "mapping": rules.fingerprint(),
        "document": str(made.document) if made.document else None,
        "lines": [
            f"{line.amount:f} {line.currency or made.currency} "
            f"{line.account} / {line.contra_account} {line.tax_key}".rstrip()
            for line in made.lines
        ],
        "because": [msgspec.to_builtins(one) for one in made.because],
    }
