"""Rows as tests put them into tables, with what does not matter filled in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from mlconnector.model.entries import encode
from mlconnector.store import batches, entries, vouchers
from mlconnector.store.tables import documents
from tests.mapping.builders import document

CLIENT = "29098-55003"


def add_voucher(db: Connection, key: str, now: datetime, name: str = "north", **values: Any) -> None:
    """A received invoice with the content of its only revision."""
    row: Any = {
        "id": key,
        "connection": name,
        "kind": "invoice",
        "external_id": key,
        "record": key,
        "number": f"RE-{key}",
        "document_date": date(2026, 2, 1),
        "revision": "r1",
        "state": "received",
        "read_at": now,
        "changed_at": now,
        **values,
    }
    vouchers.insert_vouchers(db, [row])
    revision: Any = {"voucher": key, "revision": row["revision"], "content": f'{{"title":"{key}"}}'}
    vouchers.insert_revisions(db, [revision | {"received_at": now}])


def add_batch(
    db: Connection, batch: str, state: str, now: datetime, name: str = "north", **values: Any
) -> None:
    row: Any = {"id": batch, "connection": name, "client": CLIENT, "period": "2026-02", "format": "extf"}
    frozen = {"file_name": f"{batch}.csv", "content": b"", "sha256": "", "rows": 0, "vouchers": 0}
    changed = {"changes": "[]", "state": state, "created_at": now, "changed_at": now}
    batches.insert_batch(db, row | frozen | changed | values)


def add_entry(db: Connection, key: str, voucher: str, now: datetime, **values: Any) -> None:
    """The first booking of a voucher's revision, which no batch has yet."""
    row: Any = {
        "id": key,
        "voucher": voucher,
        "connection": "north",
        "client": CLIENT,
        "revision": "r1",
        "kind": "original",
        "turn": 1,
        "period": "2026-02",
        "ledger": "receivable",
        "channel": "extf",
        "open_item": "",
        "content": encode(document()).decode(),
        "mapping": "",
        "document": None,
        "reverses": None,
        "batch": None,
        "created_at": now,
        **values,
    }
    entries.insert_entries(db, [row])


def add_document(db: Connection, guid: str, voucher: str, state: str, now: datetime, **values: Any) -> None:
    """A document of an existing voucher's first revision."""
    row: Any = {
        "guid": guid,
        "connection": "north",
        "client": CLIENT,
        "voucher": voucher,
        "revision": "r1",
        "attachment": "1",
        "file_name": "1.pdf",
        "media_type": "application/pdf",
        "size": 1,
        "sha256": guid,
        "content": b"%PDF",
        "state": state,
        "changed_at": now,
        **values,
    }
    db.execute(insert(documents), row)
