"""Which bookings stand on an open item: what opened it, and what clears it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select, text

from mlconnector.model.entries import encode
from mlconnector.store import entries, vouchers
from mlconnector.store.database import Database
from mlconnector.store.migrations.versions import r0005_clearings
from mlconnector.store.tables import clearings
from tests.clock import Clock
from tests.mapping.builders import document
from tests.store.rows import CLIENT, add_batch, add_entry, add_voucher


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def clear(db: Connection, key: str, voucher: str, clock: Clock, *items: str, **values: Any) -> None:
    """A booking that clears items of others."""
    add_entry(db, key, voucher, clock(), **values)
    db.execute(clearings.insert(), [{"entry": key, "client": CLIENT, "open_item": item} for item in items])


def standing(db: Connection, item: str = "RE-1") -> list[str]:
    return [row.id for row in entries.on_open_items(db, CLIENT, [item]).get(item, [])]


def test_an_item_has_what_opened_it_and_what_clears_it(db: Connection, clock: Clock) -> None:
    for key in ("invoice", "other"):
        add_voucher(db, key, clock())
    add_voucher(db, "paid", clock(), kind="payment")
    add_entry(db, "a", "invoice", clock(), open_item="RE-1")
    add_entry(db, "b", "other", clock(), open_item="RE-2")
    clear(db, "c", "paid", clock, "RE-1", "RE-2")
    assert (standing(db), standing(db, "RE-2"), standing(db, "RE-3")) == (["a", "c"], ["b", "c"], [])


@pytest.mark.parametrize(
    ("state", "counts"), [("frozen", True), ("submitted", True), ("succeeded", True), ("failed", False)]
)
def test_what_is_on_its_way_counts_and_what_was_refused_does_not(
    db: Connection, clock: Clock, state: str, counts: bool
) -> None:
    add_voucher(db, "invoice", clock())
    add_batch(db, "sent", state, clock())
    add_entry(db, "a", "invoice", clock(), open_item="RE-1", batch="sent")
    assert standing(db) == (["a"] if counts else [])


def test_what_was_taken_back_does_not_count(db: Connection, clock: Clock) -> None:
    add_voucher(db, "invoice", clock())
    add_batch(db, "sent", "succeeded", clock())
    add_batch(db, "wrong", "failed", clock())
    add_entry(db, "a", "invoice", clock(), open_item="RE-1", batch="sent")
    add_entry(db, "failed", "invoice", clock(), kind="reversal", reverses="a", batch="wrong")
    assert standing(db) == ["a"]
    add_entry(db, "back", "invoice", clock(), kind="reversal", turn=2, reverses="a")
    assert standing(db) == []


def test_what_waits_and_is_dropped_clears_nothing_any_more(db: Connection, clock: Clock) -> None:
    add_voucher(db, "paid", clock(), kind="payment")
    clear(db, "c", "paid", clock, "RE-1")
    vouchers.drop_waiting_entries(db, ["paid"])
    assert standing(db) == []
    assert db.execute(select(clearings)).all() == []


@pytest.mark.parametrize(
    ("state", "cause", "item", "decided"),
    [
        ("needs_human", "c:number=RE-1", "", True),
        ("needs_human", "c:number=RE-2", "", False),
        ("ignored", "c:number=RE-1", "", False),
        ("settled", "", "RE-1", True),
        ("bookable", "", "RE-1", True),
        ("sent", "", "RE-1", False),
        ("settled", "", "RE-2", False),
    ],
)
def test_payments_are_decided_anew_that_wait_for_a_document_or_have_cleared_it(
    db: Connection, clock: Clock, state: str, cause: str, item: str, decided: bool
) -> None:
    add_voucher(db, "paid", clock(), kind="payment", state=state)
    if cause:
        db.execute(
            text("insert into problems values ('paid', 0, 'mapping', 'c', :cause, '{}', '[]')"),
            {"cause": cause},
        )
    if item:
        clear(db, "c", "paid", clock, item)
    found = vouchers.payments_to_decide(db, "north", CLIENT, ["c:number=RE-1"], ["RE-1"])
    assert found == ({"paid"} if decided else set())


def test_payments_and_documents_are_asked_for_apart(db: Connection, clock: Clock) -> None:
    add_voucher(db, "invoice", clock())
    add_voucher(db, "paid", clock(), kind="payment")
    for payments, keys in ((None, ["invoice", "paid"]), (False, ["invoice"]), (True, ["paid"])):
        waiting = vouchers.waiting_for_decision(db, "north", "", 9, payments=payments)
        assert [one.row.id for one in waiting] == keys


def test_what_was_booked_before_under_the_number_of_an_invoice_is_known(db: Connection, clock: Clock) -> None:
    for key in ("note", "bought", "invoice"):
        add_voucher(db, key, clock())
    plain = document()
    lines = (msgspec.structs.replace(plain.lines[0], number="RE 1"),) * 2
    under = encode(msgspec.structs.replace(plain, lines=lines, party_id="p/7")).decode()
    add_entry(db, "a", "note", clock(), content=under)
    add_entry(db, "b", "bought", clock(), content=under, ledger="payable")
    add_entry(db, "c", "invoice", clock(), content=encode(plain).decode(), open_item="RE-9")
    clearings.drop(db)
    with Operations.context(MigrationContext.configure(db)):
        r0005_clearings.upgrade()
    found = {(row.entry, row.open_item) for row in db.execute(select(clearings))}
    assert found == {("a", "RE-1"), ("b", "RE-1 north/p/7")}
