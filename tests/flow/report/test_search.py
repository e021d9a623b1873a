"""What somebody types to find a voucher, and what it means."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mlconnector.flow.report.search import Search, Unreadable, amounts_of, period_of
from mlconnector.flow.report.voucher_facts import VoucherFacts, facts_of
from mlconnector.model.vouchers import Allocation, encode
from mlconnector.store.vouchers import VoucherRow, VoucherState
from tests.mapping.builders import line, payment, voucher


def row(
    state: VoucherState = "settled", booked: str | None = "e", day: date | None = date(2026, 7, 15)
) -> VoucherRow:
    return VoucherRow("k", "north", "invoice", "815", "RE-2026-00815", day, "r", "r", booked, state, "")


FACTS = VoucherFacts("Müller & Söhne  GmbH", Decimal("-119.00"), "EUR")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2026-07-15", date(2026, 7, 15), date(2026, 7, 15)),
        ("2026-07..2026-09", date(2026, 7, 1), date(2026, 9, 30)),
        ("2026-07..", date(2026, 7, 1), None),
        ("..2026-09-05", None, date(2026, 9, 5)),
    ],
)
def test_a_period_is_a_year_a_month_a_day_or_a_range(
    text: str, first: date | None, last: date | None
) -> None:
    assert period_of(text) == (first, last)


@pytest.mark.parametrize("text", ["", "..", "x", "2026-13", "2026-02-30", "2026-09..2026-07", "07.2026"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        period_of(text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("119", "119", "119"),
        ("1.234,50", "1234.50", "1234.50"),
        ("1234.50", "1234.50", "1234.50"),
        ("-119,00", "119", "119"),
        ("100..200", "100", "200"),
        ("..200", None, "200"),
    ],
)
def test_an_amount_is_written_as_people_do_or_a_range(text: str, least: str | None, most: str | None) -> None:
    assert amounts_of(text) == (least and Decimal(least), most and Decimal(most))


@pytest.mark.parametrize("text", ["", "..", "abc", "1e30", "200..100", "1,2,3", "9" * 40])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        amounts_of(text)


@pytest.mark.parametrize(
    "wanted",
    [
        Search(),
        Search(number="00815"),
        Search(number="re-2026"),
        Search(number="815"),
        Search(customer="MÜLLER & söhne gmbh"),
        Search(amount="119,00"),
        Search(period="2026-07"),
        Search(state="settled"),
    ],
)
def test_a_voucher_is_meant_by_what_people_know_of_it(wanted: Search) -> None:
    assert wanted.means(row(), FACTS)


@pytest.mark.parametrize(
    "wanted",
    [
        Search(number="816"),
        Search(customer="Maier"),
        Search(amount="100"),
        Search(period="2026-08"),
        Search(state="sent"),
        Search(state="reversed"),
        Search(number="00815", customer="Maier"),
    ],
)
def test_a_voucher_is_not_meant_where_one_thing_is_otherwise(wanted: Search) -> None:
    assert not wanted.means(row(), FACTS)


def test_what_is_not_known_of_a_voucher_is_not_what_was_asked_for() -> None:
    for wanted in (Search(customer="M"), Search(amount="0..1000")):
        assert not wanted.means(row(), VoucherFacts())
    assert not Search(period="2026").means(row(day=None), FACTS)


def test_one_that_was_taken_back_is_found_as_such() -> None:
    assert Search(state="reversed").means(row(booked=None), FACTS)


def test_the_amount_is_the_gross_that_people_see() -> None:
    shown = voucher(line("100"))
    assert facts_of(encode(shown).decode()).amount == Decimal("119.00")
    stated = voucher(line("100"), stated_total=Decimal("119.01"))
    assert facts_of(encode(stated).decode()).amount == Decimal("119.01")


def test_the_amount_of_a_payment_is_its_money() -> None:
    paid = payment(*(Allocation(number="RE-1", amount=Decimal(50)),) * 2)
    assert facts_of(encode(paid).decode()).amount == Decimal("100.00")


def test_a_voucher_that_was_never_read_has_neither_customer_nor_amount() -> None:
    assert facts_of(None) == VoucherFacts()


def test_more_digits_than_money_has_leave_a_list_readable() -> None:
    odd = voucher(line(str(10**27)))
    assert facts_of(encode(odd).decode()).amount is None
