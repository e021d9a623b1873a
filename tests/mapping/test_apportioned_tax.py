"""Partial exemption: the part of the input tax that a rule names is deducted, the rest is cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.drafts import entry
from mlconnector.mapping.postings import tax_differences
from mlconnector.mapping.rules import Rules
from mlconnector.model.vouchers import Kind, Line
from tests.mapping.builders import booked, buying, cases, draft, keys, line, purchase

COST = {"account": "4980", "automatic": False}


def by(percent: str = "60", rate: int = 19, expense: Any = (COST,), **facts: Any) -> Rules:
    row = {"category": "Gemischt", "rate": rate, "region": "domestic", "case": f"input_tax_{rate}", **facts}
    return buying(tax_case=[{**row, "deductible": percent}], expense=expense, default_expense=not expense)


def mixed(amount: str = "1000", rate: str = "19") -> Line:
    return line(amount, rate, category="Gemischt")


def test_the_line_is_divided_on_one_account_with_and_without_the_key() -> None:
    assert booked(purchase(mixed()), by()) == [("4980", "9", "-714.00"), ("4980", "", "-476.00")]
    assert cases(purchase(mixed()), by()) == ["input_tax_19", "no_deduction_19"]


def test_so_is_one_at_the_reduced_rate() -> None:
    made = booked(purchase(mixed("100", "7")), by("25", 7))
    assert made == [("4980", "8", "-26.75"), ("4980", "", "-80.25")]


def test_the_parts_are_the_whole_to_the_cent() -> None:
    made = booked(purchase(mixed("33.33")), by("33.3"))
    assert sum(Decimal(amount) for _, _, amount in made) == Decimal("-39.66")


def test_a_credit_note_is_divided_alike() -> None:
    back = purchase(mixed("-1000"), kind=Kind.CREDIT_NOTE)
    assert booked(back, by()) == [("4980", "9", "714.00"), ("4980", "", "476.00")]


def test_without_accounts_of_the_client_each_part_has_that_of_its_case() -> None:
    made = booked(purchase(mixed()), by(expense=()))
    assert [(account, amount) for account, _, amount in made] == [("3400", "-714.00"), ("3200", "-476.00")]


def test_an_account_that_deducts_all_by_itself_does_not_take_the_rest() -> None:
    automatic = {"account": "3400"}
    assert keys(purchase(mixed()), by(expense=(automatic,))) == ["automatic_account_differs"]


def test_the_preview_misses_no_tax_that_is_cost() -> None:
    of, rules = purchase(mixed()), by()
    made = entry(draft(of, rules), person="70001", document=None, revision="r1", turn=1)
    assert tax_differences(of, made, rules) == ()


def test_it_says_which_part_it_is() -> None:
    said = {one.rule: one.facts for one in draft(purchase(mixed()), by()).because}
    assert said["deductible_part"] == {"percent": "60", "gross": "1190.00"}
    assert "part_not_deductible" in said


@pytest.mark.parametrize("percent", ["0", "100", "-5", "101"])
def test_a_part_is_more_than_nothing_and_less_than_all(percent: str) -> None:
    with pytest.raises(ValidationError, match="deductible"):
        by(percent)


@pytest.mark.parametrize("case", ["acquisition_19", "no_deduction_19", "input_tax_19_apportioned"])
def test_a_case_that_cannot_be_divided_so_is_refused(case: str) -> None:
    with pytest.raises(ValidationError, match="deductible is for input_tax_19 and input_tax_7"):
        buying(tax_case=[{"tax_code": "x", "case": case, "deductible": "50"}])
