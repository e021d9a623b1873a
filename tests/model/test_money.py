from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.model.money import exact, places, rounded, rounded_to, shared_out

cents = st.decimals(min_value=-1_000_000, max_value=1_000_000, places=2)
amounts = st.decimals(min_value=-10_000, max_value=10_000, places=4)


@pytest.mark.parametrize(
    ("amount", "currency", "result"),
    [
        ("1.005", "EUR", "1.01"),
        ("1.004999", "EUR", "1.00"),
        ("-1.005", "EUR", "-1.01"),
        ("1234.5", "JPY", "1235"),
        ("1.23449", "KWD", "1.234"),
        ("7", "XXX", "7.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit_of_their_currency(
    amount: str, currency: str, result: str
) -> None:
    assert str(rounded(Decimal(amount), currency)) == result


def test_a_currency_has_two_places_unless_iso_4217_says_otherwise() -> None:
    assert [places(currency) for currency in ("EUR", "JPY", "TND", "IQD", "XOF")] == [2, 0, 3, 3, 0]


@pytest.mark.parametrize(
    ("given_number", "written"),
    [("1.10", "1.1"), ("1E+2", "100"), ("-0.00", "0"), ("19", "19"), ("0.0001", "0.0001")],
)
def test_a_number_has_one_writing(given_number: str, written: str) -> None:
    assert str(exact(Decimal(given_number))) == written


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_the_one_writing_is_the_same_number(number: Decimal) -> None:
    assert exact(number) == number
    assert str(exact(number)) == str(exact(exact(number)))
    assert "E+" not in str(exact(number))


@given(cents, st.lists(amounts, min_size=1, max_size=20))
def test_shares_always_add_up_to_the_total(total: Decimal, weights: list[Decimal]) -> None:
    assert sum(shared_out(total, weights)) == total


def test_equal_shares_differ_by_a_cent_at_most() -> None:
    assert shared_out(Decimal("100.00"), [Decimal(1)] * 3) == [
        Decimal("33.34"),
        Decimal("33.33"),
        Decimal("33.33"),
    ]


def test_weights_that_cancel_leave_everything_to_the_first() -> None:
    shares = shared_out(Decimal("5.00"), [Decimal(3), Decimal(-3)])
    assert shares == [Decimal("5.00"), Decimal("0.00")]


def test_nothing_is_shared_out_over_nothing() -> None:
    assert shared_out(Decimal("5.00"), []) == []


@given(st.lists(amounts, min_size=1, max_size=40))
def test_rounding_to_a_total_moves_no_part_by_more_than_a_unit(parts: list[Decimal]) -> None:
    total = rounded(sum(parts, Decimal(0)))
    together = rounded_to(total, parts)
    assert sum(together) == total
    assert all(abs(whole - part) < Decimal("0.02") for whole, part in zip(together, parts, strict=True))


def test_a_cent_that_is_left_over_goes_to_the_largest_part() -> None:
    parts = [Decimal("0.333"), Decimal("-9.333"), Decimal("0.334")]
    assert rounded_to(Decimal("-8.66"), parts) == [Decimal("0.33"), Decimal("-9.32"), Decimal("0.33")]
