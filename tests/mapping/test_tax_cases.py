from itertools import product
from typing import Any

import pytest

from mlconnector.mapping.charts import seeded_accounts, tax_cases
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import (
    AUSTRIAN,
    BRITISH_NORTH,
    GREEK,
    SPANISH,
    cases,
    draft,
    keys,
    line,
    party,
    problems,
    rules,
    voucher,
)


def sold_to(country: str, rate: str, vat_id: str | None = None, **facts: Any) -> Voucher:
    return voucher(line(rate=rate), party=party(country, vat_id, **facts))


@pytest.mark.parametrize(
    ("sale", "supply", "case"),
    [
        (sold_to("DE", "19"), None, "domestic_19"),
        (sold_to("DE", "7"), None, "domestic_7"),
        (sold_to("DE", "19", AUSTRIAN), None, "domestic_19"),
        (sold_to("AT", "0", AUSTRIAN), "goods", "eu_goods_vat_id"),
        (sold_to("AT", "0", AUSTRIAN), "service", "eu_service_vat_id"),
        (sold_to("FR", "0", AUSTRIAN), "goods", "eu_goods_vat_id"),
        (sold_to("GR", "0", GREEK), "goods", "eu_goods_vat_id"),
        (sold_to("GR", "0", "GR094259216"), "goods", "eu_goods_vat_id"),
        (sold_to("AT", "19"), "goods", "eu_taxed_19"),
        (sold_to("AT", "19", is_business=False), None, "eu_taxed_19"),
        (sold_to("AT", "19", is_business=None), "service", "eu_taxed_19"),
        (sold_to("AT", "7"), "goods", "eu_taxed_7"),
        (sold_to("CH", "0"), "goods", "export_goods"),
        (sold_to("CH", "0"), "service", "third_country_service"),
        (sold_to("CH", "0", "CHE-107.787.577 MWST"), "goods", "export_goods"),
        (sold_to("GB", "0", "GB980780684"), "goods", "export_goods"),
        (sold_to("GB", "0", BRITISH_NORTH), "goods", "eu_goods_vat_id"),
        (sold_to("XI", "0", BRITISH_NORTH), "goods", "eu_goods_vat_id"),
        (sold_to("GB", "0", BRITISH_NORTH), "service", "third_country_service"),
        (sold_to("MC", "0", "FR40303265045"), "goods", "eu_goods_vat_id"),
        (sold_to("ES", "0", postal_code="35001"), "goods", "export_goods"),
        (sold_to("ES", "0", SPANISH, postal_code="28001"), "goods", "eu_goods_vat_id"),
        (sold_to("DE", "0", postal_code="D-27498"), "goods", "export_goods"),
    ],
)
def test_the_facts_decide_the_tax_case(sale: Voucher, supply: str | None, case: str) -> None:
    assert cases(sale, rules(supply=supply)) == [case]


@pytest.mark.parametrize(
    ("sale", "supply", "key"),
    [
        (sold_to("DE", "0"), "goods", "tax_case_unknown"),
        (sold_to("DE", "16"), "goods", "service_date_missing"),
        (sold_to("DE", "18"), "goods", "tax_case_unknown"),
        (sold_to("DE", "-19"), "goods", "tax_case_unknown"),
        (sold_to("AT", "0"), "goods", "tax_case_unknown"),
        (sold_to("AT", "0", "DE136695976"), "goods", "tax_case_unknown"),
        (sold_to("AT", "0", " de 136 695 976"), "goods", "tax_case_unknown"),
        (sold_to("AT", "19", AUSTRIAN), "goods", "tax_case_unknown"),
        (sold_to("AT", "20"), "goods", "tax_case_unknown"),
        (sold_to("CH", "19"), "goods", "tax_case_unknown"),
        (sold_to("CH", "0", AUSTRIAN), "goods", "tax_case_unknown"),
        (sold_to("GB", "0", postal_code="BT1 5GS"), "goods", "tax_case_unknown"),
        (sold_to("ES", "0", SPANISH, postal_code="35001"), "goods", "tax_case_unknown"),
        (sold_to("AT", "0", AUSTRIAN), None, "supply_unknown"),
        (sold_to("AT", "19"), None, "supply_unknown"),
        (sold_to("CH", "0"), None, "supply_unknown"),
        (sold_to("GB", "0", BRITISH_NORTH), None, "supply_unknown"),
        (sold_to("EL", "0", GREEK), "goods", "country_unknown"),
        (sold_to("UK", "0"), "goods", "country_unknown"),
        (sold_to("de", "19"), "goods", "country_unknown"),
    ],
)
def test_what_the_facts_do_not_decide_waits_for_a_human(sale: Voucher, supply: str | None, key: str) -> None:
    assert keys(sale, rules(supply=supply)) == [key]


@pytest.mark.parametrize("country", [None, ""])
def test_without_a_country_there_is_no_tax_case(country: str | None) -> None:
    assert keys(voucher(party=party(country))) == ["country_missing"]


def test_a_line_without_tax_is_one_of_zero_per_cent() -> None:
    untaxed = voucher(line(method="none", rate="19"), party=party("CH"))
    assert cases(untaxed, rules(supply="goods")) == ["export_goods"]
    assert keys(voucher(line(method="none", rate="19"))) == ["tax_case_unknown"]


@pytest.mark.parametrize(
    ("country", "vat_id"),
    [
        ("AT", "ATU13585628"),
        ("AT", "U13585627"),
        ("AT", "EU528003646"),
        ("AT", "CHE107787577"),
        ("AT", "12/345/67890"),
        ("CH", "ATU13585628"),
        ("GB", "XI123456789"),
    ],
)
def test_a_wrong_vat_id_is_said_once_where_the_booking_looks_at_it(country: str, vat_id: str) -> None:
    (problem,) = problems(sold_to(country, "0", vat_id), rules(supply="goods"))
    assert (problem.key, problem.facts["vat_id"]) == ("vat_id_invalid", vat_id)
    assert problem.cause == f"vat_id_invalid:party_id=organization/7,vat_id={vat_id}"


@pytest.mark.parametrize("vat_id", ["DE123456789", "12/345/67890", "ATU13585628"])
def test_a_wrong_vat_id_does_not_keep_a_domestic_invoice_from_being_booked(vat_id: str) -> None:
    assert cases(sold_to("DE", "19", vat_id)) == ["domestic_19"]


def test_every_unknown_combination_shares_its_cause_with_its_like() -> None:
    one, other = sold_to("AT", "20"), sold_to("FR", "20")
    assert problems(one)[0].cause == problems(other)[0].cause
    assert problems(one)[0].cause == "tax_case_unknown:direction=sale,rate=20,region=eu,vat_id=no"


class TestRowsOfTheMapping:
    def test_decide_what_the_facts_do_not(self) -> None:
        row = {"rate": 0, "region": "domestic", "category": "Schrott", "case": "reverse_charge_supplied"}
        scrap, other = line(rate="0", category="Schrott"), line(rate="0", category="Holz")
        assert cases(voucher(scrap), rules(tax_case=[row])) == ["reverse_charge_supplied"]
        assert keys(voucher(scrap, other), rules(tax_case=[row])) == ["tax_case_unknown"]

    def test_go_before_the_facts(self) -> None:
        row = {"rate": 19, "region": "eu", "vat_id": "no", "supply": "service", "case": "domestic_19"}
        assert cases(sold_to("AT", "19"), rules(tax_case=[row], supply="service")) == ["domestic_19"]
        assert cases(sold_to("AT", "19"), rules(tax_case=[row], supply="goods")) == ["eu_taxed_19"]

    def test_the_first_that_holds_decides(self) -> None:
        rows = [
            {"rate": 0, "region": "domestic", "product_code": "MIETE", "case": "tax_free"},
            {"rate": 0, "region": "domestic", "case": "reverse_charge_supplied"},
        ]
        both = voucher(line(rate="0", product_code="MIETE"), line(rate="0", product_code="BAU"))
        assert cases(both, rules(tax_case=rows)) == ["tax_free", "reverse_charge_supplied"]

    def test_hold_for_their_rate_alone(self) -> None:
        row = {"rate": 0, "region": "domestic", "case": "tax_free"}
        both = voucher(line(rate="19"), line(rate="0"))
        assert cases(both, rules(tax_case=[row])) == ["domestic_19", "tax_free"]

    def test_say_which_row_it_was(self) -> None:
        row = {"rate": 0, "region": "domestic", "case": "tax_free"}
        made = draft(voucher(line(rate="0")), rules(tax_case=[row]))
        (case,) = (one for one in made.because if one.field == "tax_case")
        assert (case.value, case.rule, case.facts["row"]) == ("tax_free", "case_by_row", "1")


class TestSmallBusiness:
    def test_sells_without_tax(self) -> None:
        assert cases(sold_to("DE", "0"), rules(small_business=True)) == ["small_business"]
        assert cases(sold_to("CH", "0"), rules(small_business=True, supply="goods")) == ["small_business"]

    def test_with_tax_on_a_document_waits(self) -> None:
        assert keys(sold_to("DE", "19"), rules(small_business=True)) == ["small_business_with_tax"]

    def test_with_a_service_abroad_waits_until_a_row_decides(self) -> None:
        sale = sold_to("AT", "0", AUSTRIAN)
        row = {"rate": 0, "region": "eu", "vat_id": "yes", "supply": "service", "case": "eu_service_vat_id"}
        assert keys(sale, rules(small_business=True, supply="service")) == ["tax_case_unknown"]
        assert keys(sale, rules(small_business=True)) == ["supply_unknown"]
        by_row = rules(small_business=True, supply="service", tax_case=[row])
        assert cases(sale, by_row) == ["eu_service_vat_id"]


class TestWhatIsSupplied:
    def test_is_said_by_the_most_specific_row_that_says_it(self) -> None:
        table = [
            {"category": "Wartung", "supply": "service"},
            {"category": "Wartung", "product_code": "FILTER", "supply": "goods"},
        ]
        sale = voucher(
            line(rate="0", category="Wartung", product_code="FILTER"),
            line(rate="0", category="Wartung"),
            party=party("CH"),
        )
        assert cases(sale, rules(revenue=table)) == ["export_goods", "third_country_service"]

    def test_is_not_hidden_by_a_more_specific_row_that_is_silent(self) -> None:
        table = [
            {"category": "Holz", "supply": "goods"},
            {"category": "Holz", "product_code": "BSH", "account": "8120"},
        ]
        sale = voucher(line(rate="0", category="Holz", product_code="BSH"), party=party("CH"))
        assert cases(sale, rules(revenue=table, supply="service")) == ["export_goods"]

    def test_is_part_of_the_explanation(self) -> None:
        made = draft(sold_to("CH", "0"), rules(supply="goods"))
        (supplied,) = (one for one in made.because if one.field == "supply")
        assert (supplied.value, supplied.facts) == ("goods", {"setting": "mapping.supply"})


class TestTheSeeds:
    @pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
    def test_propose_accounts_that_the_chart_has_and_that_do_not_work_out_another_tax(
        self, chart: Any
    ) -> None:
        accounts = seeded_accounts(chart, 4)
        for case in tax_cases().values():
            for number in (case.account.get(chart), case.tax.get(chart), case.input_tax.get(chart)):
                assert number is None or number in accounts, case.name
            if chart in case.account:
                account = accounts[case.account[chart]]
                assert account.function in {"automatic", "none"}
                assert not account.automatic or account.tax_case == case.name

    def test_have_an_account_in_both_charts(self) -> None:
        assert [case.name for case in tax_cases().values() if set(case.account) != {"SKR03", "SKR04"}] == []

    def test_have_an_automatic_account_where_there_is_no_key_and_something_to_declare(self) -> None:
        for chart in ("SKR03", "SKR04"):
            for case in tax_cases().values():
                if case.boxes and not case.key:
                    assert case.automatic_only or case.name == "small_business"
                    assert seeded_accounts(chart, 4)[case.account[chart]].automatic, case.name

    def test_have_a_key_wherever_datev_has_to_work_out_tax_on_an_account_that_is_not_automatic(self) -> None:
        for case in tax_cases().values():
            moves_tax = case.own_rate > 0 or (case.rate != 0 and case.deduction != "no")
            assert bool(case.key) or not moves_tax or case.automatic_only, case.name

    def test_tell_of_the_other_member_state_exactly_where_its_vat_id_or_rate_is_reported(self) -> None:
        told = {case.name: case.eu for case in tax_cases().values() if case.eu}
        assert told == {
            "eu_goods_vat_id": "vat_id",
            "eu_service_vat_id": "vat_id",
            "triangular_supply": "vat_id",
            "oss_goods": "country",
            "oss_service": "country",
        }

    def test_never_hold_two_cases_for_the_same_facts(self) -> None:
        seen: dict[tuple[Any, ...], str] = {}
        for case in tax_cases().values():
            if case.region == "named":
                continue
            choices = {"vat_id": ("yes", "no"), "supply": ("goods", "service"), "deduction": ("yes", "no")}
            each = [
                choices[fact] if getattr(case, fact) == "any" else (getattr(case, fact),) for fact in choices
            ]
            for rest in product(*each):
                facts = (case.direction, case.rate, case.own_rate, case.region, *rest)
                assert facts not in seen, (case.name, seen.get(facts))
                seen[facts] = case.name
