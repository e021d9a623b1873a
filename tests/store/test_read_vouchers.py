"""What was read and booked, as it is added up: exact, whatever its size, and in order where order matters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from mlconnector.model.entries import encode
from mlconnector.model.vouchers import Voucher
from mlconnector.model.vouchers import encode as encode_voucher
from mlconnector.store import read_vouchers, vouchers
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.mapping.builders import document, line, voucher
from tests.store.rows import add_batch, add_entry, add_voucher


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def said(db: Connection, clock: Clock, of: Voucher) -> None:
    """A voucher whose newest revision says this."""
    add_voucher(db, "v", clock(), revision="said")
    revision: Any = {"voucher": "v", "revision": "new", "content": encode_voucher(of).decode()}
    vouchers.insert_revisions(db, [revision | {"received_at": clock()}])
    changed: Any = {"id": "v", "number": "RE-v", "document_date": of.document_date, "revision": "new"}
    changed |= {"state": "needs_human", "reason": "", "read_at": clock(), "changed_at": clock()}
    vouchers.update_vouchers(db, [changed])


@pytest.mark.parametrize("amount", ["119.00", "-119.00", "123456789012345678.90"])
def test_what_a_voucher_owes_is_exact_even_where_databases_cannot_add_it_up(
    db: Connection, clock: Clock, amount: str
) -> None:
    said(db, clock, voucher(line(amount, method="inclusive")))
    (one,) = read_vouchers.read(db, ["north"], None, None)
    assert (one.direction, one.currency) == ("sale", "EUR")
    assert one.gross == int(amount.replace(".", "")) * 10


def test_what_could_not_be_read_has_neither_amount_nor_direction(db: Connection, clock: Clock) -> None:
    add_voucher(db, "v", clock())
    (one,) = read_vouchers.read(db, ["north"], None, None)
    assert (one.voucher, one.direction, one.currency, one.gross) == ("v", "", "", None)


def test_bookings_in_several_currencies_come_in_the_order_of_their_making(
    db: Connection, clock: Clock
) -> None:
    add_voucher(db, "v", clock())
    add_batch(db, "b", "succeeded", clock())
    for turn, (key, currency) in enumerate([("z", "EUR"), ("y", "CHF"), ("x", "EUR"), ("w", "CHF")], start=1):
        clock.advance(1)
        rate = None if currency == "EUR" else "0.95"
        content = encode(document(currency=currency, rate=rate)).decode()
        add_entry(db, key, "v", clock(), turn=turn, batch="b", content=content)
    made = [one.currency for one in read_vouchers.booked(db, ["north"], None, None)]
    assert made == ["EUR", "CHF", "EUR", "CHF"]


def test_what_is_refused_is_left_out_and_all_else_says_what_became_of_it(
    db: Connection, clock: Clock
) -> None:
    add_voucher(db, "v", clock())
    add_entry(db, "waits", "v", clock())
    stands = {"succeeded": "accepted", "unknown": "under_way", "frozen": "planned"}
    for turn, state in enumerate((*stands, "failed", "dissolved"), start=2):
        add_batch(db, state, state, clock())
        add_entry(db, state, "v", clock(), batch=state, turn=turn)
    found = sorted(one.stand for one in read_vouchers.booked(db, ["north"], None, None))
    assert found == sorted(["planned", *stands.values()])
