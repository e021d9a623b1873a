"""Which rows of the mapping decided how many vouchers, counted of what bookings say of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select

from mlconnector.mapping.row_names import NamedRow
from mlconnector.mapping.tables import AccountRow, TaxCaseRow
from mlconnector.model.entries import Because, encode
from mlconnector.store import vouchers
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.database import Database
from mlconnector.store.migrations.versions import r0020_rows_used
from mlconnector.store.rows_used import vouchers_of_rows
from mlconnector.store.tables import entry_rows
from tests.clock import Clock
from tests.mapping.builders import document
from tests.store.rows import add_batch, add_entry, add_voucher
from tests.store.test_search_plans import plan, statements

FIRST = """
[[mapping.revenue]]
category = "A"
account = "8400"

[[mapping.revenue]]
category = "B"

[[mapping.tax_case]]
rate = 19.0
region = "domestic"
case = "domestic_19"
"""
LATER = '[[mapping.revenue]]\ncategory = "Neu"\naccount = "8401"\n' + FIRST
A, B = AccountRow(category="A"), AccountRow(category="B")
CASE = TaxCaseRow.model_validate({"rate": 19, "region": "domestic", "case": "domestic_19"})


def by_row(name: str, table: str = "revenue") -> Because:
    facts = {"table": f"mapping.{table}", "row": "1", "row_name": name}
    return Because("account", "8400", "row", facts, line=1)


def told(*because: Because) -> str:
    """A booking as it is stored, with these reasons."""
    return encode(msgspec.structs.replace(document(), because=tuple(because))).decode()


def stored(db: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(select(entry_rows).order_by(*entry_rows.primary_key))]


def test_each_voucher_counts_once_for_each_row_that_decided_it(connected: Database, clock: Clock) -> None:
    centre = Because(
        "cost_centre_1", "100", "by_attribute",
        {"table": "mapping.cost_centre_1", "attribute": "place", "given": "N"},
    )  # fmt: skip
    with connected.write() as db:
        for key in ("v1", "v2", "v3"):
            add_voucher(db, key, clock())
        add_voucher(db, "other", clock(), name="south")
        add_entry(db, "e1", "v1", clock(), content=told(by_row("a"), by_row("a"), centre))
        add_entry(db, "e1b", "v1", clock(), turn=2, content=told(by_row("a")))
        add_entry(db, "e2", "v2", clock(), content=told(by_row("a"), by_row("a", "expense")))
        add_entry(db, "e3", "v3", clock(), content=told(Because("account", "8400", "default_of_case")))
        add_entry(db, "e4", "other", clock(), connection="south", content=told(by_row("a")))
        assert vouchers_of_rows(db, "north") == {
            NamedRow("revenue", "a"): 2,
            NamedRow("expense", "a"): 1,
            NamedRow("cost_centre_1", "place = N"): 1,
        }
        assert vouchers_of_rows(db, "south") == {NamedRow("revenue", "a"): 1}


def test_what_is_decided_anew_before_it_was_in_a_batch_does_not_count(
    connected: Database, clock: Clock
) -> None:
    with connected.write() as db:
        add_batch(db, "b", "succeeded", clock())
        add_voucher(db, "v", clock())
        add_entry(db, "sent", "v", clock(), batch="b", content=told(by_row("a")))
        add_entry(db, "waits", "v", clock(), turn=2, content=told(by_row("b")))
        vouchers.drop_waiting_entries(db, ["v"])
        assert vouchers_of_rows(db, "north") == {NamedRow("revenue", "a"): 1}


def test_counting_reads_an_index_and_no_booking(connected: Database) -> None:
    with connected.read() as db:
        with statements(db) as sent:
            vouchers_of_rows(db, "north")
        (counted,) = sent
        assert "entries" not in counted[0]
        assert db.dialect.name != "sqlite" or "COVERING INDEX ix_entry_rows_counted" in plan(db, *counted)


class TestTheMigration:
    """What was booked before has no names of rows yet: they are found by the settings of its day."""

    @pytest.fixture
    def settings(self, connected: Database, clock: Clock) -> datetime:
        """The moment from which other settings hold."""
        with connected.write() as db:
            append(db, [AuditEvent("north", "north", "connected", {"text": FIRST})], clock())
            later = clock() + timedelta(hours=1)
            append(db, [AuditEvent("north", "north", "settings_changed", {"text": LATER})], later)
            add_voucher(db, "v", clock())
        return later

    def migrated(self, database: Database, bookings: Sequence[tuple[datetime, str]]) -> set[tuple[str, str]]:
        with database.write() as db:
            for turn, (moment, content) in enumerate(bookings, start=1):
                add_entry(db, f"e{turn}", "v", moment, turn=turn, content=content)
            entry_rows.drop(db)
            with Operations.context(MigrationContext.configure(db)):
                r0020_rows_used.upgrade()
            return {(table, name) for _, table, name, *_ in stored(db)}

    def reason(self, field: str, value: str, row: str, rule: str = "row", table: str = "revenue") -> Because:
        return Because(field, value, rule, {"table": f"mapping.{table}", "row": row})

    def test_finds_a_row_by_its_number_in_the_settings_of_then(
        self, connected: Database, settings: datetime, clock: Clock
    ) -> None:
        first = told(self.reason("account", "8400", "1"))
        found = self.migrated(connected, [(clock(), first)])
        assert found == {("revenue", A.name)}

    def test_finds_the_same_row_under_its_number_of_later(
        self, connected: Database, settings: datetime
    ) -> None:
        found = self.migrated(connected, [(settings, told(self.reason("account", "8400", "2")))])
        assert found == {("revenue", A.name)}

    def test_finds_rows_that_leave_the_account_to_their_case_and_those_of_cases(
        self, connected: Database, settings: datetime, clock: Clock
    ) -> None:
        case = Because("tax_case", "domestic_19", "case_by_row", {"row": "1"})
        by_case = self.reason("account", "8400", "2", "row_of_case")
        assert self.migrated(connected, [(clock(), told(case, by_case))]) == {
            ("revenue", B.name), ("tax_case", CASE.name)
        }  # fmt: skip

    def test_takes_no_row_that_says_something_else_than_the_booking(
        self, connected: Database, settings: datetime, clock: Clock
    ) -> None:
        reasons = (
            self.reason("account", "8401", "1"),
            self.reason("account", "8400", "9"),
            self.reason("account", "8400", "1", "row_of_case"),
            self.reason("supply", "goods", "1"),
            self.reason("customer", "business", "1", table="customer"),
        )
        before = clock() - timedelta(hours=1)
        assert self.migrated(connected, [(clock(), told(*reasons)), (before, told(reasons[1]))]) == set()

    def test_writes_what_a_booking_of_today_writes(self, connected: Database, clock: Clock) -> None:
        centre = {"table": "mapping.cost_centre_1", "attribute": "place", "given": "N"}
        because = (Because("cost_centre_1", "1", "by_attribute", centre),)
        with connected.write() as db:
            add_voucher(db, "v", clock())
            add_entry(db, "e", "v", clock(), content=told(*because))
            written = stored(db)
            assert len(written) == 1
            entry_rows.drop(db)
            with Operations.context(MigrationContext.configure(db)):
                r0020_rows_used.upgrade()
            assert stored(db) == written
