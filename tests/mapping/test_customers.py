"""Who the customer is: by rows, by VAT id, by the source; and where it matters it must not stay open."""

from __future__ import annotations

from typing import Any

import pytest

from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import AUSTRIAN, cases, draft, keys, line, party, problems, rules, voucher


def sold(supply: str, rate: str, country: str, is_business: bool | None, **facts: Any) -> Voucher:
    customer = party(country, facts.pop("vat_id", None), is_business=is_business)
    return voucher(line(rate=rate, supply=supply), party=customer, **facts)


class TestAServiceToAThirdCountry:
    def test_is_taxed_at_a_business(self) -> None:
        # § 3a Abs. 2 UStG.
        assert cases(sold("service", "0", "CH", True)) == ["third_country_service"]
        assert keys(sold("service", "19", "CH", True)) == ["tax_case_unknown"]

    def test_is_taxed_here_for_a_consumer(self) -> None:
        # § 3a Abs. 1 UStG.
        assert cases(sold("service", "19", "CH", False)) == ["domestic_19"]
        assert cases(sold("service", "7", "US", False)) == ["domestic_7"]
        (problem,) = problems(sold("service", "0", "CH", False))
        assert (problem.key, problem.facts["country"]) == ("consumer_untaxed", "CH")

    @pytest.mark.parametrize("supply", ["catalogue", "electronic"])
    def test_is_taxed_there_for_catalogue_and_electronic_services(self, supply: str) -> None:
        # § 3a Abs. 4 Satz 1 and Abs. 5 UStG.
        assert cases(sold(supply, "0", "CH", False)) == ["third_country_service"]
        assert keys(sold(supply, "19", "CH", False)) == ["tax_case_unknown"]

    @pytest.mark.parametrize("rate", ["0", "19"])
    def test_waits_while_it_is_open_who_the_customer_is(self, rate: str) -> None:
        (problem,) = problems(sold("service", rate, "CH", None))
        assert problem.cause == "customer_kind_missing:party_id=organization/7"


class TestAServiceInTheUnion:
    def test_is_not_taxed_here_for_a_business(self) -> None:
        # § 3a Abs. 2 UStG: the tax is wrong, or who the customer is said to be.
        (problem,) = problems(sold("service", "19", "AT", True))
        assert (problem.key, problem.facts["rate"]) == ("business_taxed_at_home", "19")

    def test_is_taxed_here_for_a_consumer(self) -> None:
        assert cases(sold("service", "19", "AT", False)) == ["eu_taxed_19"]
        assert keys(sold("service", "0", "AT", False)) == ["consumer_untaxed"]

    def test_may_be_taken_for_one_to_a_consumer_where_no_vat_id_was_given(self) -> None:
        # Art. 18 Abs. 2 of Implementing Regulation 282/2011.
        assert cases(sold("service", "19", "AT", None)) == ["eu_taxed_19"]

    def test_to_somebody_with_a_vat_id_is_one_to_a_business_whatever_the_source_says(self) -> None:
        assert cases(sold("service", "0", "AT", False, vat_id=AUSTRIAN)) == ["eu_service_vat_id"]


class TestTheOneStopShop:
    @pytest.mark.parametrize("supply", ["goods", "service", "electronic"])
    @pytest.mark.parametrize("rate", ["19", "7"])
    def test_never_books_german_tax_for_a_consumer_in_another_member_state(
        self, supply: str, rate: str
    ) -> None:
        (problem,) = problems(sold(supply, rate, "FR", False), rules(oss=True))
        assert (problem.key, problem.facts["rates"]) == ("oss_rate_differs", "20, 10, 5.5, 2.1")

    def test_leaves_german_tax_to_businesses_that_buy_goods(self) -> None:
        assert cases(sold("goods", "19", "AT", True), rules(oss=True)) == ["eu_taxed_19"]

    def test_waits_while_it_is_open_who_buys_goods(self) -> None:
        assert keys(sold("goods", "19", "AT", None), rules(oss=True)) == ["customer_kind_missing"]

    def test_leaves_a_service_taxed_here_to_a_row(self) -> None:
        row = {
            "rate": 19,
            "region": "eu",
            "customer": "consumer",
            "supply": "service",
            "case": "eu_taxed_19",
        }
        by = rules(oss=True, tax_case=[row])
        assert cases(sold("service", "19", "AT", False), by) == ["eu_taxed_19"]
        assert keys(sold("goods", "19", "AT", False), by) == ["oss_rate_differs"]


class TestAtHome:
    @pytest.mark.parametrize("is_business", [True, False, None])
    @pytest.mark.parametrize("supply", ["goods", "service"])
    def test_nobody_is_asked(self, supply: str, is_business: bool | None) -> None:
        sale = sold(supply, "19", "DE", is_business)
        assert cases(sale, rules(oss=True)) == ["domestic_19"]
        assert [one for one in draft(sale).because if one.field == "customer"] == []


class TestRowsThatSayIt:
    def test_go_before_the_source(self) -> None:
        by = rules(customer=[{"party_id": "organization/7", "customer": "consumer"}])
        assert cases(sold("service", "19", "CH", True), by) == ["domestic_19"]

    def test_know_a_customer_by_pipeline_or_attributes(self) -> None:
        table = [
            {"pipeline": "Shop", "customer": "consumer"},
            {"attributes": {"segment": "B2B"}, "customer": "business"},
        ]
        shop = sold("service", "19", "CH", None, attributes={"pipeline": "Shop"})
        trade = sold("service", "0", "CH", None, attributes={"segment": "B2B"})
        assert cases(shop, rules(customer=table)) == ["domestic_19"]
        assert cases(trade, rules(customer=table)) == ["third_country_service"]
        assert keys(sold("service", "0", "CH", None), rules(customer=table)) == ["customer_kind_missing"]

    def test_may_hold_for_everybody(self) -> None:
        by = rules(customer=[{"customer": "business"}])
        assert cases(sold("service", "0", "CH", None), by) == ["third_country_service"]

    def test_are_part_of_the_explanation(self) -> None:
        made = draft(sold("service", "0", "CH", None), rules(customer=[{"customer": "business"}]))
        (why,) = (one for one in made.because if one.field == "customer")
        assert (why.value, why.rule, why.facts["table"]) == ("business", "row", "mapping.customer")


@pytest.mark.parametrize(
    ("country", "written", "rule"),
    [
        ("AT", AUSTRIAN, "customer_by_vat_id"),
        ("CH", "CHE-107.787.577 MWST", "customer_by_vat_id"),
        ("CH", "keine", "customer_of_source"),
    ],
)
def test_a_vat_id_or_tax_number_makes_a_business(country: str, written: str, rule: str) -> None:
    made = draft(sold("service", "0", country, True, vat_id=written))
    (why,) = (one for one in made.because if one.field == "customer")
    assert (why.value, why.rule) == ("business", rule)


class TestRowsOfTaxCases:
    def test_may_name_the_customer(self) -> None:
        row = {"rate": 0, "region": "third", "customer": "consumer", "case": "third_country_service"}
        by = rules(tax_case=[row])
        assert cases(sold("service", "0", "CH", False), by) == ["third_country_service"]

    def test_wait_while_it_is_open_who_the_customer_is(self) -> None:
        row = {"rate": 19, "region": "third", "customer": "consumer", "case": "domestic_19"}
        assert keys(sold("goods", "19", "CH", None), rules(tax_case=[row])) == ["customer_kind_missing"]
