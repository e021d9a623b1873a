"""Plausible exchange rates: the ranges of the ECB's reference rates, and newer ones that a file brings.

Rates of single days: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, Held
from mlconnector.mapping.reference_rates import known_until, plausible, read_ranges, seeded_ranges
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import cleared, keys, line, party, payment, rules, voucher

HEADER = "currency,from,until,low,high\n"
TEN = Decimal(10)
JULY = date(2026, 7, 15)


def fits(currency: str, day: date, rate: str) -> bool:
    compared = plausible(currency, day, TEN)
    assert compared is not None
    return compared.fits(Decimal(rate))


@pytest.mark.parametrize(
    ("currency", "day", "rate"),
    [
        ("USD", date(2022, 9, 28), "0.9565"),
        ("USD", date(2024, 9, 30), "1.1196"),
        ("GBP", date(2020, 3, 19), "0.92985"),
        ("CHF", date(2021, 3, 4), "1.1114"),
        ("JPY", date(2024, 7, 11), "175.39"),
        ("SEK", date(2023, 9, 22), "11.8475"),
        ("PLN", date(2022, 3, 7), "4.9525"),
        ("DKK", date(2019, 6, 3), "7.4680"),
    ],
)
def test_what_the_ecb_published_on_a_day_lies_in_the_range_of_that_day(
    currency: str, day: date, rate: str
) -> None:
    compared = plausible(currency, day, Decimal(0))
    assert compared is not None
    assert compared.fits(Decimal(rate))


@pytest.mark.parametrize(
    ("currency", "rate", "expected"),
    [
        ("USD", "1.0868", True),
        ("USD", "0.9201", False),
        ("GBP", "0.86", True),
        ("GBP", "1.1628", False),
        ("CHF", "0.93", True),
        ("CHF", "1.0753", False),
        ("JPY", "180", True),
        ("JPY", "0.0056", False),
        ("JPY", "1.80", False),
        ("DKK", "7.47", True),
        ("DKK", "0.1339", False),
        ("DKK", "746", False),
    ],
)
def test_the_other_direction_and_a_rate_for_a_hundred_units_are_far_off(
    currency: str, rate: str, expected: bool
) -> None:
    assert fits(currency, JULY, rate) is expected


def test_a_rate_from_another_time_is_far_off() -> None:
    assert fits("CHF", date(2020, 7, 15), "1.07")
    assert not fits("CHF", JULY, "1.07")
    assert not fits("TRY", JULY, "30")


def test_the_limit_counts_from_the_lowest_and_the_highest_rate() -> None:
    newer = read_ranges(HEADER + "USD,2026-07-01,2026-07-31,1.00,2.00\n")
    compared = plausible("USD", JULY, TEN, newer)
    assert compared is not None
    found = {rate: compared.fits(Decimal(rate)) for rate in ("0.8999", "0.90", "2.20", "2.2001")}
    assert found == {"0.8999": False, "0.90": True, "2.20": True, "2.2001": False}


def test_a_currency_without_reference_rates_is_not_compared() -> None:
    assert plausible("AED", JULY, TEN) is None
    assert plausible("RUB", date(2022, 2, 1), TEN) is not None
    assert plausible("RUB", JULY, TEN) is None, "the ECB has published none since 2022-03-02"
    assert plausible("USD", date(2015, 12, 31), TEN) is None, "before the table begins"


def test_behind_its_last_day_the_limit_grows_with_the_years() -> None:
    end = known_until()
    limits = []
    for years in (0, 1, 2):
        compared = plausible("USD", end + timedelta(days=365 * years), TEN)
        assert compared is not None
        limits.append(compared.limit)
    assert limits == [10, 20, 30]


def test_every_row_is_in_order_and_none_overlaps_another() -> None:
    for one, after in zip(seeded_ranges(), seeded_ranges()[1:], strict=False):
        assert one.low <= one.high
        assert one.currency != after.currency or one.last < after.first, one


class TestNewerRates:
    NEWER = read_ranges(HEADER + "USD,2026-11-01,2026-11-30,1.30,1.35\nAED,2026-11-01,2026-11-30,4.7,4.9\n")

    def test_go_before_what_is_known_and_reach_further(self) -> None:
        for day in (date(2026, 11, 15), date(2026, 12, 1)):
            compared = plausible("USD", day, TEN, self.NEWER)
            assert compared is not None
            assert compared.known == self.NEWER[1]
        before = plausible("USD", JULY, TEN, self.NEWER)
        assert before == plausible("USD", JULY, TEN)

    def test_may_be_of_a_currency_that_has_none(self) -> None:
        compared = plausible("AED", date(2026, 11, 15), TEN, self.NEWER)
        assert compared is not None
        assert not compared.fits(Decimal("0.21"))


class TestATableOfRanges:
    def test_may_come_from_a_german_spreadsheet(self) -> None:
        (one,) = read_ranges("\ufeffcurrency;from;until;low;high\r\nUSD;2026-11-01;2026-11-30;1,11;1,13\r\n")
        assert (one.low, one.high) == (Decimal("1.11"), Decimal("1.13"))

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("usd,2026-11-01,2026-11-30,1,2", "line 2: 'usd' is no currency"),
            ("EURO,2026-11-01,2026-11-30,1,2", "'EURO' is no currency"),
            ("USD,01.11.2026,2026-11-30,1,2", "from '01.11.2026' is no day"),
            ("USD,2026-11-01,,1,2", "until '' is no day"),
            ("USD,2026-11-30,2026-11-01,1,2", "lies before"),
            ("USD,2026-11-01,2026-11-30,2,1", "high 1 is less than low 2"),
            ("USD,2026-11-01,2026-11-30,0,1", "low '0' is no rate"),
            ("USD,2026-11-01,2026-11-30,1,viel", "high 'viel' is no rate"),
            ("USD,2026-11-01,2026-11-30,NaN,2", "low 'NaN' is no rate"),
        ],
    )
    def test_that_is_wrong_is_refused_with_its_line(self, row: str, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            read_ranges(f"{HEADER}{row}\n")

    @pytest.mark.parametrize("text", ["", "währung,kurs\nUSD,1\n"])
    def test_without_its_columns_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="line 1: the column currency is missing"):
            read_ranges(text)


class TestAVoucher:
    def sale(self, rate: str | None) -> Voucher:
        made = {"party": party("US"), "currency": "USD", "document_date": JULY}
        return voucher(line(rate="0"), exchange_rate=None if rate is None else Decimal(rate), **made)

    def held(self, rate: str | None, **mapping: Any) -> list[Problem]:
        decision = decide(self.sale(rate), rules(supply="goods", **mapping))
        return list(decision.problems) if isinstance(decision, Held) else []

    def test_with_a_rate_near_the_reference_rates_is_booked_at_its_own_rate(self) -> None:
        assert self.held("1.0868") == []

    def test_with_the_other_direction_waits_and_says_that_this_would_fit(self) -> None:
        (problem,) = self.held("0.9201")
        assert problem.key == "exchange_rate_implausible"
        assert problem.facts["other"] == "1.0868"
        assert {problem.facts[name] for name in ("low", "high")} == {"1.1367", "1.1485"}

    def test_with_any_other_odd_rate_waits_too(self) -> None:
        (problem,) = self.held("3.2")
        assert (problem.key, problem.facts["other"]) == ("exchange_rate_implausible", "")

    def test_with_a_rate_of_the_table_by_month_is_compared_alike(self) -> None:
        assert self.held(None, exchange_rates={"USD 2026-07": "1.14"}) == []
        (problem,) = self.held(None, exchange_rates={"USD 2026-07": "0.8772"})
        assert (problem.key, problem.facts["rate"]) == ("exchange_rate_implausible", "0.8772")

    def test_may_lie_further_off_where_the_rules_allow_it(self) -> None:
        assert self.held("0.9201", exchange_rate_limit=25) == []

    def test_is_compared_with_newer_rates_where_there_are_any(self) -> None:
        newer = read_ranges(HEADER + "USD,2026-07-01,2026-07-31,0.91,0.93\n")
        own = rules(supply="goods").model_copy(update={"reference_rates": newer})
        assert isinstance(decide(self.sale("0.9201"), own), Draft)

    def test_a_payment_is_compared_alike(self) -> None:
        paid = payment(cleared(), currency="USD", exchange_rate=Decimal("0.9201"), document_date=JULY)
        assert keys(paid, rules(payments={"default": "1200"})) == [
            "exchange_rate_implausible",
            "cleared_document_unknown",
        ]
