"""Several due dates: each part of a document has its rows with its own day, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.flow.decide.rows import rows_of, unsuitable
from mlconnector.mapping.because import explained
from mlconnector.mapping.drafts import entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry
from mlconnector.model.vouchers import DownPayment, Instalment, Kind, Voucher
from tests.mapping.builders import buying, draft, line, problems, purchase, rules, voucher

SOON, LATE = date(2026, 8, 13), date(2031, 7, 14)


def parts(*amounts: str, days: tuple[date | None, ...] = (SOON, LATE)) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(amount=Decimal(amount), due_date=day) for amount, day in zip(amounts, days, strict=True)
    )


def made(of: Voucher, by: Rules | None = None) -> Entry:
    return entry(draft(of, by), person="10001", document=None, revision="r1", turn=1)


def due(of: Voucher, by: Rules | None = None) -> list[tuple[str, date | None]]:
    return [(f"{one.amount:f}", one.due_date) for one in made(of, by).lines]


def test_a_document_in_two_parts_has_a_row_for_each() -> None:
    of = voucher(line("1000"), instalments=parts("1130.50", "59.50"))
    assert due(of) == [("1130.50", SOON), ("59.50", LATE)]


def test_each_tax_case_has_its_part_and_both_add_up_to_the_cent() -> None:
    of = voucher(line("33.33"), line("66.67", "7"), line("10", "0"), instalments=parts("10.00", "111.00"))
    by = rules(tax_case=[{"rate": 0, "region": "domestic", "case": "not_taxable"}])
    lines = made(of, by).lines
    by_day = {day: sum(one.amount for one in lines if one.due_date == day) for day in (SOON, LATE)}
    by_case = {
        case: sum(one.amount for one in lines if one.tax_case == case) for case in {x.tax_case for x in lines}
    }
    assert by_day == {SOON: Decimal("10.00"), LATE: Decimal("111.00")}
    assert by_case == {
        "domestic_19": Decimal("39.66"),
        "domestic_7": Decimal("71.34"),
        "not_taxable": Decimal("10.00"),
    }


def test_a_suppliers_document_is_divided_alike() -> None:
    of = purchase(line("1000"), instalments=parts("1130.50", "59.50"))
    assert due(of, buying()) == [("-1130.50", SOON), ("-59.50", LATE)]


def column(of: Voucher, books: dict[str, Any], name: str, **mapping: Any) -> list[Any]:
    by = rules(books, **mapping)
    return [row.get(name) for row in rows_of(made(of, by), by.books).rows]


TWO = voucher(line("1000"), due_date=SOON, payment_terms="30", instalments=parts("1130.50", "59.50"))


def test_the_days_go_where_due_dates_go_and_before_the_terms_of_payment() -> None:
    terms = {"payment_terms": {"table": {"30": "7"}}}
    assert column(TWO, {}, "Fälligkeit", **terms) == [SOON, LATE]
    assert column(TWO, {}, "Belegfeld 2", **terms) == [None, None]
    assert column(TWO, {"due_date": "document_field_2"}, "Belegfeld 2") == ["130826", "140731"]


@pytest.mark.parametrize(
    "facts",
    [
        {"instalments": parts("1130.50", "59.51")},
        {"instalments": parts("1190.50", "-0.50")},
        {"instalments": parts("1130.50", "59.50", days=(SOON, None))},
        {"instalments": parts("1130.50", "59.50"), "down_payments": (DownPayment(amount=Decimal(1)),)},
        {"instalments": parts("1130.50", "59.50"), "requests_down_payment": True},
    ],
)
def test_parts_that_are_unclear_let_it_wait(facts: dict[str, Any]) -> None:
    keys = {one.key for one in problems(voucher(line("1000"), **facts))}
    assert keys & {"instalments_unclear", "down_payment_unclear"}


def test_a_credit_note_in_parts_waits() -> None:
    of = voucher(line("-1000"), kind=Kind.CREDIT_NOTE, instalments=parts("-1130.50", "-59.50"))
    (found,) = problems(of)
    assert (found.key, found.facts["total"]) == ("instalments_unclear", "-1190.00")


def test_a_booking_suggestion_cannot_carry_them() -> None:
    by = rules()
    found = unsuitable(made(TWO, by), by)
    assert found is not None
    assert found.key == "instalments_not_for_dxso"


def test_every_row_says_which_part_it_is() -> None:
    said = {one.field: one for one in explained(made(TWO), 2)}
    assert (said["amount"].rule, said["amount"].facts["part"]) == ("part_of_instalment", "2")
    assert (said["due_date"].rule, said["due_date"].value) == ("due_date_of_instalment", "2031-07-14")
    assert said["account"].value == "8400"
