"""The columns that are searched and added up are the same whether written with a row or by the migration."""

from __future__ import annotations

from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete, select, text

from mlconnector.model.entries import encode
from mlconnector.store import vouchers
from mlconnector.store.database import Database
from mlconnector.store.migrations.versions import r0019_columns_of_reports
from mlconnector.store.tables import entries, entry_facts, entry_lines, voucher_facts
from tests.clock import Clock
from tests.mapping.builders import document
from tests.store.rows import add_entry, add_voucher

DERIVED = (voucher_facts, entry_facts, entry_lines)


def everything(db: Connection) -> list[list[tuple[Any, ...]]]:
    return [
        [tuple(row) for row in db.execute(select(table).order_by(*table.primary_key))] for table in DERIVED
    ]


def test_what_is_there_already_gets_its_columns_with_the_migration(connected: Database, clock: Clock) -> None:
    foreign = encode(document(currency="CHF", rate="0.95")).decode()
    with connected.write() as db:
        add_voucher(db, "read", clock())
        add_voucher(db, "unread", clock(), revision="", number=None)
        add_entry(db, "e1", "read", clock())
        add_entry(db, "e2", "read", clock(), turn=2, content=foreign)
        written = everything(db)
        assert [len(rows) for rows in written] == [2, 2, 2]
        db.execute(text("DROP INDEX ix_vouchers_taken_back"))
        with Operations.context(MigrationContext.configure(db)):
            r0019_columns_of_reports.upgrade()
        assert everything(db) == written


def test_a_booking_that_no_batch_holds_goes_with_its_columns(connected: Database, clock: Clock) -> None:
    with connected.write() as db:
        add_voucher(db, "v", clock())
        add_entry(db, "e", "v", clock())
        vouchers.drop_waiting_entries(db, ["v"])
        assert [len(rows) for rows in everything(db)] == [1, 0, 0]
        assert db.execute(delete(entries)).rowcount == 0
