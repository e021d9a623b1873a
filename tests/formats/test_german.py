from datetime import date
from decimal import Decimal

import pytest

from mlconnector.formats.german import day, money, number


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("1234567.5", "EUR", "1.234.567,50"),
        ("-0.005", "EUR", "-0,01"),
        ("999", "EUR", "999,00"),
        ("1234.5", "JPY", "1.235"),
        ("1.2345", "KWD", "1,235"),
    ],
)
def test_amounts_have_a_comma_and_the_places_of_their_currency(
    amount: str, currency: str, written: str
) -> None:
    assert money(Decimal(amount), currency) == written


@pytest.mark.parametrize(
    ("value", "written"), [("1000", "1.000"), ("2.5", "2,5"), ("0.125", "0,125"), ("19", "19")]
)
def test_numbers_have_as_many_decimals_as_they_have(value: str, written: str) -> None:
    assert number(Decimal(value)) == written


def test_dates_begin_with_the_day() -> None:
    assert day(date(2026, 7, 3)) == "03.07.2026"
