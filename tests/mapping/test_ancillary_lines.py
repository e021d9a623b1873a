"""Freight and the like have the tax of what they belong to (UStAE Abschn. 3.10 Abs. 5), or wait."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.model.ancillary import with_rates_of
from mlconnector.model.vouchers import Line, Place
from tests.mapping.builders import (
    AUSTRIAN,
    booked,
    buying,
    cases,
    draft,
    keys,
    line,
    party,
    problems,
    purchase,
    rules,
    voucher,
)


def freight(amount: str, rate: str, **facts: Any) -> Line:
    return line(amount, rate, **{"text": "Fracht", "ancillary": True, **facts})


def test_freight_is_booked_with_the_goods() -> None:
    book = line("100", "7", category="Buch")
    assert booked(voucher(book, freight("4.99", "7"))) == [("8300", "", "112.34")]


def test_freight_is_split_over_both_rates_of_the_goods() -> None:
    lines = (line("300", "19"), line("100", "7"))
    parts = with_rates_of(freight("10", "0"), lines, "EUR")
    # 307.50 × 1.19 = 365.93 (365.925), 102.50 × 1.07 = 109.68 (109.675).
    assert booked(voucher(*lines, *parts)) == [("8400", "", "365.93"), ("8300", "", "109.68")]


@pytest.mark.parametrize("mark", [{"ancillary": True}, {"attributes": {"freight": "yes"}}])
def test_freight_at_another_rate_waits_and_both_rates_are_named(mark: dict[str, Any]) -> None:
    charged = line("4.99", "19", "inclusive", text="Fracht", **mark)
    (problem,) = problems(voucher(line("100", "7"), charged))
    assert problem.cause == "ancillary_rate_differs:rate=19,rates=7"
    (problem,) = problems(voucher(line("100", "19"), line("100", "7"), freight("5", "0")))
    assert (problem.key, problem.facts["rates"]) == ("ancillary_rate_differs", "19, 7")


WORK = line("100", "0", category="Bau")
ROW = {"rate": 0, "region": "domestic", "category": "Bau", "case": "reverse_charge_supplied"}


def test_freight_at_the_one_rate_of_a_setting_waits_beside_several_rates() -> None:
    lines = (line("100", "19"), line("100", "7"))
    fixed = line("10", "19", text="Fracht", attributes={"freight": "yes"})
    (problem,) = problems(voucher(*lines, fixed))
    assert problem.cause == "ancillary_rate_differs:rate=19,rates=19, 7"
    assert cases(voucher(*lines, freight("10", "19"))) == ["domestic_19", "domestic_7"]


class TestFreightBesideReverseCharge:
    def test_is_reverse_charge_too(self) -> None:
        sale = voucher(WORK, freight("50", "0", category="Fracht"))
        assert cases(sale, rules(tax_case=[ROW])) == ["reverse_charge_supplied"]

    def test_waits_with_tax_of_its_own(self) -> None:
        sale = voucher(WORK, freight("50", "19", category="Fracht"))
        assert keys(sale, rules(tax_case=[ROW])) == ["ancillary_rate_differs"]


def test_freight_to_another_country_follows_the_goods() -> None:
    abroad = {"party": party("AT", AUSTRIAN), "ship_to": Place(country="AT")}
    assert cases(voucher(line("100", "0", supply="goods"), freight("50", "0"), **abroad)) == [
        "eu_goods_vat_id"
    ]
    row = {"category": "Fracht", "supply": "service"}
    table = rules(revenue=[row], supply="goods")
    sale = voucher(line("100", "0"), freight("50", "0", category="Fracht"), **abroad)
    assert cases(sale, table) == ["eu_goods_vat_id"]


def test_freight_on_a_purchase_follows_the_goods() -> None:
    bought = purchase(line("100", "0", supply="goods"), freight("50", "0"), country="CH")
    assert cases(bought, buying(own_rate=19)) == ["import_goods"]


def test_freight_may_have_an_account_of_its_own() -> None:
    table = rules(revenue=[{"category": "Fracht", "account": "8404"}])
    sale = voucher(line("100", "19"), freight("10", "19", category="Fracht"))
    assert booked(sale, table) == [("8400", "", "119.00"), ("8404", "", "11.90")]


def test_freight_of_lines_with_several_tax_cases_waits() -> None:
    sale = voucher(
        line("100", "0", supply="goods"),
        line("100", "0", supply="service"),
        freight("10", "0"),
        party=party("CH"),
    )
    (problem,) = problems(sale)
    assert problem.cause == "ancillary_case_unclear:cases=export_goods, third_country_service"


def test_what_holds_the_goods_holds_their_freight_and_is_said_once() -> None:
    assert keys(voucher(line("100", "0"), freight("10", "0"))) == ["tax_case_unknown"]


def test_freight_alone_is_a_supply_of_its_own() -> None:
    assert cases(voucher(freight("10", "19"))) == ["domestic_19"]


def test_the_explanation_names_the_main_line() -> None:
    own_account = rules(revenue=[{"category": "Fracht", "account": "8404"}])
    made = draft(voucher(line("100", "19"), freight("10", "19", category="Fracht")), own_account)
    reasons = {(one.line, one.field): one for one in made.because}
    assert reasons[2, "tax_case"].rule == "case_of_main_line"
    assert reasons[2, "tax_case"].facts == {"line": "Position", "rate": "19"}
