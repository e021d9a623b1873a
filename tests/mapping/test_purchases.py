"""Purchases: input tax, tax that the client owes itself, and what waits because nobody has said it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Ignored
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import EntryLine
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
)


def only(of: Voucher, by: Rules) -> EntryLine:
    (found,) = draft(of, by).lines
    return found


class TestInputTax:
    def test_is_worked_out_by_automatic_accounts(self) -> None:
        bought = purchase(line("100"), line("50", rate="7"))
        assert booked(bought, buying()) == [("3400", "", "-119.00"), ("3300", "", "-53.50")]

    def test_has_a_key_beside_accounts_that_are_not_automatic(self) -> None:
        by = rules(expense=[{"account": "3200"}])
        bought = purchase(line("100"), line("50", rate="7"))
        assert booked(bought, by) == [("3200", "9", "-119.00"), ("3200", "8", "-53.50")]

    def test_credits_the_supplier_with_the_gross(self) -> None:
        assert draft(purchase(line("100")), buying()).ledger == "payable"
        assert only(purchase(line("100")), buying()).amount == Decimal("-119.00")

    def test_falls_with_a_suppliers_credit_note(self) -> None:
        note = purchase(line("-100"), kind=Kind.CREDIT_NOTE)
        assert booked(note, buying()) == [("3400", "", "119.00")]

    def test_is_booked_for_direct_cost_in_the_same_way(self) -> None:
        assert booked(purchase(kind=Kind.DIRECT_COST), buying()) == [("3400", "", "-119.00")]

    def test_of_a_foreign_supplier_with_german_tax_waits_for_a_row(self) -> None:
        bought = purchase(line("100"), country="AT", vat_id=AUSTRIAN)
        assert keys(bought, buying()) == ["tax_case_unknown"]
        row = {"rate": 19, "region": "eu", "vat_id": "yes", "case": "input_tax_19"}
        assert booked(bought, buying(tax_case=[row])) == [("3400", "", "-119.00")]


class TestWithoutDeduction:
    @pytest.mark.parametrize("setting", [{"input_tax": False}, {"small_business": True}])
    @pytest.mark.parametrize(("rate", "case"), [("19", "no_deduction_19"), ("7", "no_deduction_7")])
    def test_the_gross_is_cost_on_an_account_without_tax_function(
        self, setting: dict[str, Any], rate: str, case: str
    ) -> None:
        bought = purchase(line("100", rate=rate))
        assert cases(bought, buying(**setting)) == [case]
        assert [(account, key) for account, key, _ in booked(bought, buying(**setting))] == [("3200", "")]

    def test_an_automatic_account_would_deduct_and_is_refused(self) -> None:
        by = rules(input_tax=False, expense=[{"account": "3400"}])
        assert keys(purchase(), by) == ["automatic_account_differs"]

    def test_a_key_for_input_tax_would_deduct_and_is_refused(self) -> None:
        by = rules(input_tax=False, expense=[{"account": "3200", "tax_key": "9"}])
        assert keys(purchase(), by) == ["tax_key_differs"]

    def test_the_row_may_say_that_there_is_none_by_key_490(self) -> None:
        row = {"account": "3200", "tax_key": "490", "tax_case": "no_deduction_19"}
        assert booked(purchase(), rules(input_tax=False, expense=[row])) == [("3200", "490", "-119.00")]


def bought_from(country: str, vat_id: str | None = None, rate: str = "0", **facts: Any) -> Voucher:
    return purchase(line("100", rate=rate), country=country, vat_id=vat_id, **facts)


class TestTaxThatTheClientOwesItself:
    @pytest.mark.parametrize(
        ("bought", "settings", "case"),
        [
            (bought_from("AT", AUSTRIAN), {"supply": "goods", "own_rate": 19}, "acquisition_19"),
            (bought_from("AT", AUSTRIAN), {"supply": "goods", "own_rate": 7}, "acquisition_7"),
            (bought_from("AT", AUSTRIAN), {"supply": "service", "own_rate": 19}, "eu_service_received_19"),
            (bought_from("AT", AUSTRIAN), {"supply": "service", "own_rate": 7}, "eu_service_received_7"),
            (bought_from("US"), {"supply": "service", "own_rate": 19}, "foreign_service_received_19"),
            (bought_from("US"), {"supply": "service", "own_rate": 7}, "foreign_service_received_7"),
            (bought_from("CH"), {"supply": "goods"}, "import_goods"),
            (
                bought_from("AT", AUSTRIAN),
                {"supply": "service", "own_rate": 19, "input_tax": False},
                "eu_service_received_19_no_deduction",
            ),
            (
                bought_from("US"),
                {"supply": "service", "own_rate": 19, "small_business": True},
                "foreign_service_received_19_no_deduction",
            ),
            (
                bought_from("US"),
                {"supply": "service", "own_rate": 7, "input_tax": False},
                "foreign_service_received_7_no_deduction",
            ),
            (
                bought_from("AT", AUSTRIAN),
                {"supply": "service", "own_rate": 7, "input_tax": False},
                "eu_service_received_7_no_deduction",
            ),
            (
                bought_from("AT", AUSTRIAN),
                {"supply": "goods", "own_rate": 19, "input_tax": False},
                "acquisition_19_no_deduction",
            ),
            (
                bought_from("AT", AUSTRIAN),
                {"supply": "goods", "own_rate": 7, "small_business": True},
                "acquisition_7_no_deduction",
            ),
        ],
    )
    def test_follows_from_place_vat_id_supply_and_rate(
        self, bought: Voucher, settings: dict[str, Any], case: str
    ) -> None:
        assert cases(bought, buying(**settings)) == [case]

    def test_comes_on_top_of_what_the_supplier_gets(self) -> None:
        made = only(bought_from("AT", AUSTRIAN), buying(supply="goods", own_rate=19))
        assert (made.amount, made.tax_added, made.tax_rate) == (Decimal("-100.00"), True, Decimal(19))

    def test_is_no_part_of_a_domestic_purchase(self) -> None:
        assert only(purchase(), buying(own_rate=19)).tax_added is False

    def test_waits_while_nobody_has_said_at_which_rate(self) -> None:
        (problem,) = problems(bought_from("AT", AUSTRIAN), buying(supply="goods"))
        assert problem.key == "own_rate_unknown"
        assert problem.facts["cases"] == "acquisition_19, acquisition_7"

    def test_takes_its_rate_from_the_most_specific_row_that_says_one(self) -> None:
        table = [{"category": "Brennholz", "own_rate": 7}, {"category": "Holz", "account": "3200"}]
        both = purchase(
            line("100", rate="0", category="Brennholz"),
            line("100", rate="0", category="Holz"),
            country="AT",
            vat_id=AUSTRIAN,
        )
        by = rules(supply="goods", own_rate=19, expense=table)
        assert cases(both, by) == ["acquisition_7", "acquisition_19"]

    def test_waits_while_nobody_has_said_what_was_supplied(self) -> None:
        assert keys(bought_from("AT", AUSTRIAN), buying(own_rate=19)) == ["supply_unknown"]

    def test_of_a_supplier_without_vat_id_waits_for_a_row(self) -> None:
        assert keys(bought_from("AT"), buying(supply="goods", own_rate=19)) == ["tax_case_unknown"]

    def test_of_a_supplier_with_a_wrong_vat_id_waits_for_the_right_one(self) -> None:
        by = buying(supply="goods", own_rate=19)
        assert keys(bought_from("AT", "ATU13585628"), by) == ["vat_id_invalid"]

    def test_of_foreign_tax_on_the_document_waits(self) -> None:
        assert keys(bought_from("AT", AUSTRIAN, rate="20"), buying(supply="goods")) == ["tax_case_unknown"]

    def test_reports_no_vat_id_of_the_supplier(self) -> None:
        assert only(bought_from("AT", AUSTRIAN), buying(supply="goods", own_rate=19)).eu_vat_id == ""


class TestZeroPerCentAtHome:
    def test_waits_for_a_row_since_it_may_be_several_things(self) -> None:
        assert keys(bought_from("DE"), buying()) == ["tax_case_unknown"]

    @pytest.mark.parametrize(
        ("case", "account", "key"),
        [
            ("purchase_without_tax", "3200", ""),
            ("construction_received_19", "3120", ""),
            ("construction_received_7", "3100", "527"),
            ("cleaning_received_19", "3100", "551"),
            ("devices_received_19", "3200", "561"),
        ],
    )
    def test_is_what_the_row_says(self, case: str, account: str, key: str) -> None:
        row = {"rate": 0, "region": "domestic", "case": case}
        assert booked(bought_from("DE"), buying(tax_case=[row])) == [(account, key, "-100.00")]

    def test_is_several_things_by_category(self) -> None:
        table = [
            {"rate": 0, "region": "domestic", "category": "Bau", "case": "construction_received_19"},
            {"rate": 0, "region": "domestic", "category": "Reinigung", "case": "cleaning_received_19"},
        ]
        both = purchase(line("1", rate="0", category="Reinigung"), line("1", rate="0", category="Bau"))
        assert cases(both, buying(tax_case=table)) == ["cleaning_received_19", "construction_received_19"]


class TestTheMatterOfAKey:
    ROW: ClassVar[dict[str, Any]] = {"rate": 0, "region": "domestic", "case": "reverse_charge_received_19"}

    def test_stands_beside_it_with_the_rate(self) -> None:
        row = {"tax_case": "reverse_charge_received_19", "account": "3100", "matter": "4"}
        made = only(bought_from("DE"), rules(tax_case=[self.ROW], expense=[row]))
        assert (made.tax_key, made.matter, made.matter_rate) == ("94", "4", Decimal(19))

    @pytest.mark.parametrize("table", [{"default_expense": True}, {"expense": [{"account": "3100"}]}])
    def test_has_to_be_named_by_a_row(self, table: dict[str, Any]) -> None:
        assert keys(bought_from("DE"), rules(tax_case=[self.ROW], **table)) == ["matter_missing"]

    def test_is_not_written_for_cases_whose_key_says_it(self) -> None:
        by = rules(supply="service", own_rate=7, expense=[{"account": "3100", "matter": "4"}])
        made = only(bought_from("US"), by)
        assert (made.tax_key, made.matter, made.matter_rate) == ("512", "", None)

    def test_is_not_written_where_no_tax_is_owed(self) -> None:
        made = only(purchase(), rules(expense=[{"account": "3200", "matter": "4"}]))
        assert (made.tax_key, made.matter, made.matter_rate) == ("9", "", None)

    def test_may_stand_beside_a_key_that_a_row_ties_to_its_case(self) -> None:
        row = {
            "tax_case": "foreign_service_received_19_no_deduction",
            "account": "3100",
            "tax_key": "6501",
            "matter": "4",
        }
        by = rules(supply="service", own_rate=19, input_tax=False, expense=[row])
        made = only(bought_from("US"), by)
        assert (made.tax_key, made.matter, made.matter_rate) == ("6501", "4", Decimal(19))


def test_without_a_row_or_default_the_expense_account_is_missing() -> None:
    (problem,) = problems(purchase(line(category="Holz")))
    assert problem.cause == "expense_account_missing:category=Holz,tax_case=input_tax_19"


def test_rows_of_the_revenue_are_not_looked_at_for_purchases() -> None:
    by = rules(revenue=[{"account": "8200"}], expense=[{"account": "3200"}])
    assert booked(purchase(), by) == [("3200", "9", "-119.00")]


def test_choices_for_sales_do_not_hold_for_purchases() -> None:
    row = {"rate": 19, "region": "domestic", "case": "domestic_19"}
    assert cases(purchase(), buying(tax_case=[row])) == ["input_tax_19"]


def test_the_cause_says_the_direction_since_the_cure_is_another() -> None:
    sale, bought = problems(purchase(line(rate="18")), buying()), problems(bought_from("DE"), buying())
    assert sale[0].cause == "tax_case_unknown:direction=purchase,rate=18,region=domestic,vat_id=no"
    assert bought[0].facts["table"] == "mapping.expense"


def test_a_commitment_books_nothing() -> None:
    assert decide(purchase(kind=Kind.COMMITMENT), buying()) == Ignored("commitment")
    assert decide(purchase(line(rate="18"), kind=Kind.COMMITMENT, number=None), buying()) == Ignored(
        "commitment"
    )


class TestCreditorNumbers:
    @pytest.mark.parametrize(
        ("account", "length", "valid"),
        [
            ("70000", 4, True),
            ("99999", 4, True),
            ("69999", 4, False),
            ("7000", 4, False),
            ("700000", 4, False),
            ("7000000", 6, True),
            ("7000²", 4, False),
        ],
    )
    def test_have_one_digit_more_than_accounts_and_begin_with_7_to_9(
        self, account: str, length: int, valid: bool
    ) -> None:
        by = buying({"account_length": length})
        assert by.books.is_person(account, "payable") is valid
        bought = purchase(party=party(account=account))
        if valid:
            assert draft(bought, by).lines
        else:
            assert [one.cause for one in problems(bought, by)] == [
                f"creditor_number_invalid:account={account}"
            ]

    def test_are_not_mixed_up_with_those_of_debtors(self) -> None:
        assert keys(purchase(party=party(account="10000")), buying()) == ["creditor_number_invalid"]
