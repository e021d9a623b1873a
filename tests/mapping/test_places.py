"""Where goods leave from and go to decides their tax; the customer's own address alone does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlconnector.model.vouchers import Party, Place, Voucher
from tests.mapping.builders import (
    AUSTRIAN,
    BRITISH_NORTH,
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

AT, CH, DE, FR, NL = (Place(country=code) for code in ("AT", "CH", "DE", "FR", "NL"))


def goods(rate: str, to: Party, ship_to: Place | None = None, **facts: Any) -> Voucher:
    return voucher(line(rate=rate, supply="goods"), party=to, ship_to=ship_to, **facts)


@pytest.mark.parametrize(
    ("sale", "case"),
    [
        # § 3c UStG and § 6a UStG ask where the goods end, not where the buyer is.
        (goods("19", party("DE"), AT), "eu_taxed_19"),
        (goods("0", party("DE", AUSTRIAN), AT), "eu_goods_vat_id"),
        (goods("0", party("CH", AUSTRIAN), AT), "eu_goods_vat_id"),
        (goods("0", party("AT", AUSTRIAN), FR), "eu_goods_vat_id"),
        # § 6 Abs. 1 Nr. 1 UStG: carried by the client, whoever the buyer is.
        (goods("0", party("DE"), CH), "export_goods"),
        (goods("0", party("AT", AUSTRIAN), CH), "export_goods"),
        # § 3 Abs. 6 UStG: what stays in Germany is taxed there.
        (goods("19", party("AT", AUSTRIAN), DE), "domestic_19"),
        (goods("19", party("CH"), DE), "domestic_19"),
        (goods("7", party("US"), DE), "domestic_7"),
        # Territories of their own law are told by the postal code of the place of delivery.
        (goods("0", party("ES"), Place(country="ES", postal_code="35001")), "export_goods"),
        (goods("0", party("DE"), Place(country="DE", postal_code="27498")), "export_goods"),
        (goods("0", party("GB", BRITISH_NORTH), Place(country="GB")), "eu_goods_vat_id"),
        (
            goods("0", party("GB", BRITISH_NORTH), Place(country="GB", postal_code="SW1A 1AA")),
            "export_goods",
        ),
    ],
)
def test_goods_are_taxed_by_where_they_go(sale: Voucher, case: str) -> None:
    assert cases(sale) == [case]


@pytest.mark.parametrize(
    "sale",
    [
        goods("0", party("AT", AUSTRIAN), DE),
        goods("0", party("CH"), DE),
        goods("0", party("DE"), AT),
        goods("19", party("DE"), CH),
        goods("19", party("DE", AUSTRIAN), AT),
    ],
)
def test_a_tax_that_does_not_go_with_the_place_waits_and_both_are_named(sale: Voucher) -> None:
    (problem,) = problems(sale)
    assert problem.key == "place_differs"
    assert sale.ship_to is not None
    assert sale.party is not None
    told = (problem.facts["place"], problem.facts["country"], problem.facts["party_country"])
    assert told == ("ship_to", sale.ship_to.country, sale.party.country)
    assert problem.facts["rate"] == f"{sale.lines[0].tax_rate:f}"


def test_the_address_of_the_line_goes_before_that_of_the_document() -> None:
    both = voucher(
        line("100", "0", supply="goods", ship_to=CH),
        line("200", "19", supply="goods"),
        party=party("DE"),
        ship_to=DE,
    )
    assert cases(both) == ["export_goods", "domestic_19"]


def test_distance_sales_to_two_countries_are_two_rows_with_a_country_each() -> None:
    both = voucher(
        line("100", "20", supply="goods", ship_to=AT),
        line("100", "20", supply="goods", ship_to=FR),
        party=party("DE", is_business=False),
    )
    assert [(one.tax_case, one.eu_vat_id) for one in draft(both, rules(oss=True)).lines] == [
        ("oss_goods", "AT"),
        ("oss_goods", "FR"),
    ]


def test_without_an_address_of_delivery_that_of_the_customer_stands_in() -> None:
    assert cases(goods("0", party("CH"))) == ["export_goods"]


def test_the_settings_may_forbid_that() -> None:
    told = rules(places={"goods": "told"})
    assert keys(goods("0", party("CH")), told) == ["goods_place_missing"]
    assert keys(goods("19", party("DE")), told) == ["goods_place_missing"]
    assert cases(goods("0", party("CH"), CH), told) == ["export_goods"]
    service = voucher(line(rate="0", supply="service"), party=party("CH"))
    assert cases(service, told) == ["third_country_service"]


def test_it_only_matters_what_is_supplied_where_goods_go_elsewhere() -> None:
    assert cases(voucher(line(rate="19"), party=party("DE"), ship_to=DE)) == ["domestic_19"]
    assert keys(voucher(line(rate="19"), party=party("DE"), ship_to=AT)) == ["supply_unknown"]


def test_services_do_not_follow_an_address_of_delivery() -> None:
    service = voucher(line(rate="0", supply="service"), party=party("AT", AUSTRIAN), ship_to=DE)
    assert cases(service) == ["eu_service_vat_id"]


class TestAnAddressWithoutACountry:
    def test_waits(self) -> None:
        (problem,) = problems(goods("19", party("DE"), Place(postal_code="1010", city="Wien")))
        assert problem.key == "place_unclear"
        assert (problem.facts["place"], problem.facts["city"]) == ("ship_to", "Wien")

    def test_is_the_customers_own_where_the_postal_code_is_the_same(self) -> None:
        near = Place(postal_code="20095")
        assert cases(goods("19", party("DE", postal_code="20095"), near)) == ["domestic_19"]

    def test_asks_for_the_country_of_the_customer_where_that_is_missing_from_the_same_address(self) -> None:
        near, nowhere = Place(postal_code="20095"), party(None, postal_code="20095")
        assert keys(goods("19", nowhere, near)) == ["country_missing"]

    def test_is_no_better_with_a_name_that_is_no_code(self) -> None:
        assert keys(goods("19", party("DE"), Place(country="Österreich"))) == ["place_unclear"]


class TestGoodsFromElsewhere:
    @pytest.mark.parametrize("rate", ["0", "19", "21"])
    @pytest.mark.parametrize("ship_to", [DE, NL, CH])
    def test_wait_whatever_tax_is_on_the_document(self, rate: str, ship_to: Place) -> None:
        (problem,) = problems(goods(rate, party("DE"), ship_to, ship_from=NL), rules(oss=True))
        assert (problem.key, problem.facts["stock_country"]) == ("stock_abroad", "NL")

    def test_are_told_by_the_setting_too(self) -> None:
        abroad = rules(places={"home": {"country": "AT"}})
        assert keys(goods("19", party("DE")), abroad) == ["stock_abroad"]
        assert cases(goods("19", party("DE"), ship_from=DE), abroad) == ["domestic_19"]

    def test_are_decided_by_a_row_that_names_the_stock(self) -> None:
        row = {"rate": 0, "region": "third", "stock": "eu", "case": "third_country_service"}
        sale = goods("0", party("CH"), CH, ship_from=NL)
        assert cases(sale, rules(tax_case=[row])) == ["third_country_service"]

    def test_are_not_decided_by_a_row_that_says_nothing_of_it(self) -> None:
        row = {"rate": 19, "region": "domestic", "case": "domestic_19"}
        assert keys(goods("19", party("DE"), ship_from=NL), rules(tax_case=[row])) == ["stock_abroad"]


class TestDistanceSalesFromAnotherMemberState:
    """§ 18j UStG: the one-stop shop declares them with the VAT id of the country where they begin."""

    home = rules(oss=True, places={"vat_ids": {"NL": "NL123456789B01"}})

    def sold(self, rate: str, ship_to: Place, *, is_business: bool | None = False) -> Voucher:
        return goods(rate, party("DE", is_business=is_business), ship_to, ship_from=NL)

    def test_name_both_countries(self) -> None:
        (made,) = draft(self.sold("20", FR), self.home).lines
        assert (made.tax_case, made.eu_vat_id, made.eu_rate) == ("oss_goods", "FR", Decimal(20))
        assert made.origin_vat_id == "NL123456789B01"

    def test_wait_without_a_vat_id_there(self) -> None:
        assert keys(self.sold("20", FR), rules(oss=True)) == ["stock_abroad"]
        row = {"rate": 20, "region": "eu", "stock": "eu", "case": "oss_goods"}
        (problem,) = problems(self.sold("20", FR), rules(tax_case=[row]))
        assert problem.cause == "origin_vat_id_missing:country=NL"

    @pytest.mark.parametrize(("rate", "ship_to"), [("21", NL), ("19", DE), ("19", FR), ("0", CH)])
    def test_wait_where_they_are_none(self, rate: str, ship_to: Place) -> None:
        assert keys(self.sold(rate, ship_to), self.home) == ["stock_abroad"]

    def test_wait_for_businesses(self) -> None:
        assert keys(self.sold("20", FR, is_business=True), self.home) == ["stock_abroad"]

    def test_from_here_have_no_origin(self) -> None:
        sale = goods("20", party("DE", is_business=False), FR)
        assert [one.origin_vat_id for one in draft(sale, self.home).lines] == [""]


class TestGoodsThatTheBuyerCarries:
    """Incoterms EXW, FCA, FAS, FOB: the buyer has the goods carried."""

    def test_are_no_distance_sale(self) -> None:
        # § 3c Abs. 1 UStG asks for carriage by or for the supplier; what is collected is sold here.
        to = party("AT", is_business=False)
        by = rules(oss=True)
        assert cases(goods("19", to, incoterms="EXW"), by) == ["eu_taxed_19"]
        assert keys(goods("20", to, incoterms="EXW"), by) == ["tax_case_unknown"]
        assert cases(goods("20", to, incoterms="DAP"), by) == ["oss_goods"]

    def test_are_an_export_for_buyers_from_abroad_alone(self) -> None:
        # § 6 Abs. 1 Nr. 2 UStG.
        assert cases(goods("0", party("CH"), CH, incoterms="EXW München")) == ["export_goods"]
        assert keys(goods("0", party("DE"), CH, incoterms="EXW München")) == ["export_collected"]
        assert cases(goods("0", party("DE"), CH, incoterms="DAP")) == ["export_goods"]


class TestPurchasesOfGoods:
    def bought(self, rate: str, country: str, vat_id: str | None = None, **facts: Any) -> Voucher:
        return purchase(line(rate=rate, supply="goods"), country=country, vat_id=vat_id, **facts)

    def test_are_taxed_by_where_the_goods_come_from(self) -> None:
        by = buying(own_rate=19)
        assert cases(self.bought("19", "AT", ship_from=DE), by) == ["input_tax_19"]
        assert cases(self.bought("0", "DE", ship_from=CH), by) == ["import_goods"]
        assert cases(self.bought("0", "CH", AUSTRIAN, ship_from=AT), by) == ["acquisition_19"]

    def test_come_from_the_supplier_where_nothing_else_is_said(self) -> None:
        assert cases(self.bought("0", "AT", AUSTRIAN), buying(own_rate=19)) == ["acquisition_19"]

    def test_wait_where_the_goods_do_not_come_here(self) -> None:
        (problem,) = problems(self.bought("0", "AT", AUSTRIAN, ship_to=AT), buying(own_rate=19))
        assert (problem.key, problem.facts["stock_country"]) == ("stock_abroad", "AT")

    def test_wait_where_the_tax_does_not_go_with_the_place(self) -> None:
        (problem,) = problems(self.bought("19", "DE", ship_from=CH), buying())
        assert (problem.key, problem.facts["place"]) == ("place_differs", "ship_from")


def test_the_explanation_names_the_place_where_it_is_not_the_customers() -> None:
    made = draft(goods("0", party("DE"), CH))
    (why,) = (one for one in made.because if one.field == "tax_case")
    assert (why.facts["country"], why.facts["place"], why.facts["region"]) == ("CH", "ship_to", "third")
