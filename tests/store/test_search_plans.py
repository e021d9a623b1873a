"""How databases find what is searched for: by index and columns, and never by reading what vouchers say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from mlconnector.store import booked, booking_lists, items, lookup
from mlconnector.store.booking_lists import BookingScope
from mlconnector.store.database import Database
from mlconnector.store.items import Counted
from mlconnector.store.lookup import Scope
from tests.clock import Clock
from tests.store.rows import CLIENT, add_batch, add_entry, add_voucher

FIRST, LAST = date(2026, 7, 1), date(2026, 7, 31)


@pytest.fixture
def filled(connected: Database, clock: Clock) -> Database:
    """Vouchers of each month with a booking of each."""
    with connected.write() as db:
        add_batch(db, "b", "succeeded", clock())
        for number in range(60):
            add_voucher(db, f"v{number}", clock(), document_date=date(2026, 1 + number % 12, 1 + number % 28))
            add_entry(db, f"e{number}", f"v{number}", clock(), batch="b", period=f"2026-{1 + number % 12:02}")
        if db.dialect.name == "postgresql":
            db.execute(text("ANALYZE"))
    return connected


@contextmanager
def statements(db: Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            sent.append((statement, parameters))

    event.listen(db, "before_cursor_execute", note)
    yield sent
    event.remove(db, "before_cursor_execute", note)


def plan(db: Connection, statement: str, parameters: Any) -> str:
    """How the database goes about a statement; PostgreSQL where it may not read a whole table."""
    if db.dialect.name == "sqlite":
        rows = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row[3] for row in rows)
    db.exec_driver_sql("SET LOCAL enable_seqscan = off")
    return "\n".join(row[0] for row in db.exec_driver_sql(f"EXPLAIN {statement}", parameters))


def test_an_amount_is_searched_by_its_index(filled: Database) -> None:
    with filled.read() as db:
        with statements(db) as sent:
            assert list(lookup.search(db, Scope(least=Decimal("119.00"), most=Decimal("119.00")))) == []
        assert len(sent) == 1
        assert "ix_voucher_facts_amount" in plan(db, *sent[0])


def test_what_vouchers_say_is_read_of_those_alone_that_are_shown(filled: Database) -> None:
    with filled.read() as db, statements(db) as sent:
        for wanted, count in ((Scope(number="re-"), 5), (Scope(customer="müller"), 0), (Scope(text="v1"), 5)):
            assert len(list(lookup.search(db, wanted, limit=5))) == count
            lookup.count(db, wanted)
    conditions = [statement.partition("WHERE")[2] for statement, _ in sent]
    assert all("voucher_facts" in one and "content" not in one for one in conditions)


def test_bookings_of_some_days_are_walked_to_in_the_order_of_their_days(filled: Database) -> None:
    with filled.read() as db:
        with statements(db) as sent:
            assert len(booking_lists.page(db, BookingScope("north", first=FIRST, last=LAST), 3, 1)) == 3
        assert "ix_vouchers_dated" in plan(db, *sent[0])


def test_a_far_page_of_the_journal_reads_the_bookings_of_that_page(filled: Database) -> None:
    with filled.read() as db:
        with statements(db) as sent:
            assert len(booked.journal(db, CLIENT, ["north"], limit=10, offset=40)) == 10
        # PostgreSQL takes whichever way is the shortest for as few rows as these.
        assert db.dialect.name != "sqlite" or "COVERING INDEX ix_entries_journal" in plan(db, *sent[0])


def test_items_that_come_to_nothing_are_never_looked_at(filled: Database) -> None:
    with filled.read() as db:
        with statements(db) as sent:
            of = Counted(CLIENT, ("north",), date(2026, 12, 31), frozenset({"accepted"}))
            found = items.open_on(db, of)
        assert found == {("receivable", "10001", "RE-1", "EUR")}
        plans = [plan(db, *one) for one in sent] if db.dialect.name == "sqlite" else []
        assert not plans or any("COVERING INDEX ix_entry_lines_item" in one for one in plans)
        assert not any("content" in statement for statement, _ in sent)
