"""Sums and balances in a table: statistical accounts below the sum, of which they are no part."""

from __future__ import annotations

from mlconnector.flow.report.balances import Balances
from mlconnector.flow.report.report_tables import balance_table
from mlconnector.model.vouchers import Kind
from tests.flow.report.bookings import Ledger, paying
from tests.mapping.builders import line, purchase, voucher


def booked(*, with_contract: bool) -> Balances:
    ledger = Ledger(paying(commitments={"account": "9955", "contra_account": "9956"}))
    ledger.book(voucher(line("100")))
    if with_contract:
        ledger.book(purchase(line("700", "0", "none"), kind=Kind.COMMITMENT, external_id="C7"))
    return ledger.balances()


def rows(made: Balances) -> list[tuple[object, ...]]:
    return [
        (row[0], row[1], str(row[3]), str(row[4])) for row in balance_table(made, "en", with_totals=True).rows
    ]


def test_they_stand_below_the_sum_of_all_others() -> None:
    assert rows(booked(with_contract=True))[-4:] == [
        ("All", "Sum", "119.00", "119.00"),
        ("Statistical accounts", "9955", "700.00", "0.00"),
        ("Statistical accounts", "9956", "0.00", "700.00"),
        ("Statistical accounts", "Sum", "700.00", "700.00"),
    ]


def test_a_table_knows_which_of_its_rows_add_up_others() -> None:
    table = balance_table(booked(with_contract=True), "en", with_totals=True).shown
    sums = [number for number, row in enumerate(table.rows) if row[1] == "Sum"]
    assert sorted(table.sums) == sums
    assert balance_table(booked(with_contract=True), "en").sums == frozenset()


def test_and_change_nothing_of_it() -> None:
    without = rows(booked(with_contract=False))
    assert rows(booked(with_contract=True))[: len(without)] == without
    assert booked(with_contract=True).rows == booked(with_contract=False).rows
