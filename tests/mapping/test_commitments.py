"""Commitments: what is still open of orders and contracts, on statistical accounts where that is agreed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from mlconnector.mapping.because import explained
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Ignored, entry
from mlconnector.mapping.open_items import moves_person
from mlconnector.mapping.postings import postings
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.vouchers import Kind, Line, Voucher
from tests.mapping.builders import draft, keys, line, party, problems, purchase, rules

OPEN, AGAINST = "9955", "9956"
ACCOUNTS = {"account": OPEN, "contra_account": AGAINST}
BY_SITE = {"attribute": "site", "table": {"Goslar": "100", "Halle": "200"}}
BY_KIND = {"attribute": "cost_code", "table": {"concrete": "B1", "steel": "S1"}}


def agreed(books: dict[str, Any] | None = None, **mapping: Any) -> Rules:
    return rules(books, **{"commitments": ACCOUNTS, **mapping})


def part(amount: str, **attributes: str) -> Line:
    """What is still open of one line of a contract."""
    return line(amount, "0", "none", attributes=attributes)


def contract(*lines: Line, **facts: Any) -> Voucher:
    values = {"kind": Kind.COMMITMENT, "number": "SC-0007", "external_id": "7", **facts}
    return purchase(*(lines or (part("1000"),)), **values)


def rows(of: Voucher, by: Rules) -> list[tuple[str, str, str]]:
    """Cost centres and amount of each line."""
    return [(one.cost_centre_1, one.cost_centre_2, f"{one.amount:f}") for one in draft(of, by).lines]


def booked(of: Voucher, by: Rules | None = None) -> Entry:
    return entry(draft(of, by or agreed()), person="", document=None, revision="r1", turn=1)


class TestWithoutTheSetting:
    def test_a_commitment_books_nothing(self) -> None:
        assert decide(contract(), rules()) == Ignored("commitment")

    def test_whatever_else_it_lacks(self) -> None:
        assert decide(contract(number=None, party=None), rules()) == Ignored("commitment")


class TestWithTheSetting:
    def test_what_was_agreed_before_we_began_is_open_on_the_first_day(self) -> None:
        by = agreed({"begin": date(2026, 1, 1)})
        entry_of_old = booked(contract(document_date=date(2025, 6, 30)), by)
        assert entry_of_old.posted_on == date(2026, 1, 1)
        (why,) = [one for one in explained(entry_of_old, 1) if one.field == "date"]
        assert (why.rule, why.facts) == ("open_since_begin", {"day": "2025-06-30"})

    def test_what_is_open_is_booked_between_the_two_accounts(self) -> None:
        (made,) = booked(contract()).lines
        assert (made.account, made.contra_account, made.amount) == (OPEN, AGAINST, Decimal(1000))

    def test_it_carries_no_tax(self) -> None:
        (made,) = booked(contract()).lines
        assert (made.tax_case, made.tax_rate, made.tax_key) == ("statistical", Decimal(0), "")
        assert [one.part for one in postings(booked(contract()), agreed())] == ["gross", "net"]

    def test_its_text_names_the_supplier_the_word_and_the_contract(self) -> None:
        assert booked(contract()).lines[0].text == "Sägewerk Harz GmbH Obligo SC-0007"

    def test_no_party_is_booked_and_nothing_falls_due(self) -> None:
        made = booked(contract(due_date=date(2026, 9, 1), service_date=date(2026, 8, 1)))
        assert (made.due_date, made.service_date, made.document) == (None, None, None)
        assert not any(moves_person(made, one) for one in made.lines)
        assert not {"creditor", "debtor"} & {one.field for one in made.because}

    def test_each_pair_of_cost_centres_has_one_row(self) -> None:
        made = contract(
            part("100", site="Goslar", cost_code="concrete"),
            part("30", site="Goslar", cost_code="steel"),
            part("50", site="Halle", cost_code="concrete"),
            part("7", site="Goslar", cost_code="concrete"),
        )
        by = agreed(cost_centre_1=BY_SITE, cost_centre_2=BY_KIND)
        assert rows(made, by) == [("100", "B1", "107.00"), ("100", "S1", "30.00"), ("200", "B1", "50.00")]

    def test_more_invoiced_than_agreed_is_booked_the_other_way(self) -> None:
        made = contract(part("100", site="Goslar"), part("-20", site="Halle"))
        assert rows(made, agreed(cost_centre_1=BY_SITE)) == [("100", "", "100.00"), ("200", "", "-20.00")]

    def test_what_adds_up_to_nothing_on_its_cost_centres_is_left_out_and_said(self) -> None:
        made = contract(part("5", site="Goslar"), part("20", site="Halle"), part("-20", site="Halle"))
        found = draft(made, agreed(cost_centre_1=BY_SITE))
        assert [one.cost_centre_1 for one in found.lines] == ["100"]
        assert [(one.value, one.rule) for one in found.because if one.field == "dropped"] == [
            ("200", "centres_add_up_to_zero")
        ]

    @pytest.mark.parametrize("amounts", [("0",), ("0", "0"), ("20", "-20")])
    def test_where_nothing_is_left_nothing_is_booked(self, amounts: tuple[str, ...]) -> None:
        assert decide(contract(*map(part, amounts)), agreed()) == Ignored("zero_value")

    def test_a_terminated_one_books_nothing(self) -> None:
        assert decide(contract(standing="withdrawn"), agreed()) == Ignored("withdrawn")

    def test_one_with_a_customer_books_nothing(self) -> None:
        assert decide(msgspec.structs.replace(contract(), direction="sale"), agreed()) == Ignored(
            "commitment"
        )

    def test_a_wrong_vat_id_or_number_of_the_supplier_does_not_matter(self) -> None:
        assert booked(contract(party=party("DE", "DE1", account="1")))

    def test_cents_of_a_thousandth_are_rounded_once(self) -> None:
        (made,) = booked(contract(part("33.333"), part("33.333"), part("33.334"))).lines
        assert made.amount == Decimal("100.00")

    def test_it_says_why(self) -> None:
        made = booked(contract(part("60"), part("40")))
        told = {one.field: (one.rule, one.facts) for one in explained(made, 1)}
        assert told["amount"] == ("open_of_lines", {"lines": "1, 2"})
        assert told["tax_case"] == ("commitment_is_statistical", {})
        assert told["statistical_account"] == ("setting", {"setting": "mapping.commitments.account"})
        assert told["contra_account"] == ("setting", {"setting": "mapping.commitments.contra_account"})

    def test_taken_back_it_has_the_sides_swapped(self) -> None:
        back = reversed_entry(booked(contract()), revision="r2", turn=1)
        assert back.is_statistical
        assert (back.lines[0].amount, back.lines[0].text) == (
            Decimal(-1000),
            "Storno Sägewerk Harz GmbH Obligo SC-0007",
        )


class TestWhatIsMissing:
    def test_a_cost_centre_that_no_table_has_holds_it(self) -> None:
        (problem,) = problems(contract(part("5", site="Bremen")), agreed(cost_centre_1=BY_SITE))
        assert problem.cause == "cost_centre_unknown:attribute=site,value=Bremen"

    def test_foreign_money_needs_a_rate(self) -> None:
        assert keys(contract(currency="CHF"), agreed()) == ["exchange_rate_missing"]

    def test_and_is_booked_by_it(self) -> None:
        by = agreed(exchange_rates={"CHF 2026-07": "0.95"}, exchange_rate_limit=1000)
        assert booked(contract(currency="CHF"), by).exchange_rate == Decimal("0.95")

    def test_all_that_is_missing_is_said_at_once(self) -> None:
        lacking = contract(number=None, party=None, currency="CHF")
        assert keys(lacking, agreed()) == ["party_missing", "number_missing", "exchange_rate_missing"]

    def test_a_total_that_is_not_that_of_its_lines_holds_it(self) -> None:
        assert keys(contract(stated_total=Decimal(999)), agreed()) == ["total_differs"]


class TestTheAccounts:
    def refused(self, books: dict[str, Any] | None = None, chart: Any = (), **accounts: str) -> str:
        with pytest.raises(ValidationError) as error:
            rules(books, chart, commitments={**ACCOUNTS, **accounts})
        return str(error.value)

    @pytest.mark.parametrize("number", ["8400", "1200", "70001", "995", "99550"])
    def test_are_of_class_9_with_the_length_of_the_clients_accounts(self, number: str) -> None:
        assert "name one of class 9 with 4 digits" in self.refused(account=number)
        assert "name one of class 9 with 4 digits" in self.refused(contra_account=number)

    def test_are_as_long_as_all_accounts_of_the_client(self) -> None:
        longer = agreed({"chart": "SKR04", "account_length": 6}, commitments=_both("995500", "995600"))
        assert booked(contract(), longer).lines[0].account == "995500"
        assert "with 6 digits" in self.refused({"chart": "SKR04", "account_length": 6})

    @pytest.mark.parametrize("number", ["9000", "9008", "9009", "9090"])
    def test_carry_nothing_forward(self, number: str) -> None:
        assert "carries balances forward" in self.refused(account=number)

    def test_are_not_reserved(self) -> None:
        assert "is reserved in SKR03" in self.refused(account="9103")

    def test_which_the_clients_own_chart_decides(self) -> None:
        own = [{"number": "9103", "name": "Obligo"}]
        assert rules(chart=own, commitments=_both("9103", AGAINST)).mapping.commitments is not None

    def test_have_no_function_in_the_clients_own_chart(self) -> None:
        own = [{"number": OPEN, "name": "Summen", "function": "collective"}]
        assert "filled by DATEV itself" in self.refused(chart=own)

    def test_are_two(self) -> None:
        assert "name two accounts" in self.refused(contra_account=OPEN)

    @pytest.mark.parametrize("lacking", ["account", "contra_account"])
    def test_are_both_needed(self, lacking: str) -> None:
        given = {name: number for name, number in ACCOUNTS.items() if name != lacking}
        with pytest.raises(ValidationError, match=lacking):
            rules(commitments=given)


def _both(account: str, contra_account: str) -> dict[str, str]:
    return {"account": account, "contra_account": contra_account}
