"""Intake: records that changed become vouchers; the cursor moves only together with what was stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.intake.parties import note_parties
from mlconnector.formats.names import voucher_id
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher, encode
from mlconnector.store import connections, hints, runs, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.vouchers import VoucherRow
from mlconnector.systems.source import Reading, Reference

HANDED_OVER = frozenset({"batched", "sent", "settled"})
# Why vouchers are left out by their content; any other reason of an ignored one is that it could not be seen.
DECIDED = frozenset({"zero_value", "withdrawn", "commitment", "before_begin"})
NO_DOCUMENT = "no_document"
_HINTS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """How a page went: where the pass goes on (None at its end) and how many records were read."""

    position: str | None
    read: int


def since(services: Services, name: str) -> str | None:
    """The cursor from which a pass begins."""
    with services.database.read() as db:
        return connections.cursor(db, name)


def take_page(services: Services, name: str, run: str, cursor: str | None, position: str | None) -> Taken:
    """Read one page of changed records and store what they say, together with the cursor."""
    source = services.source(name)
    page = source.changes(cursor, position)
    readings = source.fetch(page.references)
    with services.database.write() as db:
        _store(services, db, name, run, readings)
        if page.cursor is not None:
            connections.move_cursor(db, name, page.cursor, services.now())
    services.reached("intake_stored")
    return Taken(page.position, len(readings))


def take_hints(services: Services, name: str, run: str) -> int:
    """Read again the records that webhooks hinted at; returns how many hints were taken."""
    with services.database.read() as db:
        waiting = hints.waiting(db, name, _HINTS_AT_ONCE)
    if not waiting:
        return 0
    ids = sorted({external_id for hint in waiting for external_id in hint.external_ids})
    readings = services.source(name).fetch([Reference(external_id) for external_id in ids])
    with services.database.write() as db:
        _store(services, db, name, run, readings)
        hints.mark_taken(db, [hint.id for hint in waiting], services.now())
    services.reached("intake_stored")
    return len(waiting)


def take_again(services: Services, name: str, run: str) -> int:
    """Read replayed vouchers again, because their fix may have been made in the source; returns how many."""
    with services.database.read() as db:
        rows = vouchers.replayed(db, name, _HINTS_AT_ONCE)
    if not rows:
        return 0
    readings = services.source(name).fetch([Reference(row.external_id) for row in rows])
    with services.database.write() as db:
        vouchers.set_state(db, [row.id for row in rows], "received", services.now())
        _store(services, db, name, run, readings)
    return len(rows)


@dataclass
class _Changes:
    """What a set of readings changes in the database."""

    new: list[dict[str, object]]
    revisions: list[dict[str, object]]
    changed: list[dict[str, object]]
    problems: dict[str, Sequence[Problem]]
    events: list[AuditEvent]
    replaced: list[str]


def _store(services: Services, db: Connection, name: str, run: str, readings: Sequence[Reading]) -> None:
    latest = {reading.external_id: reading for reading in readings}
    keys = {reading.external_id: _key(name, reading) for reading in latest.values()}
    existing = vouchers.hold(db, [key for kinds in keys.values() for key in kinds])
    held_before = vouchers.problems_of(db, list(existing), "source")
    changes = _Changes([], [], [], {}, [], [])
    skipped = 0
    for reading in latest.values():
        row = next((existing[key] for key in keys[reading.external_id] if key in existing), None)
        if reading.party is not None:
            # It has a row only where it was unreadable, and so held, before.
            _gone(services, name, replace(reading, reason=NO_DOCUMENT), row, changes)
        elif reading.voucher is None and reading.problems:
            before = held_before.get(row.id, []) if row else []
            _unreadable(services, name, run, reading, row, before, changes)
        elif reading.voucher is None:
            skipped += _gone(services, name, reading, row, changes)
        elif row is None:
            skipped += _first_seen(services, name, run, reading.voucher, reading.problems, changes)
        else:
            before = held_before.get(row.id, [])
            _seen_again(services, name, run, row, reading.voucher, reading.problems, before, changes)
    vouchers.insert_vouchers(db, changes.new)
    vouchers.insert_revisions(db, changes.revisions)
    vouchers.drop_waiting_entries(db, changes.replaced)
    vouchers.update_vouchers(db, changes.changed)
    vouchers.replace_problems(db, "source", changes.problems)
    append(db, changes.events, services.now())
    counted = {
        "read": len(readings),
        "new": len(changes.new),
        "changed": len(changes.changed),
        "skipped": skipped,
    }
    runs.count(db, run, counted)
    note_parties(services, db, name, readings)


def _key(name: str, reading: Reading) -> list[str]:
    """Our keys under which the record may be known: a credit note was an invoice before its total changed."""
    kinds = [reading.voucher.kind.value] if reading.voucher is not None else []
    kinds += [kind for kind in ("invoice", "credit_note") if kind not in kinds]
    return [voucher_id(name, f"{kind}/{reading.external_id}") for kind in kinds]


def _first_seen(
    services: Services, name: str, run: str, voucher: Voucher, problems: Sequence[Problem], changes: _Changes
) -> int:
    if voucher.standing == "withdrawn":
        return 1
    key, revision, now = voucher_id(name, voucher.identity), voucher.revision(), services.now()
    changes.new.append(
        {
            "id": key,
            "connection": name,
            "kind": voucher.kind.value,
            "external_id": voucher.external_id,
            "number": voucher.number,
            "document_date": voucher.document_date,
            "revision": revision,
            "state": "received",
            "read_at": now,
            "changed_at": now,
        }
    )
    _keep_revision(services, key, voucher, revision, changes)
    if problems:
        changes.problems[key] = problems
    detail = {"revision": revision, "number": voucher.number, "title": voucher.title, "run": run}
    changes.events.append(AuditEvent(name, key, "received", detail))
    return 0


def _seen_again(
    services: Services,
    name: str,
    run: str,
    row: VoucherRow,
    voucher: Voucher,
    problems: Sequence[Problem],
    before: Sequence[Problem],
    changes: _Changes,
) -> None:
    revision = voucher.revision()
    same = revision == row.revision and [one.cause for one in problems] == [one.cause for one in before]
    if row.reason.startswith(vouchers.LEFT_OUT) or (same and not _was_gone(row)):
        return
    now = services.now()
    state = row.state if row.state in HANDED_OVER else "received"
    changes.changed.append(
        {
            "id": row.id,
            "number": voucher.number,
            "document_date": voucher.document_date,
            "revision": revision,
            "state": state,
            "reason": "",
            "read_at": now,
            "changed_at": now,
        }
    )
    _keep_revision(services, row.id, voucher, revision, changes)
    changes.problems[row.id] = problems
    if state == "received":
        changes.replaced.append(row.id)
    detail = {"revision": revision, "before": row.revision, "standing": voucher.standing, "run": run}
    changes.events.append(AuditEvent(name, row.id, "changed", detail))


def _was_gone(row: VoucherRow) -> bool:
    """Whether the record could not be seen when it was looked for last."""
    return row.state == "ignored" and row.reason not in DECIDED


def _gone(services: Services, name: str, reading: Reading, row: VoucherRow | None, changes: _Changes) -> int:
    """A record that cannot be seen any more: forgotten before it was booked, a human's matter after."""
    if row is None:
        return 1
    if row.state == "ignored" and (row.reason == reading.reason or row.reason.startswith(vouchers.LEFT_OUT)):
        return 0
    booked = _is_booked(row)
    problem = Problem("record_gone", {"number": row.number or "", "reason": reading.reason})
    changes.problems[row.id] = [problem] if booked else []
    changes.changed.append(
        {
            "id": row.id,
            "number": row.number,
            "document_date": row.document_date,
            "revision": row.revision,
            "state": row.state if booked else "ignored",
            "reason": reading.reason,
            "read_at": services.now(),
            "changed_at": services.now(),
        }
    )
    if not booked:
        changes.replaced.append(row.id)
    changes.events.append(AuditEvent(name, row.id, "gone", {"reason": reading.reason, "booked": booked}))
    return 0


def _unreadable(
    services: Services,
    name: str,
    run: str,
    reading: Reading,
    row: VoucherRow | None,
    before: Sequence[Problem],
    changes: _Changes,
) -> None:
    """A record that came but cannot be a voucher: held under its id; what DATEV has of it stays."""
    now, key = services.now(), _key(name, reading)[0] if row is None else row.id
    causes = [problem.cause for problem in reading.problems]
    same = causes == [problem.cause for problem in before]
    if row is not None and (row.reason.startswith(vouchers.LEFT_OUT) or (same and row.state != "received")):
        return
    changes.problems[key] = reading.problems
    changes.events.append(AuditEvent(name, key, "held", {"causes": causes, "run": run}))
    held: dict[str, object] = {
        "id": key,
        "number": row.number if row else None,
        "document_date": row.document_date if row else None,
        "revision": row.revision if row else "",
        "state": row.state if row and _is_booked(row) else "needs_human",
        "reason": "",
        "read_at": now,
        "changed_at": now,
    }
    if row is None:
        # Its kind is unknown; a credit note keeps this key, as one does that was an invoice before.
        first = {"connection": name, "kind": "invoice", "external_id": reading.external_id}
        changes.new.append({**held, **first})
        return
    changes.changed.append(held)
    if not _is_booked(row):
        changes.replaced.append(row.id)


def _is_booked(row: VoucherRow) -> bool:
    """Whether DATEV has something of it, or is being given it."""
    return row.state in HANDED_OVER or row.booked_entry is not None


def _keep_revision(services: Services, key: str, voucher: Voucher, revision: str, changes: _Changes) -> None:
    changes.revisions.append(
        {
            "voucher": key,
            "revision": revision,
            "content": encode(voucher).decode(),
            "received_at": services.now(),
        }
    )
