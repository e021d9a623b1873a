"""VAT rates of the member states by day: what the table says, and newer ones that a file brings."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from mlconnector.mapping.eu_rates import merged, rates_of, read_rates, seeded_rates

HEADER = "country,rates,from,until,source,checked\n"


@pytest.mark.parametrize(
    ("country", "first", "rate"),
    [
        ("AT", date(2026, 7, 1), "4.9"),
        ("CY", date(2023, 7, 21), "3"),
        ("MT", date(2024, 1, 1), "12"),
        ("EE", date(2024, 1, 1), "22"),
        ("EE", date(2025, 1, 1), "13"),
        ("EE", date(2025, 7, 1), "24"),
        ("FI", date(2024, 9, 1), "25.5"),
        ("FI", date(2026, 1, 1), "13.5"),
        ("LT", date(2026, 1, 1), "12"),
        ("RO", date(2025, 8, 1), "11"),
        ("SK", date(2025, 1, 1), "19"),
        ("ES", date(2024, 10, 1), "7.5"),
    ],
)
def test_a_new_rate_holds_from_its_day_and_not_the_day_before(country: str, first: date, rate: str) -> None:
    assert Decimal(rate) in rates_of(country, first)
    assert Decimal(rate) not in rates_of(country, first - timedelta(days=1))


@pytest.mark.parametrize(
    ("country", "last", "rate"),
    [
        ("LT", date(2025, 12, 31), "9"),
        ("FI", date(2025, 12, 31), "14"),
        ("EE", date(2024, 12, 31), "5"),
        ("RO", date(2025, 7, 31), "9"),
        ("ES", date(2024, 12, 31), "2"),
        ("AT", date(2021, 12, 31), "5"),
    ],
)
def test_an_old_rate_holds_to_its_last_day_and_not_the_day_after(country: str, last: date, rate: str) -> None:
    assert Decimal(rate) in rates_of(country, last)
    assert Decimal(rate) not in rates_of(country, last + timedelta(days=1))


def test_every_row_says_where_it_stands() -> None:
    assert [one for one in seeded_rates() if not one.source] == []


def test_every_state_has_rates_that_hold_and_the_day_until_which_that_was_checked() -> None:
    open_ended = [one for one in seeded_rates() if one.last is None]
    assert len({one.country for one in open_ended}) == len(open_ended) == 26
    assert [one.country for one in open_ended if one.checked is None] == []


def test_no_day_is_left_out_between_two_rows_of_a_state() -> None:
    for one, after in zip(seeded_rates(), seeded_rates()[1:], strict=False):
        if one.country == after.country:
            assert one.last is not None
            assert after.first == one.last + timedelta(days=1), one


class TestNewerRates:
    NEWER = read_rates(HEADER + "AT,21 13 10,2027-01-01,,BGBl.,2027-01-31\n")

    def test_count_from_their_first_day(self) -> None:
        assert rates_of("AT", date(2026, 12, 31), self.NEWER)[0] == 20
        assert rates_of("AT", date(2027, 1, 1), self.NEWER)[0] == 21
        assert rates_of("AT", date(2027, 1, 1))[0] == 20

    def test_are_those_of_their_country_alone(self) -> None:
        assert rates_of("FR", date(2027, 1, 1), self.NEWER) == rates_of("FR", date(2027, 1, 1))

    def test_of_france_are_those_of_monaco(self) -> None:
        newer = read_rates(HEADER + "FR,21,2027-01-01,,,\n")
        assert rates_of("MC", date(2027, 1, 1), newer) == (Decimal(21),)

    def test_take_the_place_of_what_was_known_for_the_same_days(self) -> None:
        corrected = read_rates(HEADER + "AT,20 13 10,2026-07-01,2026-09-30,,\nAT,20 13 10 5,2026-10-01,,,\n")
        assert Decimal("4.9") not in rates_of("AT", date(2026, 8, 1), corrected)
        assert rates_of("AT", date(2026, 10, 1), corrected)[-1] == 5
        assert rates_of("AT", date(2026, 6, 30), corrected) == rates_of("AT", date(2026, 6, 30))

    def test_may_be_of_a_new_member_state(self) -> None:
        newer = read_rates(HEADER + "ME,21 15 7,2028-01-01,,,\n")
        assert rates_of("ME", date(2028, 1, 1), newer)[0] == 21

    def test_stand_among_the_known_ones(self) -> None:
        together = merged(seeded_rates(), self.NEWER)
        assert len(together) == len(seeded_rates()) + 1
        assert [(one.first, one.last) for one in together if one.country == "AT"][-2:] == [
            (date(2026, 7, 1), date(2026, 12, 31)),
            (date(2027, 1, 1), None),
        ]


class TestATableOfRates:
    def test_may_come_from_a_german_spreadsheet(self) -> None:
        (one,) = read_rates("\ufeffcountry;rates;from;until\r\nFI;25,5 13,5 10;2026-01-01;\r\n")
        assert one.rates == (Decimal("25.5"), Decimal("13.5"), Decimal(10))

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("el,24,2026-01-01,,,", "line 2: 'el' is no country code"),
            ("EL,24,2026-01-01,,,", "the country code is GR"),
            ("AT,,2026-01-01,,,", "rates must be named"),
            ("AT,10 20,2026-01-01,,,", "from the standard rate down"),
            ("AT,20 20,2026-01-01,,,", "named once each"),
            ("AT,zwanzig,2026-01-01,,,", "'zwanzig' is no rate"),
            ("AT,0.2,2026-01-01,2025-01-01,,", "lies before"),
            ("AT,120,2026-01-01,,,", "'120' is no rate"),
            ("AT,20,01.01.2026,,,", "from '01.01.2026' is no day"),
            ("AT,20,2026-01-01,,,bald", "checked 'bald' is no day"),
            ("AT,20,2026-01-01,,,\nAT,21,2026-06-01,,,", "line 3: AT has other rates from 2026-01-01 to now"),
        ],
    )
    def test_that_is_wrong_is_refused_with_its_line(self, row: str, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            read_rates(f"{HEADER}{row}\n")

    @pytest.mark.parametrize("text", ["", "land,satz\nAT,20\n"])
    def test_without_its_columns_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="line 1: the column country is missing"):
            read_rates(text)
