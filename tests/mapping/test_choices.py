"""Rows of the mapping: tax cases by the source's own tax code, accounts by attributes, numbers by choice."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from mlconnector.model.vouchers import Kind, Voucher
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


class TestATaxCode:
    ROW = ("§ 4 Nr. 12", "tax_free")

    def row(self, **more: Any) -> dict[str, Any]:
        code, case = self.ROW
        return {"tax_code": code, "case": case, **more}

    def test_decides_wherever_the_customer_is(self) -> None:
        rent = line(rate="0", tax_code="§ 4 Nr. 12")
        for country in ("DE", "AT", "CH"):
            by = rules(tax_case=[self.row()], supply="service")
            assert cases(voucher(rent, party=party(country)), by) == ["tax_free"]

    def test_leaves_lines_with_another_code_or_none_to_the_facts(self) -> None:
        by = rules(tax_case=[self.row()])
        assert cases(voucher(line(tax_code="USt19")), by) == ["domestic_19"]
        assert cases(voucher(line()), by) == ["domestic_19"]

    def test_that_says_another_rate_than_the_line_waits(self) -> None:
        (problem,) = problems(voucher(line(rate="19", tax_code="§ 4 Nr. 12")), rules(tax_case=[self.row()]))
        assert problem.cause == "tax_case_rate_differs:tax_case=tax_free,rate=19"
        assert (problem.facts["row"], problem.facts["case_rate"]) == ("1", "0")

    def test_holds_for_its_rate_alone_where_the_row_names_one(self) -> None:
        by = rules(tax_case=[self.row(rate=0)])
        assert cases(voucher(line(rate="19", tax_code="§ 4 Nr. 12")), by) == ["domestic_19"]

    def test_does_not_make_a_vat_id_out_of_nothing(self) -> None:
        row = {"tax_code": "IGL", "vat_id": "yes", "case": "eu_goods_vat_id"}
        sale = line(rate="0", tax_code="IGL")
        by = rules(tax_case=[row], supply="goods")
        assert cases(voucher(sale, party=party("AT", AUSTRIAN)), by) == ["eu_goods_vat_id"]
        assert keys(voucher(sale, party=party("AT")), by) == ["tax_case_unknown"]
        with pytest.raises(ValidationError, match='needs vat_id = "yes"'):
            rules(tax_case=[{"tax_code": "IGL", "case": "eu_goods_vat_id"}])

    def test_may_mean_one_thing_in_sales_and_another_in_purchases(self) -> None:
        table = [
            {"tax_code": "13b", "case": "reverse_charge_supplied"},
            {"tax_code": "13b", "case": "construction_received_19"},
        ]
        work = line(rate="0", tax_code="13b")
        assert cases(voucher(work), rules(tax_case=table)) == ["reverse_charge_supplied"]
        assert cases(purchase(work), buying(tax_case=table)) == ["construction_received_19"]

    @pytest.mark.parametrize(
        "row",
        [
            {"case": "tax_free"},
            {"rate": 0, "case": "tax_free"},
            {"region": "domestic", "case": "tax_free"},
            {"category": "Miete", "case": "tax_free"},
        ],
    )
    def test_or_rate_and_region_have_to_be_named(self, row: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match="needs rate and region, or tax_code"):
            rules(tax_case=[row])

    @pytest.mark.parametrize(
        ("code", "case"),
        [
            ("triangular", "triangular_supply"),
            ("transport", "tax_free_with_deduction"),
            ("solar", "domestic_0"),
            ("phones", "reverse_charge_devices_supplied"),
        ],
    )
    def test_is_the_way_to_cases_that_facts_never_choose(self, code: str, case: str) -> None:
        row = {"tax_code": code, "vat_id": "yes" if case == "triangular_supply" else "any", "case": case}
        by = rules(tax_case=[row], supply="goods")
        sale = voucher(line(rate="0", tax_code=code), party=party("AT", AUSTRIAN))
        assert cases(sale, by) == [case]


class TestTheZeroRate:
    ROW: ClassVar[dict[str, Any]] = {
        "rate": 0,
        "region": "domestic",
        "category": "Photovoltaik",
        "case": "domestic_0",
    }

    @pytest.mark.parametrize(("chart", "account"), [("SKR03", "8290"), ("SKR04", "4290")])
    def test_has_an_automatic_account_of_its_own(self, chart: str, account: str) -> None:
        sale = voucher(line(rate="0", category="Photovoltaik"))
        assert booked(sale, rules({"chart": chart}, tax_case=[self.ROW])) == [(account, "", "100.00")]
        row = {"account": account, "automatic": True, "tax_case": "domestic_0"}
        assert booked(sale, rules({"chart": chart}, tax_case=[self.ROW], revenue=[row])) == [
            (account, "", "100.00")
        ]

    def test_waits_on_any_other_account_since_no_key_would_bring_it_into_the_return(self) -> None:
        sale = voucher(line(rate="0", category="Photovoltaik"))
        (problem,) = problems(sale, rules(tax_case=[self.ROW], revenue=[{"account": "8200"}]))
        assert problem.cause == "tax_case_needs_automatic:account=8200,tax_case=domestic_0"
        assert (problem.facts["proposed"], problem.facts["boxes"]) == ("8290", "87")

    def test_waits_for_a_supply_before_it_began(self) -> None:
        sale = voucher(line(rate="0", category="Photovoltaik"), service_date=date(2022, 12, 31))
        assert keys(sale, rules(tax_case=[self.ROW])) == ["tax_case_not_valid"]

    def test_is_never_what_the_facts_say(self) -> None:
        assert keys(voucher(line(rate="0"))) == ["tax_case_unknown"]


class TestAttributes:
    def sale(self, of_line: dict[str, str] | None = None, **of_voucher: str) -> Voucher:
        goods = line(
            product="Montage vor Ort", product_code="MONT", category="Montage", attributes=of_line or {}
        )
        return voucher(goods, attributes={"pipeline": "Projekte", **of_voucher})

    def account(self, of: Voucher, *table: dict[str, Any]) -> str:
        return booked(of, rules(revenue=table))[0][0]

    def test_go_before_every_other_fact(self) -> None:
        others = {
            "product": "Montage vor Ort",
            "product_code": "MONT",
            "category": "Montage",
            "pipeline": "Projekte",
            "tax_case": "domestic_19",
        }
        rows: list[dict[str, Any]] = [
            {**others, "account": "8401"},
            {"attributes": {"site": "Goslar"}, "account": "8402"},
        ]
        assert self.account(self.sale(site="Goslar"), *rows) == "8402"
        assert self.account(self.sale(site="Halle"), *rows) == "8401"

    def test_are_the_more_specific_the_more_there_are(self) -> None:
        rows: list[dict[str, Any]] = [
            {"attributes": {"site": "Goslar", "team": "A"}, "account": "8401"},
            {"attributes": {"site": "Goslar"}, "product": "Montage vor Ort", "account": "8402"},
        ]
        assert self.account(self.sale(site="Goslar", team="A"), *rows) == "8401"
        assert self.account(self.sale(site="Goslar", team="B"), *rows) == "8402"

    def test_must_all_hold(self) -> None:
        rows: list[dict[str, Any]] = [
            {"attributes": {"site": "Goslar", "team": "A"}, "account": "8401"},
            {"account": "8402"},
        ]
        assert self.account(self.sale(site="Goslar"), *rows) == "8402"

    def test_of_the_line_go_before_those_of_the_voucher(self) -> None:
        rows: list[dict[str, Any]] = [
            {"attributes": {"site": "Goslar"}, "account": "8401"},
            {"attributes": {"site": "Halle"}, "account": "8402"},
        ]
        assert self.account(self.sale({"site": "Halle"}, site="Goslar"), *rows) == "8402"
        assert self.account(self.sale({"site": ""}, site="Goslar"), *rows) == "8401"

    def test_make_rows_different_that_are_otherwise_alike(self) -> None:
        rows: list[dict[str, Any]] = [
            {"attributes": {"site": "Goslar"}, "account": "8401"},
            {"attributes": {"site": "Halle"}, "account": "8402"},
        ]
        assert rules(revenue=rows)
        with pytest.raises(ValidationError, match="row 2: looks at the same facts as row 1"):
            rules(revenue=[rows[0], {**rows[1], "attributes": {"site": "Goslar"}}])

    def test_may_say_what_is_supplied(self) -> None:
        table = [{"attributes": {"kind": "Ware"}, "supply": "goods"}]
        sale = voucher(line(rate="0", attributes={"kind": "Ware"}), party=party("CH"))
        assert cases(sale, rules(revenue=table)) == ["export_goods"]


class TestCostCentresOfLines:
    TABLES: ClassVar[dict[str, Any]] = {
        "cost_centre_1": {"table": {"Goslar": "100", "Halle": "200"}},
        "cost_centre_2": {"attribute": "team", "table": {"A": "V1"}, "default": "V9"},
    }

    def centres(self, of: Voucher) -> list[tuple[str, str, str]]:
        lines = draft(of, rules(**self.TABLES)).lines
        return [(one.cost_centre_1, one.cost_centre_2, f"{one.amount:f}") for one in lines]

    def test_divide_what_would_be_one_booking(self) -> None:
        sale = voucher(
            line("100", attributes={"cost_centre": "Goslar"}),
            line("50", attributes={"cost_centre": "Halle"}),
            line("10", attributes={"cost_centre": "Goslar"}),
        )
        assert self.centres(sale) == [("100", "V9", "130.90"), ("200", "V9", "59.50")]

    def test_go_before_those_of_the_voucher(self) -> None:
        sale = voucher(
            line("100", attributes={"team": "A"}),
            line("50", attributes={"cost_centre": "Halle"}),
            attributes={"cost_centre": "Goslar"},
        )
        assert self.centres(sale) == [("100", "V1", "119.00"), ("200", "V9", "59.50")]

    def test_that_are_unknown_are_all_said(self) -> None:
        sale = voucher(
            line("1", attributes={"cost_centre": "Kiel"}), line("2", attributes={"cost_centre": "Bonn"})
        )
        assert [one.facts["value"] for one in problems(sale, rules(**self.TABLES))] == ["Kiel", "Bonn"]


class TestTheNumberOfACreditNote:
    def note(self, **facts: Any) -> Voucher:
        return voucher(line("-100"), kind=Kind.CREDIT_NOTE, number="GS-1", **facts)

    def numbers(self, of: Voucher, choice: str) -> tuple[str, list[str], list[str]]:
        made = draft(of, rules({"credit_note_number": choice}))
        return made.number, [one.number for one in made.lines], [one.text for one in made.lines]

    def test_is_its_own_by_default_and_the_text_names_the_invoice(self) -> None:
        text = "Holzbau Müller GmbH GS-1 zu RE-1"
        assert self.numbers(self.note(refers_to="RE-1"), "own") == ("GS-1", [""], [text])

    def test_is_that_of_the_invoice_where_it_shall_clear_it(self) -> None:
        text = "Holzbau Müller GmbH GS-1 zu RE-1"
        assert self.numbers(self.note(refers_to="RE-1"), "invoice") == ("GS-1", ["RE-1"], [text])

    def test_is_its_own_where_it_corrects_no_certain_invoice(self) -> None:
        assert self.numbers(self.note(), "invoice") == ("GS-1", [""], ["Holzbau Müller GmbH GS-1"])

    def test_is_no_choice_for_invoices(self) -> None:
        invoice = voucher(number="RE-2", refers_to="AN-1")
        assert self.numbers(invoice, "invoice")[1] == [""]


class TestTermsOfPayment:
    def test_have_the_number_that_the_table_says(self) -> None:
        by = rules(payment_terms={"table": {"14 Tage 2 %": "12"}})
        assert draft(voucher(payment_terms="14 Tage 2 %"), by).payment_terms == "12"

    def test_that_the_table_does_not_have_wait(self) -> None:
        by = rules(payment_terms={"table": {"14 Tage 2 %": "12"}})
        assert [one.cause for one in problems(voucher(payment_terms="30 Tage"), by)] == [
            "payment_terms_unknown:terms=30 Tage"
        ]

    def test_are_left_out_without_a_table_or_a_fact(self) -> None:
        assert draft(voucher(payment_terms="30 Tage")).payment_terms == ""
        assert draft(voucher(), rules(payment_terms={"table": {"30 Tage": "3"}})).payment_terms == ""
