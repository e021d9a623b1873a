"""By which marks a booked document is found again, and what was said to be two documents."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, update

from mlconnector.mapping.likeness import marks_of, names_of_party
from mlconnector.model.entries import encode
from mlconnector.store import distinct_vouchers, entries, vouchers
from mlconnector.store.database import Database
from mlconnector.store.migrations.versions import r0011_document_marks
from mlconnector.store.tables import distinct_vouchers as pairs
from mlconnector.store.tables import document_marks, revisions
from tests.clock import Clock
from tests.mapping.test_likeness import bill
from tests.store.rows import CLIENT, add_batch, add_entry, add_voucher


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def add_marked(db: Connection, key: str, clock: Clock, *, batch: str | None = None) -> None:
    add_voucher(db, key, clock())
    add_entry(db, f"of {key}", key, clock(), batch=batch)
    db.execute(insert(document_marks), [{"entry": f"of {key}", "client": CLIENT, "mark": "m"}])


def found(db: Connection) -> list[str]:
    return sorted(entries.recognised(db, CLIENT, ["m", "n"]).get("m", {}))


@pytest.mark.parametrize(
    ("state", "counts"), [("frozen", True), ("submitted", True), ("succeeded", True), ("failed", False)]
)
def test_what_is_booked_or_on_its_way_is_recognised_and_what_was_refused_is_not(
    db: Connection, clock: Clock, state: str, counts: bool
) -> None:
    add_batch(db, "sent", state, clock())
    add_marked(db, "a", clock, batch="sent")
    add_marked(db, "b", clock)
    assert found(db) == (["a", "b"] if counts else ["b"])
    assert entries.recognised(db, "another client", ["m"]) == {}


def test_what_is_taken_back_or_dropped_is_not_recognised(db: Connection, clock: Clock) -> None:
    add_batch(db, "sent", "succeeded", clock())
    add_marked(db, "a", clock, batch="sent")
    add_marked(db, "b", clock)
    add_entry(db, "back", "a", clock(), kind="reversal", reverses="of a")
    vouchers.drop_waiting_entries(db, ["b"])
    assert found(db) == []


def test_two_that_are_said_to_be_distinct_are_so_both_ways_until_it_is_taken_back(
    db: Connection, clock: Clock
) -> None:
    for key in ("a", "b", "c"):
        add_voucher(db, key, clock())
    for _ in range(2):
        distinct_vouchers.put(db, "a", ["b", "c"], clock())
    assert distinct_vouchers.of_vouchers(db, ["a", "b"]) == {"a": {"b", "c"}, "b": {"a"}}
    distinct_vouchers.forget(db, "b")
    assert distinct_vouchers.of_vouchers(db, ["a", "b"]) == {"a": {"c"}}


def test_what_was_booked_before_marks_were_kept_is_marked(db: Connection, clock: Clock) -> None:
    made = msgspec.structs.replace(bill("RE 17"), party_id="1", party_name="Bau GmbH")
    paid = msgspec.structs.replace(made, voucher="payment/1")
    for key, entry in (("bought", made), ("paid", paid)):
        add_voucher(db, key, clock())
        add_entry(db, key, key, clock(), content=encode(entry).decode(), ledger="payable")
    read = update(revisions).where(revisions.c.voucher == "bought")
    db.execute(read.values(content=json.dumps({"party": {"vat_id": "DE136695976"}})))
    for table in (document_marks, pairs):
        table.drop(db)
    with Operations.context(MigrationContext.configure(db)):
        r0011_document_marks.upgrade()
    known = names_of_party(["70010"], "north/1", "Bau GmbH", "DE136695976")
    kept = {(row.entry, row.mark) for row in db.execute(select(document_marks))}
    assert kept == {("bought", mark) for mark in marks_of(made, known).every}
