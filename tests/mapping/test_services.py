"""Services that are bound to a place are taxed there (§ 3a Abs. 3, § 3b UStG), not at the recipient."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.seeds import seeds_by_rules
from mlconnector.model.vouchers import Place, Voucher
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

AT, CH, DE = (Place(country=code) for code in ("AT", "CH", "DE"))


def work(rate: str, country: str, site: Place | None, vat_id: str | None = None, **facts: Any) -> Voucher:
    customer = party(country, vat_id, **facts)
    return voucher(line(rate=rate, supply="on_site"), party=customer, ship_to=site)


def work_bought(rate: str, country: str, site: Place | None, vat_id: str | None = None) -> Voucher:
    return purchase(line(rate=rate, supply="on_site"), country=country, vat_id=vat_id, ship_to=site)


class TestWorkSold:
    def test_at_home_is_taxed_here_whoever_the_customer_is(self) -> None:
        assert cases(work("19", "AT", DE, AUSTRIAN)) == ["domestic_19"]
        assert cases(work("19", "CH", DE, is_business=False)) == ["domestic_19"]
        assert keys(work("0", "AT", DE, AUSTRIAN)) == ["place_differs"]

    def test_in_another_member_state_is_not_taxable_here(self) -> None:
        assert cases(work("0", "AT", AT, AUSTRIAN)) == ["work_in_eu"]
        assert cases(work("0", "DE", AT)) == ["work_in_eu"]
        assert booked(work("0", "DE", AT)) == [("8339", "", "100.00")]

    def test_in_another_member_state_is_no_matter_for_the_zm(self) -> None:
        # § 18a Abs. 2 UStG reports services of § 3a Abs. 2 alone; DATEV does so by the VAT id in the row.
        (made,) = draft(work("0", "AT", AT, AUSTRIAN)).lines
        assert made.eu_vat_id == ""
        assert tax_cases()["work_in_eu"].key == "260"

    @pytest.mark.parametrize(
        ("country", "vat_id", "key"),
        [
            ("AT", None, "place_differs"),
            ("DE", None, "place_differs"),
            ("CH", AUSTRIAN, "place_differs"),
            ("AT", AUSTRIAN, "tax_case_unknown"),
        ],
    )
    def test_in_another_member_state_bears_no_german_tax(
        self, country: str, vat_id: str | None, key: str
    ) -> None:
        assert keys(work("19", country, AT, vat_id)) == [key]

    def test_for_a_consumer_there_bears_the_tax_of_that_country(self) -> None:
        consumer = work("20", "AT", AT, is_business=False)
        assert cases(consumer, rules(oss=True)) == ["oss_service"]
        assert keys(work("0", "AT", AT, is_business=False)) == ["tax_case_unknown"]

    def test_waits_while_it_is_open_who_the_customer_is(self) -> None:
        assert keys(work("0", "AT", AT, is_business=None)) == ["customer_kind_missing"]

    def test_in_a_third_country_is_taxable_there(self) -> None:
        assert cases(work("0", "DE", CH)) == ["third_country_service"]
        assert cases(work("0", "AT", CH, AUSTRIAN)) == ["third_country_service"]
        assert keys(work("19", "DE", CH)) == ["place_differs"]

    def test_waits_without_a_place(self) -> None:
        (problem,) = problems(work("19", "DE", None))
        assert problem.key == "site_missing"

    def test_may_take_its_place_from_a_setting(self) -> None:
        assert cases(work("0", "AT", None), rules(places={"on_site": "party"})) == ["work_in_eu"]
        assert cases(work("19", "AT", None), rules(places={"on_site": "home"})) == ["domestic_19"]


class TestWorkBought:
    """Kz 84 (§ 13b Abs. 2), not Kz 46 (§ 13b Abs. 1), which is for services of § 3a Abs. 2 alone."""

    def test_at_home_from_a_business_in_the_union_is_paragraph_13b_abs_2(self) -> None:
        bought = work_bought("0", "AT", DE, AUSTRIAN)
        assert cases(bought, buying(own_rate=19)) == ["foreign_service_received_19"]
        assert cases(bought, buying(own_rate=7)) == ["foreign_service_received_7"]
        assert cases(bought, buying(own_rate=19, input_tax=False)) == [
            "foreign_service_received_19_no_deduction"
        ]

    def test_at_home_without_a_vat_id_too(self) -> None:
        assert cases(work_bought("0", "AT", DE), buying(own_rate=19)) == ["foreign_service_received_19"]

    def test_at_home_from_a_third_country(self) -> None:
        assert cases(work_bought("0", "CH", DE), buying(own_rate=19)) == ["foreign_service_received_19"]

    def test_at_home_from_a_german_business_is_domestic(self) -> None:
        assert cases(work_bought("19", "DE", DE), buying()) == ["input_tax_19"]
        row = {"rate": 0, "region": "domestic", "supply": "on_site", "case": "construction_received_19"}
        assert cases(work_bought("0", "DE", DE), buying(tax_case=[row])) == ["construction_received_19"]

    def test_at_home_asks_for_the_own_rate(self) -> None:
        assert keys(work_bought("0", "AT", DE, AUSTRIAN), buying()) == ["own_rate_unknown"]

    def test_abroad_waits(self) -> None:
        assert keys(work_bought("0", "AT", AT, AUSTRIAN), buying(own_rate=19)) == ["tax_case_unknown"]
        assert keys(work_bought("0", "DE", AT), buying(own_rate=19)) == ["place_differs"]

    def test_under_the_basic_rule_stays_paragraph_13b_abs_1(self) -> None:
        plain = purchase(line(rate="0", supply="service"), country="AT", vat_id=AUSTRIAN, ship_to=DE)
        assert cases(plain, buying(own_rate=19)) == ["eu_service_received_19"]

    def test_abroad_with_the_tax_of_that_country_is_cost_by_a_row(self) -> None:
        row = {"rate": 20, "region": "eu", "supply": "on_site", "case": "foreign_vat_paid"}
        hotel = work_bought("20", "AT", AT, AUSTRIAN)
        assert keys(hotel, buying()) == ["tax_case_unknown"]
        assert booked(hotel, buying(tax_case=[row])) == [("3200", "", "-120.00")]


class TestWhatALineSupplies:
    def test_is_said_by_a_row_before_the_source(self) -> None:
        table = rules(revenue=[{"category": "Montage", "supply": "on_site"}])
        sale = voucher(
            line(rate="0", category="Montage", supply="service"), party=party("AT", AUSTRIAN), ship_to=AT
        )
        assert cases(sale, table) == ["work_in_eu"]

    def test_is_said_by_the_source_before_the_setting(self) -> None:
        sale = voucher(line(rate="0", supply="service"), party=party("CH"))
        assert cases(sale, rules(supply="goods")) == ["third_country_service"]

    @pytest.mark.parametrize("supply", ["electronic", "catalogue"])
    def test_is_a_service_for_rows_that_say_so(self, supply: str) -> None:
        row = {"rate": 0, "region": "third", "supply": "service", "case": "third_country_service"}
        sale = voucher(line(rate="0", supply=supply), party=party("CH", is_business=False))
        assert cases(sale, rules(tax_case=[row])) == ["third_country_service"]

    def test_on_site_is_no_plain_service_for_rows(self) -> None:
        row = {"rate": 0, "region": "eu", "supply": "service", "case": "tax_free"}
        assert cases(work("0", "DE", AT), rules(tax_case=[row])) == ["work_in_eu"]


def test_the_seeds_to_confirm_are_those_that_such_services_may_come_to() -> None:
    table = rules(revenue=[{"category": "Montage", "supply": "on_site"}])
    reached = {one.key for one in seeds_by_rules(table, date(2026, 1, 1)) if one.kind == "tax_case"}
    assert {"work_in_eu", "third_country_service"} <= reached
    assert "export_goods" not in reached
