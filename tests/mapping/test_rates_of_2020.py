"""16 and 5 per cent of late 2020: the day of supply decides, and the usual keys meant these rates then."""

from __future__ import annotations

from datetime import date

import pytest

from mlconnector.mapping.charts import tax_cases
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import (
    AUSTRIAN,
    booked,
    buying,
    cases,
    keys,
    line,
    party,
    problems,
    purchase,
    rules,
    voucher,
)

WITHIN, BEFORE, AFTER = date(2020, 9, 15), date(2020, 6, 30), date(2021, 2, 10)


def sold(rate: str, day: date, supplied: date | None, country: str = "DE") -> Voucher:
    return voucher(line(rate=rate), document_date=day, service_date=supplied, party=party(country))


def bought(rate: str, day: date, supplied: date | None) -> Voucher:
    return purchase(line(rate=rate), document_date=day, service_date=supplied)


@pytest.mark.parametrize(
    ("rate", "case", "then", "later"),
    [("16", "domestic_16", "3", "5"), ("5", "domestic_5", "2", "4")],
)
def test_sales_have_the_key_of_their_document_date(rate: str, case: str, then: str, later: str) -> None:
    assert cases(sold(rate, WITHIN, WITHIN)) == [case]
    assert [key for _, key, _ in booked(sold(rate, WITHIN, WITHIN))] == [then]
    assert [key for _, key, _ in booked(sold(rate, date(2020, 12, 31), WITHIN))] == [then]
    assert [key for _, key, _ in booked(sold(rate, date(2021, 1, 1), WITHIN))] == [later]


@pytest.mark.parametrize(
    ("rate", "case", "then", "later"),
    [("16", "eu_taxed_16", "13", "15"), ("5", "eu_taxed_5", "12", "14")],
)
def test_sales_to_the_eu_too(rate: str, case: str, then: str, later: str) -> None:
    by = rules(supply="goods")
    assert cases(sold(rate, WITHIN, WITHIN, "AT"), by) == [case]
    assert [key for _, key, _ in booked(sold(rate, WITHIN, WITHIN, "AT"), by)] == [then]
    assert [key for _, key, _ in booked(sold(rate, AFTER, WITHIN, "AT"), by)] == [later]


@pytest.mark.parametrize(
    ("rate", "case", "then", "later"),
    [("16", "input_tax_16", "9", "7"), ("5", "input_tax_5", "8", "6")],
)
def test_purchases_too(rate: str, case: str, then: str, later: str) -> None:
    assert cases(bought(rate, AFTER, WITHIN), buying()) == [case]
    assert [key for _, key, _ in booked(bought(rate, WITHIN, WITHIN), buying())] == [then]
    assert [key for _, key, _ in booked(bought(rate, AFTER, WITHIN), buying())] == [later]


def test_accounts_are_those_without_a_tax_function_since_automatic_ones_work_out_todays_rate() -> None:
    assert [account for account, _, _ in booked(sold("16", AFTER, WITHIN))] == ["8200"]
    assert [account for account, _, _ in booked(bought("16", AFTER, WITHIN), buying())] == ["3200"]


def test_keys_follow_the_document_date_beside_accounts_that_a_row_names_too() -> None:
    by = rules(revenue=[{"account": "8700"}])
    assert booked(sold("16", WITHIN, WITHIN), by) == [("8700", "3", "116.00")]
    assert booked(sold("16", AFTER, WITHIN), by) == [("8700", "5", "116.00")]


@pytest.mark.parametrize("day", [WITHIN, AFTER])
def test_the_day_of_supply_has_to_be_stated(day: date) -> None:
    (problem,) = problems(sold("16", day, None))
    assert (problem.key, problem.facts["rate"]) == ("service_date_missing", "16")
    assert keys(bought("5", day, None), buying()) == ["service_date_missing"]


@pytest.mark.parametrize(
    ("rate", "supplied"),
    [("16", BEFORE), ("16", AFTER), ("5", date(2021, 1, 1)), ("19", WITHIN), ("7", date(2020, 7, 1))],
)
def test_a_rate_on_a_day_on_which_it_did_not_hold_waits(rate: str, supplied: date) -> None:
    (problem,) = problems(sold(rate, AFTER, supplied))
    assert problem.cause == f"rate_not_valid:direction=sale,rate={rate},region=domestic"
    assert problem.facts["day"] == supplied.isoformat()


@pytest.mark.parametrize("rate", ["19", "7"])
def test_the_usual_rates_hold_before_and_after_by_the_document_where_no_day_is_stated(rate: str) -> None:
    assert cases(sold(rate, BEFORE, None)) == [f"domestic_{rate}"]
    assert cases(sold(rate, AFTER, None)) == [f"domestic_{rate}"]
    assert keys(sold(rate, WITHIN, None)) == ["rate_not_valid"]


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
@pytest.mark.parametrize("rate", ["19", "7"])
def test_the_usual_rate_on_a_document_of_those_months_waits_since_its_key_meant_another(
    chart: str, rate: str
) -> None:
    first, last = date(2020, 7, 1), date(2020, 12, 31)
    for day in (first, last):
        for supplied in (BEFORE, date(2021, 1, 1)):
            by = buying({"chart": chart})
            (problem,) = problems(sold(rate, day, supplied), by)
            assert problem.cause == "key_meant_another_rate:number=RE-1"
            assert problem.facts["meant"] == ("domestic_16" if rate == "19" else "domestic_5")
            assert keys(bought(rate, day, supplied), by) == ["key_meant_another_rate"]
    assert cases(sold(rate, date(2020, 6, 30), BEFORE)) == [f"domestic_{rate}"]
    assert cases(sold(rate, date(2021, 1, 1), BEFORE)) == [f"domestic_{rate}"]


def test_what_the_client_owes_itself_waits_too() -> None:
    by = buying(supply="goods", own_rate=19)
    given = purchase(line(rate="0"), country="AT", vat_id=AUSTRIAN, document_date=WITHIN, service_date=WITHIN)
    assert keys(given, by) == ["rate_not_valid"]
    late = purchase(line(rate="0"), country="AT", vat_id=AUSTRIAN, document_date=WITHIN, service_date=BEFORE)
    (problem,) = problems(late, by)
    assert (problem.key, problem.facts["rate"], problem.facts["meant"]) == (
        "key_meant_another_rate",
        "19",
        "input_tax_16",
    )


def test_the_first_and_the_last_day_count() -> None:
    for day in (date(2020, 7, 1), date(2020, 12, 31)):
        assert cases(sold("16", AFTER, day)) == ["domestic_16"]
    assert cases(sold("19", AFTER, date(2021, 1, 1))) == ["domestic_19"]


# the day, and the rates of § 12 UStG that hold on it (§ 28 UStG as of 1 July 2020)
BORDERS = [
    (date(2020, 6, 30), {19, 7}),
    (date(2020, 7, 1), {16, 5}),
    (date(2020, 12, 31), {16, 5}),
    (date(2021, 1, 1), {19, 7}),
]


@pytest.mark.parametrize(("day", "held"), BORDERS, ids=lambda each: str(each))
def test_on_both_sides_of_a_border_every_case_holds_its_rate_or_does_not(day: date, held: set[int]) -> None:
    bound = [case for case in tax_cases().values() if case.rate in {19, 7, 16, 5} and case.valid]
    assert {(case.direction, case.rate) for case in bound} >= {
        (direction, rate) for direction in ("sale", "purchase") for rate in (19, 7, 16, 5)
    }
    assert [case.name for case in bound if case.holds_on(day) != (case.rate in held)] == []


@pytest.mark.parametrize(("day", "held"), BORDERS, ids=lambda each: str(each))
def test_on_both_sides_of_a_border_a_sale_is_booked_or_waits(day: date, held: set[int]) -> None:
    for rate in ("19", "16", "7", "5"):
        if int(rate) in held:
            assert cases(sold(rate, AFTER, day)) == [f"domestic_{rate}"]
            assert cases(bought(rate, AFTER, day), buying()) == [f"input_tax_{rate}"]
        else:
            assert keys(sold(rate, AFTER, day)) == ["rate_not_valid"], rate
            assert keys(bought(rate, AFTER, day), buying()) == ["rate_not_valid"], rate


def test_a_key_changes_its_meaning_with_the_document_of_the_first_of_january() -> None:
    changing = [case for case in tax_cases().values() if case.key_until is not None]
    assert {case.rate for case in changing} == {16, 5}
    for case in changing:
        full = {16: 19, 5: 7}[int(case.rate or 0)]
        (usual,) = [
            one
            for one in tax_cases().values()
            if one.rate == full
            and (one.direction, one.region, one.vat_id, one.supply, one.deduction)
            == (case.direction, case.region, case.vat_id, case.supply, case.deduction)
            and one.key
        ]
        assert case.key_on(date(2020, 12, 31)) == usual.key_on(date(2020, 12, 31)), case.name
        assert case.key_on(date(2021, 1, 1)) != usual.key_on(date(2021, 1, 1)), case.name


def test_a_row_may_choose_the_case_but_not_do_without_the_day() -> None:
    row = {"rate": 16, "region": "domestic", "case": "domestic_16"}
    assert keys(sold("16", AFTER, None), rules(tax_case=[row])) == ["service_date_missing"]
    assert cases(sold("16", AFTER, WITHIN), rules(tax_case=[row])) == ["domestic_16"]
