"""A database with many vouchers, filled without any system: read, decided and frozen by the flow itself.

What DATEV would have answered is written down as the flow does it, so that vouchers and batches are in every
state: the older ones nearly all settled, the last days on their way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from random import Random

import sqlalchemy as sa

from bench.made_vouchers import DAYS, made
from mlconnector.app import Application, opened
from mlconnector.commands.demonstration import Scene, connection_text
from mlconnector.flow.batches.bookings import Bookings
from mlconnector.flow.connect import setup
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import read_connection
from mlconnector.flow.decide.book import book_set
from mlconnector.formats.names import document_guid, voucher_id
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher, encode
from mlconnector.settings import Settings
from mlconnector.store import batches, connections, documents, entries, runs, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.batches import BatchState
from mlconnector.store.database import Database
from mlconnector.store.documents import NewDocument
from mlconnector.store.tables import metadata
from mlconnector.store.vouchers import NewRevision, NewVoucher, Standing
from mlconnector.systems.transfers import ClientFacts

NOWHERE = "http://127.0.0.1:9"
CONNECTIONS: Mapping[str, tuple[float, str]] = {
    "hamburg": (0.6, "29098-55003"),
    "bremen": (0.2, "29098-55003"),
    "wien": (0.15, "29098-55003"),
    "zuerich": (0.05, "29098-55004"),
}
"""Connections with their share of the vouchers, and their client."""
_FACTS = ClientFacts("29098-55003", "Musterholz GmbH", None, (), ())
_RUN_DAYS = 7
_COPIED_AT_ONCE = 1_000
# What became of the batches of the last runs, the latest first; all before them succeeded, but for a few.
_LATEST: tuple[BatchState, ...] = ("frozen", "submitting", "unknown", "submitted", "failed", "succeeded")
_FAILED_OF = 200


@dataclass
class Moment:
    """A clock that is set by whoever fills."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


def fill(settings: Settings, count: int) -> None:
    """Fill an empty database with so many vouchers."""
    clock = Moment()
    last = clock.now.date()
    with opened(settings, clock) as app:
        clock.now = _noon(last - timedelta(days=DAYS + 1))
        # Nothing listens where the sink would be asked for what it knows of the client.
        setattr(app.services, "client_facts", lambda _name: _FACTS)  # noqa: B010 - a method of an object
        for name, (_, client) in CONNECTIONS.items():
            _connect(app, name, client)
        for name, (share, _) in CONNECTIONS.items():
            _fill(app.context(name), clock, list(made(name, round(count * share), last)), last)


def copy(source: Database, target: Database) -> None:
    """Copy every row into the empty tables of another database."""
    with source.read() as given, target.write() as taking:
        for table in metadata.sorted_tables:
            taking.execute(sa.delete(table))
            rows = given.execute(sa.select(table).execution_options(yield_per=_COPIED_AT_ONCE))
            for some in rows.mappings().partitions():
                taking.execute(sa.insert(table), [dict(row) for row in some])


def _connect(app: Application, name: str, client: str) -> None:
    text = connection_text("pipedrive", Scene({"pipedrive": NOWHERE, "datev": NOWHERE}), client=client)
    text = text.replace('name = "demo-pipedrive"', f'name = "{name}"')
    text = text.replace("[mapping]\n", '[mapping]\npayments = { default = "1200" }\n', 1)
    text = text.replace("[datev]\n", '[datev]\nservices = ["extf"]\n')
    text += '\n[master_data]\nsend = "off"\n'
    setup.connect(app.services, read_connection(text, name), {"pipedrive.api_token": "0" * 40})
    with app.database.write() as db:
        connections.release(db, name, "bench", app.services.now())
        connections.set_state(db, name, "ready", "", app.services.now())


def _fill(context: Context, clock: Moment, given: Sequence[Voucher], last: date) -> None:
    """Week by week: read, decided, frozen, answered; what DATEV answers of the last weeks is still open."""
    chance = Random(context.name)
    by_run = groupby(given, lambda one: (last - one.document_date).days // _RUN_DAYS)
    for before, some in by_run:
        clock.now = _noon(last - timedelta(days=before * _RUN_DAYS)) - timedelta(hours=2)
        run = f"run:{context.name}:{before}"
        with context.write() as db:
            runs.begin(db, run, context.name, "schedule", clock.now)
        _read(context, run, list(some))
        after: str | None = "" if before else None
        while after is not None:
            after = book_set(context, run, after).after
        frozen = iter(lambda: Bookings().freeze(context), None)
        for batch in frozen if before > 1 else ():
            becomes: BatchState = "failed" if chance.randrange(_FAILED_OF) == 0 else "succeeded"
            _answer(context, batch, _LATEST[before - 2] if before - 2 < len(_LATEST) else becomes)
        with context.write() as db:
            runs.end(db, run, "finished", clock.now)
    _set_some_aside(context, chance)


def _read(context: Context, run: str, given: Sequence[Voucher]) -> None:
    now = context.now()
    rows: list[NewVoucher] = []
    revisions: list[NewRevision] = []
    events: list[AuditEvent] = []
    files: list[NewDocument] = []
    for one in given:
        key, revision = voucher_id(context.name, one.identity), one.revision()
        rows.append(
            {
                "id": key,
                "connection": context.name,
                "kind": one.kind.value,
                "external_id": one.external_id,
                "record": one.external_id,
                "number": one.number,
                "document_date": one.document_date,
                "revision": revision,
                "state": "received",
                "read_at": now,
                "changed_at": now,
            }
        )
        revisions.append(
            {"voucher": key, "revision": revision, "content": encode(one).decode(), "received_at": now}
        )
        detail = {"revision": revision, "number": one.number, "title": one.title, "run": run}
        events.append(context.event(key, "received", detail))
        if one.kind != Kind.PAYMENT:
            files.append(_document(context, key, revision, one))
    with context.write() as db:
        vouchers.insert_vouchers(db, rows)
        vouchers.insert_revisions(db, revisions)
        documents.insert_documents(db, files)
        append(db, events, now)
        runs.count(db, run, {"read": len(given), "new": len(given)})


def _document(context: Context, key: str, revision: str, one: Voucher) -> NewDocument:
    name = f"Rechnung {one.number}.pdf"
    return {
        "guid": str(document_guid(context.client, key, revision, name)),
        "connection": context.name,
        "client": context.client,
        "voucher": key,
        "revision": revision,
        "attachment": name,
        "file_name": name,
        "media_type": "application/pdf",
        "size": 48_000,
        "sha256": revision,
        "content": b"",
        "state": "filed",
        "changed_at": context.now(),
    }


def _answer(context: Context, batch: str, state: BatchState) -> None:
    """Write down what became of a batch and of its vouchers."""
    now = context.now()
    problem = Problem("batch_rejected", {"file": batch, "batch": batch}, ("batch",))
    job = None if state in {"frozen", "submitting", "unknown"} else f"job-{batch}"
    with context.write() as db:
        held = entries.of_batch(db, batch)
        keys = [row.voucher for row in held]
        if state != "frozen":
            batches.note_attempt(db, batch, now)
        if job is not None:
            batches.note_outcome(db, batch, f"accepted {job}", now)
        cause = problem.cause if state == "failed" else ""
        batches.change(db, batch, now, state=state, job_id=job, cause=cause)
        if state == "succeeded":
            stands: list[Standing] = [
                {"id": row.voucher, "booked_entry": row.id, "booked_revision": row.revision} for row in held
            ]
            vouchers.update_vouchers(db, stands)
            vouchers.set_state(db, keys, "settled", now)
        elif state == "failed":
            vouchers.set_state(db, keys, "rejected", now)
            vouchers.replace_problems(db, "mapping", {key: [problem] for key in keys})
        elif state == "submitted":
            vouchers.set_state(db, keys, "sent", now)
        append(db, [context.event(batch, state, {"job_id": job})], now)


def _set_some_aside(context: Context, chance: Random) -> None:
    """Leave out some of what waits, and note of some that it was booked by hand."""
    with context.write() as db:
        waiting = vouchers.held_for(db, None, context.name)
        drawn = {key: chance.random() for key in waiting}
        out = [key for key, one in drawn.items() if one < 0.1]
        by_hand = [key for key, one in drawn.items() if 0.1 <= one < 0.2]
        vouchers.set_aside(db, out, "ignored", "Muster", "bench", context.now())
        vouchers.set_aside(db, by_hand, "booked_by_hand", "Kasse", "bench", context.now())


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
