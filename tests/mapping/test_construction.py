"""Construction work bought: § 13b UStG by supplier and kind of cost, and by the place of the building."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.model.vouchers import Line, Place, Voucher
from mlconnector.texts.catalogue import reason
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
)

VENDOR = "vendor/7"
FACTS = {"vendor": VENDOR, "cost_type": "Subunternehmer"}
ROW: dict[str, Any] = {"attributes": FACTS, "case": "construction_received_19"}


def cost(rate: str = "0", cost_type: str = "Subunternehmer", amount: str = "1000") -> Line:
    return line(amount, rate, attributes={"cost_type": cost_type})


def bill(*lines: Line, **facts: Any) -> Voucher:
    return purchase(*(lines or (cost(),)), attributes={"vendor": VENDOR}, **facts)


class TestABillWithoutTax:
    def test_waits_and_names_supplier_and_rate(self) -> None:
        (problem,) = problems(bill(), buying())
        assert problem.key == "tax_case_unknown"
        assert [problem.facts[name] for name in ("party", "party_id", "rate")] == [
            "Sägewerk Harz GmbH",
            "organization/7",
            "0",
        ]

    @pytest.mark.parametrize("supply", ["goods", "service", "on_site"])
    def test_waits_whatever_is_supplied(self, supply: str) -> None:
        site = Place(country="DE", postal_code="20095")
        by = buying(supply=supply, own_rate=19)
        assert keys(bill(ship_to=site), by) == ["tax_case_unknown"]

    def test_waits_with_an_account_for_its_cost_too(self) -> None:
        row = {"attributes": FACTS, "account": "3100"}
        assert keys(bill(), rules(expense=[row])) == ["tax_case_unknown"]

    @pytest.mark.parametrize("case", ["purchase_without_tax", "construction_received_19"])
    def test_is_booked_as_a_row_says(self, case: str) -> None:
        assert cases(bill(), buying(tax_case=[{**ROW, "case": case}])) == [case]


class TestARowForSupplierAndKindOfCost:
    def test_books_on_the_account_of_the_case(self) -> None:
        assert booked(bill(), buying(tax_case=[ROW])) == [("3120", "", "-1000.00")]
        assert booked(bill(), buying({"chart": "SKR04"}, tax_case=[ROW])) == [("5920", "", "-1000.00")]

    def test_says_what_it_has_looked_at(self) -> None:
        why = [one for one in draft(bill(), buying(tax_case=[ROW])).because if one.field == "tax_case"]
        told = [reason(one.rule, one.facts, "en") for one in why]
        named = f"Mapping › Tax cases, row 1: supplier = {VENDOR}, cost type = Subunternehmer; 0 %"
        assert [one[: len(named)] for one in told] == [named]

    def test_books_with_the_key_of_the_case_on_another_account(self) -> None:
        own = {"attributes": FACTS, "account": "3100"}
        assert booked(bill(), rules(tax_case=[ROW], expense=[own])) == [("3100", "526", "-1000.00")]

    def test_books_with_the_key_that_an_account_names(self) -> None:
        own = {
            "attributes": FACTS,
            "tax_case": "construction_received_19",
            "account": "4900",
            "automatic": False,
            "tax_key": "526",
        }
        assert booked(bill(), rules(tax_case=[ROW], expense=[own])) == [("4900", "526", "-1000.00")]

    def test_does_not_leak_to_another_kind_of_cost(self) -> None:
        assert keys(bill(cost(cost_type="Material")), buying(tax_case=[ROW])) == ["tax_case_unknown"]
        mixed = bill(cost(), cost("19", "Material"))
        assert cases(mixed, buying(tax_case=[ROW])) == ["construction_received_19", "input_tax_19"]

    def test_does_not_leak_to_another_supplier(self) -> None:
        other = purchase(cost(), attributes={"vendor": "vendor/8"})
        assert keys(other, buying(tax_case=[ROW])) == ["tax_case_unknown"]

    def test_waits_where_the_bill_has_tax_all_the_same(self) -> None:
        (problem,) = problems(bill(cost("19")), buying(tax_case=[ROW]))
        assert problem.cause == "tax_case_rate_differs:tax_case=construction_received_19,rate=19"

    def test_looks_at_the_line_before_the_document(self) -> None:
        whole = purchase(line("1000", "0"), attributes=FACTS)
        assert cases(whole, buying(tax_case=[ROW])) == ["construction_received_19"]
        own = purchase(cost(cost_type="Material"), attributes=FACTS)
        assert keys(own, buying(tax_case=[ROW])) == ["tax_case_unknown"]

    def test_has_to_look_at_something(self) -> None:
        with pytest.raises(ValidationError, match="or it would hold for everything"):
            buying(tax_case=[{**ROW, "attributes": {}}])

    @pytest.mark.parametrize(
        "mapping", [{"input_tax": False}, {"small_business": True}], ids=["no deduction", "small business"]
    )
    def test_cannot_deduct_what_the_client_may_not(self, mapping: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match="construction_received_19 deducts input tax"):
            buying(tax_case=[ROW], **mapping)
        without = {**ROW, "case": "construction_received_19_no_deduction"}
        assert booked(bill(), buying(tax_case=[without], **mapping)) == [("3100", "6526", "-1000.00")]


class TestAContractorFromAbroad:
    SITE = Place(country="DE", postal_code="20095", city="Hamburg")
    ABROAD = Place(country="AT", postal_code="4020", city="Linz")

    def work(self, country: str = "AT", vat_id: str | None = AUSTRIAN, **facts: Any) -> Voucher:
        facts = {"ship_to": self.SITE, **facts}
        return purchase(cost(), party=party(country, vat_id, name="Montagebau Linz GmbH"), **facts)

    def by(self, **mapping: Any) -> Any:
        return buying(**{"supply": "on_site", "own_rate": 19, **mapping})

    @pytest.mark.parametrize(("country", "vat_id"), [("AT", AUSTRIAN), ("AT", None), ("CH", None)])
    def test_is_taxed_where_the_building_is(self, country: str, vat_id: str | None) -> None:
        """§ 3a Abs. 3 Nr. 1, § 13b Abs. 2 Nr. 1 UStG."""
        assert cases(self.work(country, vat_id), self.by()) == ["foreign_service_received_19"]

    def test_by_a_row_for_its_kind_of_cost_is_the_same(self) -> None:
        row = {"attributes": {"cost_type": "Subunternehmer"}, "supply": "on_site", "own_rate": 19}
        assert cases(self.work(), buying(expense=[row])) == ["foreign_service_received_19"]

    def test_without_deduction_has_the_case_without(self) -> None:
        found = booked(self.work(), self.by(input_tax=False))
        assert found == [("3100", "6511", "-1000.00")]
        assert cases(self.work(), self.by(input_tax=False)) == ["foreign_service_received_19_no_deduction"]

    def test_on_a_building_abroad_waits(self) -> None:
        assert keys(self.work(ship_to=self.ABROAD), self.by()) == ["tax_case_unknown"]

    def test_on_a_building_that_nobody_names_waits(self) -> None:
        assert keys(self.work(ship_to=None), self.by()) == ["site_missing"]

    def test_who_bills_german_tax_waits(self) -> None:
        taxed = purchase(line("1000", "19"), party=party("AT", AUSTRIAN), ship_to=self.SITE)
        assert keys(taxed, self.by()) != []
