"""The VAT check: base times rate is the tax of the rows, but for cents; reversals and Skonto lower it."""

from __future__ import annotations

from mlconnector.flow.report.vat_check import vat_cases
from tests.flow.report.bookings import Ledger, paying
from tests.mapping.builders import cleared, line, payment, purchase, voucher


def told(ledger: Ledger) -> list[str]:
    """A row for each tax case: its rows, base, what is expected, owed, deducted, and the difference."""
    rows = vat_cases((each, ledger.by) for each in ledger.bookings)
    return [
        f"{one.tax_case} {one.rate} {one.rows}: "
        f"{one.base} {one.expected} {one.tax} {one.input_tax} {one.difference}"
        for one in rows
    ]


def test_sales_come_before_purchases_each_with_its_tax() -> None:
    ledger = Ledger(paying())
    ledger.book(voucher(line("100"), line("50", "7")))
    ledger.book(purchase(line("200"), external_id="2", number="ER-2"))
    assert told(ledger) == [
        "domestic_19 19 1: 100.00 19.00 19.00 0.00 0.00",
        "domestic_7 7 1: 50.00 3.50 3.50 0.00 0.00",
        "input_tax_19 19 1: 200.00 38.00 0.00 38.00 0.00",
    ]


def test_what_is_taken_back_is_not_in_it() -> None:
    ledger = Ledger(paying())
    booked = ledger.book(voucher(line("100")))
    ledger.take_back(booked)
    assert told(ledger) == ["domestic_19 19 2: 0.00 0.00 0.00 0.00 0.00"]


def test_rounding_row_by_row_leaves_cents_that_are_told() -> None:
    ledger = Ledger(paying())
    for number in range(4):
        ledger.book(voucher(line("0.03"), external_id=str(number), number=f"RE-{number}"))
    assert told(ledger) == ["domestic_19 19 4: 0.12 0.02 0.04 0.00 0.02"]


def test_skonto_lowers_the_tax_of_its_rate() -> None:
    ledger = Ledger(paying())
    ledger.book(voucher(line("100")))
    paid = cleared(amount="116.62", discount="2.38", rate="19")
    ledger.book(payment(paid, external_id="Z-1", number="Z-1"))
    assert told(ledger) == [
        "discount 19 1: -2.00 -0.38 -0.38 0.00 0.00",
        "domestic_19 19 1: 100.00 19.00 19.00 0.00 0.00",
    ]
