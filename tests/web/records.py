"""Records as the flow leaves them, put straight into the tables."""

from __future__ import annotations

import hashlib
from datetime import date

from mlconnector.model.entries import encode
from mlconnector.model.problems import Problem
from mlconnector.store import batches, entries, hints, vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.batches import BatchState, NewBatch
from mlconnector.store.entries import NewEntry
from mlconnector.store.vouchers import NewRevision, NewVoucher, VoucherState
from mlconnector.systems.kit.exchanges import Exchange
from tests.mapping.builders import document
from tests.web.rig import NAME, Rig

FILE = 'Umsatz;"Ä"\r\n'.encode("cp1252")
BOOKED = encode(document()).decode()
MISSING = Problem(
    "revenue_account_missing",
    {"product_code": "MONT", "tax_case": "domestic_19", "line": "Montage"},
    ("product_code", "tax_case"),
)


def add_voucher(
    rig: Rig,
    number: str,
    state: VoucherState = "received",
    problem: Problem | None = None,
    content: str = '{"number": "1"}',
) -> str:
    """A voucher in a state; returns its key."""
    key, now = f"key-{number}", rig.clock()
    with rig.application.database.write() as db:
        row: NewVoucher = {
            "id": key,
            "connection": NAME,
            "kind": "invoice",
            "external_id": f"x-{number}",
            "record": f"x-{number}",
            "number": number,
            "document_date": date(2026, 2, 27),
            "revision": "r1",
            "state": state,
            "read_at": now,
            "changed_at": now,
        }
        vouchers.insert_vouchers(db, [row])
        revision: NewRevision = {"voucher": key, "revision": "r1", "content": content, "received_at": now}
        vouchers.insert_revisions(db, [revision])
        if problem is not None:
            vouchers.replace_problems(db, "mapping", {key: [problem]})
        append(db, [AuditEvent(NAME, key, "received", {"revision": "r1"})], now)
    return key


def add_batch(
    rig: Rig,
    batch: str,
    state: BatchState = "frozen",
    voucher: str | None = None,
    content: str = BOOKED,
) -> None:
    """A batch in a state, with an entry of a voucher in it."""
    now = rig.clock()
    row: NewBatch = {
        "id": batch,
        "connection": NAME,
        "client": "29098-55003",
        "period": "2026-02",
        "format": "extf",
        "file_name": f"EXTF_pipedrive_2026-02_{batch}.csv",
        "content": FILE,
        "sha256": hashlib.sha256(FILE).hexdigest(),
        "rows": 1,
        "vouchers": 1,
        "changes": "[]",
        "state": state,
        "job_id": None,
        "polls": 0,
        "answer": "",
        "cause": "",
        "created_at": now,
        "changed_at": now,
    }
    with rig.application.database.write() as db:
        batches.insert_batch(db, row)
        if voucher is not None:
            entry: NewEntry = {
                "id": f"entry-{voucher}",
                "voucher": voucher,
                "connection": NAME,
                "client": "29098-55003",
                "revision": "r1",
                "kind": "booking",
                "turn": 1,
                "period": "2026-02",
                "ledger": "receivable",
                "channel": "extf",
                "open_item": "1",
                "content": content,
                "mapping": "m1",
                "document": None,
                "reverses": None,
                "batch": batch,
                "created_at": now,
            }
            entries.insert_entries(db, [entry])
        append(db, [AuditEvent(NAME, batch, "frozen", {"rows": 1})], now)


def add_transfer(rig: Rig, batch: str, outcome: str) -> None:
    """An attempt to hand a batch over."""
    with rig.application.database.write() as db:
        batches.note_attempt(db, batch, rig.clock())
        batches.note_outcome(db, batch, outcome, rig.clock())


def add_request(rig: Rig, system: str, method: str, status: int | None) -> None:
    """A request in the technical log, not stored yet."""
    exchange = Exchange(system, rig.clock(), method, "https://example.com/", status, 0.1, {}, {}, "", "")
    rig.application.services.http_log.write(NAME, exchange)


def add_hint(rig: Rig, delivery: str) -> None:
    """A webhook hint that waits."""
    with rig.application.database.write() as db:
        hints.keep(db, delivery, NAME, b"{}", ["1"], rig.clock())
