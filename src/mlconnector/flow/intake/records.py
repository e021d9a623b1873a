"""Intake: records that changed become vouchers; the cursor moves only together with what was stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection

from mlconnector.errors import Broken
from mlconnector.flow.context.context import Context
from mlconnector.flow.intake.hand_booked import differs_from_hand_booking
from mlconnector.flow.intake.parties import note_parties
from mlconnector.formats.names import voucher_id
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher, decode, encode
from mlconnector.store import connections, hints, runs, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.vouchers import NewRevision, NewVoucher, SeenAgain, VoucherRow, VoucherState
from mlconnector.systems.source import NOTHING_FINAL, Reading, Reference

# What stands in the books, or is on its way there.
ON_THE_WAY: frozenset[VoucherState] = frozenset({"batched", "sent"})
HANDED_OVER: frozenset[VoucherState] = ON_THE_WAY | {"settled"}
# Why vouchers are left out by their content; any other reason of an ignored one is that it could not be seen.
DECIDED = frozenset({"zero_value", "withdrawn", "commitment", "before_begin"})
NO_DOCUMENT = "no_document"
_HINTS_AT_ONCE = 200
_SHOWN_OF_AN_ID = 100
_SHOWN_OF_A_REASON = 500
_MOST_USELESS = 10


@dataclass(frozen=True, slots=True)
class Taken:
    """How a page went: where the pass goes on (None at its end) and how many records were read."""

    position: str | None
    read: int


def since(context: Context) -> str | None:
    """The cursor from which a pass begins."""
    with context.read() as db:
        return connections.cursor(db, context.name)


def take_page(context: Context, run: str, cursor: str | None, position: str | None) -> Taken:
    """Read one page of changed records and store what they say, together with the cursor."""
    source = context.source
    page = source.changes(cursor, position)
    readings = source.fetch(page.references)
    with context.write() as db:
        if page.anew:
            append(db, [context.event(context.name, "cursor_given_up", {"run": run})], context.now())
        _store(context, db, run, readings)
        if page.cursor is not None:
            connections.move_cursor(db, context.name, page.cursor, context.now())
    context.reached("intake_stored")
    return Taken(page.position, len(readings))


def take_hints(context: Context, run: str) -> int:
    """Read again the records that webhooks hinted at; returns how many hints were taken."""
    with context.read() as db:
        waiting = hints.waiting(db, context.name, _HINTS_AT_ONCE)
    if not waiting:
        return 0
    ids = sorted({external_id for hint in waiting for external_id in hint.external_ids})
    readings, useless = _hinted(context, ids)
    with context.write() as db:
        _store(context, db, run, readings)
        until = max(hint.received_at for hint in waiting)
        hints.mark_taken(db, [hint.id for hint in waiting], context.now(), until)
        events = [
            context.event(context.name, "hint_useless", {"record": id_, "reason": reason, "run": run})
            for id_, reason in useless.items()
        ]
        append(db, events, context.now())
    context.reached("intake_stored")
    return len(waiting)


def _hinted(context: Context, ids: Sequence[str]) -> tuple[list[Reading], dict[str, str]]:
    """What the records say that webhooks named, and the ids that the source cannot even be asked for.

    A hint is no more than that: the next pass over what changed finds the record without it. Raises Broken
    where the source can be asked for none of many.
    """
    readings: list[Reading] = []
    useless: dict[str, str] = {}
    left = [ids]
    while left:
        some = left.pop()
        try:
            readings += context.source.fetch([Reference(id_) for id_ in some])
        except Broken as error:
            if len(some) > 1:
                middle = len(some) // 2
                left += [some[middle:], some[:middle]]
                continue
            useless[some[0][:_SHOWN_OF_AN_ID]] = str(error)[:_SHOWN_OF_A_REASON]
            if len(useless) > _MOST_USELESS and not readings:
                raise
    return readings, useless


def take_again(context: Context, run: str) -> int:
    """Read replayed vouchers again, because their fix may have been made in the source; returns how many."""
    with context.read() as db:
        rows = vouchers.replayed(db, context.name, _HINTS_AT_ONCE)
    if not rows:
        return 0
    records = dict.fromkeys(row.record for row in rows)
    readings = context.source.fetch([Reference(record) for record in records])
    with context.write() as db:
        vouchers.set_state(db, [row.id for row in rows], "received", context.now())
        _store(context, db, run, readings)
    return len(rows)


@dataclass
class _Changes:
    """What a set of readings changes in the database."""

    new: list[NewVoucher]
    revisions: list[NewRevision]
    changed: list[SeenAgain]
    problems: dict[str, Sequence[Problem]]
    events: list[AuditEvent]
    replaced: list[str]


def _store(context: Context, db: Connection, run: str, readings: Sequence[Reading]) -> None:
    latest = {reading.external_id: reading for reading in readings}
    latest |= _no_longer_held(context, db, latest)
    keys = {reading.external_id: _key(context.name, reading) for reading in latest.values()}
    existing = vouchers.hold(db, [key for kinds in keys.values() for key in kinds])
    held_before = vouchers.problems_of(db, list(existing), "source")
    changes = _Changes([], [], [], {}, [], [])
    skipped = 0
    for reading in latest.values():
        row = next((existing[key] for key in keys[reading.external_id] if key in existing), None)
        if reading.party is not None:
            # It has a row only where it was unreadable, and so held, before.
            before = held_before.get(row.id, []) if row else []
            _gone(context, replace(reading, reason=NO_DOCUMENT), row, changes, before)
        elif reading.voucher is None and reading.problems:
            before = held_before.get(row.id, []) if row else []
            _unreadable(context, run, reading, row, before, changes)
        elif reading.voucher is None:
            before = held_before.get(row.id, []) if row else []
            skipped += _gone(context, reading, row, changes, before)
        elif row is None:
            skipped += _first_seen(context, run, reading, reading.voucher, changes)
        elif row.state == "booked_by_hand":
            typed = vouchers.content(db, row.id, row.booked_revision or "")
            before = held_before.get(row.id, [])
            _seen_after_hand_booking(context, run, row, reading.voucher, typed, before, changes)
        else:
            before = held_before.get(row.id, [])
            _seen_again(context, run, row, reading.voucher, reading.problems, before, changes)
    vouchers.insert_vouchers(db, changes.new)
    vouchers.insert_revisions(db, changes.revisions)
    vouchers.drop_waiting_entries(db, changes.replaced)
    vouchers.update_vouchers(db, changes.changed)
    vouchers.replace_problems(db, "source", changes.problems)
    append(db, changes.events, context.now())
    counted = {
        "read": len(readings),
        "new": len(changes.new),
        "changed": len(changes.changed),
        "skipped": skipped,
    }
    runs.count(db, run, counted)
    note_parties(context, db, readings)


def _no_longer_held(context: Context, db: Connection, latest: dict[str, Reading]) -> dict[str, Reading]:
    """What was known of records and is not among their documents any more.

    It is withdrawn where the record could be read; where the record is gone, it cannot be seen either.
    """
    found: dict[str, Reading] = {}
    for row in vouchers.of_records(db, context.name, {reading.asked_for for reading in latest.values()}):
        whole = latest.get(row.record)
        if row.external_id in latest or (whole is not None and whole.problems):
            continue
        content = vouchers.content(db, row.id, row.revision)
        if whole is not None and whole.reason != NOTHING_FINAL:
            reading = Reading(row.external_id, None, reason=whole.reason, record=row.record)
        elif content is None:
            # It was held under this id because nothing could be read under it.
            reading = Reading(row.external_id, None, reason=NOTHING_FINAL, record=row.record)
        else:
            withdrawn = msgspec.structs.replace(decode(content), standing="withdrawn")
            reading = Reading(row.external_id, withdrawn, record=row.record)
        found[row.external_id] = reading
    return found


def _key(name: str, reading: Reading) -> list[str]:
    """Our keys under which it may be known: a credit note was an invoice before its total changed."""
    kinds = [reading.voucher.kind.value] if reading.voucher is not None else []
    others = ["invoice", "credit_note"] if kinds else [kind.value for kind in Kind]
    kinds += [kind for kind in others if kind not in kinds]
    return [voucher_id(name, f"{kind}/{reading.external_id}") for kind in kinds]


def _first_seen(context: Context, run: str, reading: Reading, voucher: Voucher, changes: _Changes) -> int:
    if voucher.standing == "withdrawn":
        return 1
    key, revision, now = voucher_id(context.name, voucher.identity), voucher.revision(), context.now()
    changes.new.append(
        {
            "id": key,
            "connection": context.name,
            "kind": voucher.kind.value,
            "external_id": voucher.external_id,
            "record": reading.asked_for,
            "number": voucher.number,
            "document_date": voucher.document_date,
            "revision": revision,
            "state": "received",
            "read_at": now,
            "changed_at": now,
        }
    )
    _keep_revision(context, key, voucher, revision, changes)
    if reading.problems:
        changes.problems[key] = reading.problems
    detail = {"revision": revision, "number": voucher.number, "title": voucher.title, "run": run}
    changes.events.append(context.event(key, "received", detail))
    return 0


def _seen_again(
    context: Context,
    run: str,
    row: VoucherRow,
    voucher: Voucher,
    problems: Sequence[Problem],
    before: Sequence[Problem],
    changes: _Changes,
) -> None:
    revision = voucher.revision()
    same = revision == row.revision and list(problems) == list(before)
    if row.is_set_aside or (same and not _was_gone(row)):
        return
    state: VoucherState = row.state if row.state in ON_THE_WAY else "received"
    _changed(context, run, row, voucher, state, problems, changes)
    if state == "received":
        changes.replaced.append(row.id)


def _seen_after_hand_booking(
    context: Context,
    run: str,
    row: VoucherRow,
    voucher: Voucher,
    typed: str | None,
    before: Sequence[Problem],
    changes: _Changes,
) -> None:
    """A voucher that somebody has booked by hand stays so; what is other than was `typed` is noted."""
    is_back = any(problem.key == "record_gone" for problem in before)
    if voucher.revision() == row.revision and not is_back:
        return
    problem = differs_from_hand_booking(voucher, None if typed is None else decode(typed))
    found = [] if problem is None else [problem]
    _changed(context, run, row, voucher, row.state, found, changes)
    if found:
        changes.events.append(context.held(row.id, found, run))


def _changed(
    context: Context,
    run: str,
    row: VoucherRow,
    voucher: Voucher,
    state: VoucherState,
    problems: Sequence[Problem],
    changes: _Changes,
) -> None:
    """Another revision of a voucher, the state that it has with it, and what the source found about it."""
    now, revision = context.now(), voucher.revision()
    changes.changed.append(
        {
            "id": row.id,
            "number": voucher.number,
            "document_date": voucher.document_date,
            "revision": revision,
            "state": state,
            "reason": row.reason if row.is_set_aside else "",
            "read_at": now,
            "changed_at": now,
        }
    )
    _keep_revision(context, row.id, voucher, revision, changes)
    changes.problems[row.id] = problems
    detail = {"revision": revision, "before": row.revision, "standing": voucher.standing, "run": run}
    changes.events.append(context.event(row.id, "changed", detail))


def _was_gone(row: VoucherRow) -> bool:
    """Whether the record could not be seen when it was looked for last."""
    return row.state == "ignored" and row.reason not in DECIDED


def _gone(
    context: Context,
    reading: Reading,
    row: VoucherRow | None,
    changes: _Changes,
    before: Sequence[Problem],
) -> int:
    """A record that cannot be seen any more: forgotten before it was booked, a human's matter after."""
    if row is None:
        return 1
    if row.state == "ignored" and (row.reason == reading.reason or row.is_set_aside):
        return 0
    booked = _is_booked(row)
    problem = Problem("record_gone", {"number": row.number or "", "reason": reading.reason})
    if row.state == "booked_by_hand" and problem in before:
        return 0
    changes.problems[row.id] = [problem] if booked else []
    changes.changed.append(
        {
            "id": row.id,
            "number": row.number,
            "document_date": row.document_date,
            "revision": row.revision,
            "state": row.state if booked else "ignored",
            "reason": row.reason if row.is_set_aside else reading.reason,
            "read_at": context.now(),
            "changed_at": context.now(),
        }
    )
    if not booked:
        changes.replaced.append(row.id)
    changes.events.append(context.event(row.id, "gone", {"reason": reading.reason, "booked": booked}))
    return 0


def _unreadable(
    context: Context,
    run: str,
    reading: Reading,
    row: VoucherRow | None,
    before: Sequence[Problem],
    changes: _Changes,
) -> None:
    """A record that came but cannot be a voucher: held under its id; what DATEV has of it stays."""
    now, key = context.now(), _key(context.name, reading)[0] if row is None else row.id
    same = list(reading.problems) == list(before)
    if row is not None and (row.is_set_aside or (same and row.state != "received")):
        # What was booked by hand is compared as soon as it can be read again.
        return
    changes.problems[key] = reading.problems
    changes.events.append(context.held(key, reading.problems, run))
    if row is None:
        changes.new.append(
            {
                "id": key,
                "connection": context.name,
                # Its kind is unknown; a credit note keeps this key, as one does that was an invoice before.
                "kind": "invoice",
                "external_id": reading.external_id,
                "record": reading.asked_for,
                "number": None,
                "document_date": None,
                "revision": "",
                "state": "needs_human",
                "read_at": now,
                "changed_at": now,
            }
        )
        return
    changes.changed.append(
        {
            "id": key,
            "number": row.number,
            "document_date": row.document_date,
            "revision": row.revision,
            "state": row.state if _is_booked(row) else "needs_human",
            "reason": "",
            "read_at": now,
            "changed_at": now,
        }
    )
    if not _is_booked(row):
        changes.replaced.append(row.id)


def _is_booked(row: VoucherRow) -> bool:
    """Whether DATEV has something of it, or is being given it, by us or by somebody's hand."""
    return row.state in HANDED_OVER or row.state == "booked_by_hand" or row.booked_entry is not None


def _keep_revision(context: Context, key: str, voucher: Voucher, revision: str, changes: _Changes) -> None:
    changes.revisions.append(
        {
            "voucher": key,
            "revision": revision,
            "content": encode(voucher).decode(),
            "received_at": context.now(),
        }
    )
