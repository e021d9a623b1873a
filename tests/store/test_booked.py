"""Bookings as reports read them: whose they are, when they were booked, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection

from mlconnector.store import booked, read_vouchers
from mlconnector.store.booked import BookedRow
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.store.rows import CLIENT, add_batch, add_document, add_entry, add_voucher

STATES = {
    "frozen": "planned",
    "submitting": "under_way",
    "unknown": "under_way",
    "submitted": "under_way",
    "succeeded": "accepted",
    "partial": "accepted",
}


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def standing(db: Connection, *names: str, **more: Any) -> list[BookedRow]:
    """What DATEV has accepted, and then what it has not."""
    asked = (db, CLIENT, names or ("north",))
    return [
        *booked.in_batches(db, booked.taken(*asked, **more)),
        *booked.unaccepted_in_months(*asked, **more),
    ]


def ids(db: Connection, *names: str, **more: Any) -> list[str]:
    return [row.id for row in standing(db, *names, **more)]


def test_every_booking_says_what_became_of_it_and_what_was_refused_is_left_out(
    db: Connection, clock: Clock
) -> None:
    add_voucher(db, "v", clock())
    add_entry(db, "waits", "v", clock())
    for turn, state in enumerate((*STATES, "failed", "dissolved"), start=2):
        add_batch(db, state, state, clock())
        add_entry(db, f"e-{state}", "v", clock(), batch=state, turn=turn)
    stands = {row.id: row.stand for row in standing(db)}
    assert stands == {"waits": "planned", **{f"e-{state}": stand for state, stand in STATES.items()}}


def test_a_reversal_names_what_it_takes_back(db: Connection, clock: Clock) -> None:
    add_voucher(db, "v", clock())
    add_entry(db, "a", "v", clock())
    add_entry(db, "b", "v", clock(), kind="reversal", reverses="a")
    assert [(row.id, row.reverses) for row in standing(db)] == [
        ("a", None),
        ("b", "a"),
    ]


def test_months_and_connections_are_chosen(db: Connection, clock: Clock) -> None:
    add_voucher(db, "v", clock())
    add_voucher(db, "w", clock(), name="south")
    for turn, month in enumerate(("2026-01", "2026-02", "2026-03"), start=1):
        add_batch(db, f"b-{month}", "succeeded", clock())
        add_entry(db, month, "v", clock(), period=month, turn=turn, batch=f"b-{month}")
    add_entry(db, "other", "w", clock(), connection="south")
    add_entry(db, "elsewhere", "w", clock(), connection="south", client="1-1", turn=2)
    assert ids(db) == ["2026-01", "2026-02", "2026-03"]
    assert ids(db, first="2026-02") == ["2026-02", "2026-03"]
    assert ids(db, first="2026-02", last="2026-02") == ["2026-02"]
    assert ids(db, "north", "south", first="2026-02", last="2026-02") == ["2026-02", "other"]


def test_bookings_and_documents_are_found_by_the_date_of_their_voucher(db: Connection, clock: Clock) -> None:
    add_voucher(db, "july", clock(), document_date=date(2026, 7, 31))
    add_voucher(db, "august", clock(), document_date=date(2026, 8, 1))
    for key in ("july", "august"):
        add_entry(db, key, key, clock())
    add_document(db, "g1", "july", "filed", clock())
    add_document(db, "g2", "july", "stored", clock())
    add_document(db, "g3", "august", "filed", clock())
    july = date(2026, 7, 1), date(2026, 7, 31)
    assert [row.voucher for row in read_vouchers.booked(db, ["north"], *july)] == ["july"]
    both = {row.voucher for row in read_vouchers.booked(db, ["north"], None, None)}
    assert both == {"july", "august"}
    assert booked.documents_by_state(db, ["north"], *july) == {"filed": 1, "stored": 1}
    assert booked.documents_by_state(db, ["north"], date(2026, 8, 1), None) == {"filed": 1}
    assert booked.documents_by_state(db, ["south"], None, None) == {}


def test_numbers_are_those_of_all_vouchers_that_have_one_of_a_beginning(db: Connection, clock: Clock) -> None:
    add_voucher(db, "a", clock())
    add_voucher(db, "b", clock(), number=None, state="needs_human")
    add_voucher(db, "c", clock(), name="south")
    assert booked.numbers(db, ["north"], ["RE-"]) == {"RE-a"}
    assert booked.numbers(db, ["north", "south"], ["RE-"]) == {"RE-a", "RE-c"}
    assert booked.numbers(db, ["north", "south"], ["RE-c", "GS-"]) == {"RE-c"}
