from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.model.problems import Problem
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line
from mlconnector.systems.pipedrive.lines import may_have_discounts, voucher_lines
from mlconnector.systems.pipedrive.shapes import Deal, DealProduct, Discount, Product
from tests.systems.pipedrive.records import deal, product, settings

CENT = Decimal("0.01")


def lines_of(
    whole: Deal,
    products: list[DealProduct],
    discounts: list[Discount] | None = None,
    catalogue: dict[int, Product] | None = None,
    categories: dict[str, str] | None = None,
    **changed: Any,
) -> tuple[tuple[Line, ...], list[Problem]]:
    return voucher_lines(
        whole, products, discounts or [], catalogue or {}, categories or {}, settings(**changed)
    )


def percent(amount: str) -> Discount:
    return Discount(amount=Decimal(amount), type="percentage")


def off(amount: str) -> Discount:
    return Discount(amount=Decimal(amount), type="amount")


def keys(problems: list[Problem]) -> list[str]:
    return [problem.key for problem in problems]


class TestTaxMethods:
    @pytest.mark.parametrize("value", ["100", "119"])
    def test_tax_on_top_may_be_in_the_value_or_not(self, value: str) -> None:
        (line,), problems = lines_of(deal(value), [product("100")])
        assert (line.amount, line.tax_rate) == (Decimal(100), Decimal(19))
        assert line.tax_method == "exclusive"
        assert problems == []

    def test_a_price_with_tax_stays_gross(self) -> None:
        lines, problems = lines_of(deal("119"), [product("119", tax_method="inclusive")])
        assert totals(lines, "EUR").net == 100
        assert problems == []

    def test_no_tax_means_no_rate_whatever_the_line_says(self) -> None:
        (line,), problems = lines_of(deal("100"), [product("100", tax_method="none")])
        assert line.tax_method == "none"
        assert line.tax_rate == 0
        assert problems == []

    def test_an_unknown_tax_method_is_said(self) -> None:
        lines, problems = lines_of(deal("100"), [product("100", tax_method="reverse")])
        assert lines == ()
        assert keys(problems) == ["line_unreadable"]


class TestDiscounts:
    def test_a_percentage_is_taken_off_exactly(self) -> None:
        (line,), problems = lines_of(deal("87.50"), [product("100", discount=Decimal("12.5"))])
        assert line.amount == Decimal("87.5")
        assert problems == []

    @pytest.mark.parametrize(("rule", "amount"), [("line", 290), ("unit", 270)])
    def test_an_amount_is_taken_off_the_line_or_every_unit(self, rule: str, amount: int) -> None:
        discounted = product("100", quantity=Decimal(3), discount=Decimal(10), discount_type="amount")
        (line,), problems = lines_of(deal(str(amount)), [discounted], discount_amount_is=rule)
        assert line.amount == amount
        assert problems == []

    def test_a_discount_on_the_deal_is_shared_out_over_the_lines(self) -> None:
        products = [product("300"), product("100", tax=Decimal(7))]
        lines, problems = lines_of(deal("360"), products, [percent("10")])
        assert [line.amount for line in lines] == [270, 90]
        assert problems == []

    def test_several_discounts_on_the_deal_are_taken_off_the_same_sum(self) -> None:
        lines, problems = lines_of(deal("85"), [product("100")], [percent("10"), off("5")])
        assert [line.amount for line in lines] == [85]
        assert problems == []

    def test_a_half_cent_of_discount_is_rounded_like_on_an_invoice(self) -> None:
        lines, problems = lines_of(deal("308.39"), [product("333.40")], [percent("7.5")])
        assert [line.amount for line in lines] == [Decimal("308.39")]
        assert problems == []

    def test_discounts_are_asked_for_only_where_the_lines_are_not_the_value(self) -> None:
        assert not may_have_discounts(deal("100"), [product("100", sum=Decimal("100.00"))])
        assert may_have_discounts(deal("90"), [product("100", sum=Decimal(100))])
        assert may_have_discounts(deal("100"), [product("100", sum=None)])
        assert not may_have_discounts(deal("100"), [])
        off_line = product("50", sum=Decimal(50), is_enabled=False)
        assert not may_have_discounts(deal("100"), [product("100", sum=Decimal(100)), off_line])


class TestTheValueOfTheDeal:
    def test_lines_that_are_not_the_value_are_a_problem_with_both_sums(self) -> None:
        _, (problem,) = lines_of(deal("150"), [product("100")])
        assert problem.key == "total_differs"
        assert problem.facts == {
            "stated": "150.00",
            "lines": "100.00 / 119.00",
            "net": "100.00",
            "gross": "119.00",
            "currency": "EUR",
        }

    def test_a_few_cents_are_tolerated(self) -> None:
        assert lines_of(deal("119.05"), [product("100")])[1] == []
        assert keys(lines_of(deal("119.06"), [product("100")])[1]) == ["total_differs"]
        assert keys(lines_of(deal("119.01"), [product("100")], value_tolerance=0)[1]) == ["total_differs"]

    def test_lines_are_rounded_to_cents_where_only_that_makes_up_the_value(self) -> None:
        odd = product("0.335", tax_method="none")
        exactly, _ = lines_of(deal("0.67"), [odd, odd])
        assert [line.amount for line in exactly] == [Decimal("0.335")] * 2
        rounded, problems = lines_of(deal("0.68"), [odd, odd])
        assert [line.amount for line in rounded] == [Decimal("0.34")] * 2
        assert problems == []

    def test_disabled_lines_do_not_count(self) -> None:
        lines, problems = lines_of(deal("100"), [product("100"), product("50", is_enabled=False)])
        assert len(lines) == 1
        assert problems == []

    def test_lines_that_move_nothing_are_left_out(self) -> None:
        lines, problems = lines_of(deal("100"), [product("100"), product("40", discount=Decimal(100))])
        assert [line.amount for line in lines] == [100]
        assert problems == []

    def test_a_deal_worth_nothing_has_no_lines_and_no_problem(self) -> None:
        assert lines_of(deal("0"), [product("40", discount=Decimal(100))]) == ((), [])
        assert lines_of(deal("0"), []) == ((), [])
        assert lines_of(deal(None), []) == ((), [])

    def test_a_negative_line_reduces_the_total(self) -> None:
        lines, problems = lines_of(deal("90"), [product("100"), product("-10")])
        assert [line.amount for line in lines] == [100, -10]
        assert problems == []


class TestDealsWithoutProducts:
    def test_they_are_held_where_nobody_has_decided(self) -> None:
        lines, (problem,) = lines_of(deal("500"), [])
        assert lines == ()
        assert problem == Problem(
            "lines_missing", {"value": "500", "currency": "EUR", "title": "Dach Müller"}
        )

    @pytest.mark.parametrize(("rule", "gross"), [("net", 595), ("gross", 500)])
    def test_their_value_becomes_one_line_where_it_was_decided(self, rule: str, gross: int) -> None:
        lines, problems = lines_of(deal("500"), [], without_products=rule, without_products_tax_rate=19)
        assert [line.text for line in lines] == ["Dach Müller"]
        assert totals(lines, "EUR").gross == gross
        assert problems == []

    def test_lines_that_are_all_disabled_count_as_none(self) -> None:
        assert keys(lines_of(deal("500"), [product("500", is_enabled=False)])[1]) == ["lines_missing"]


class TestWhatALineSays:
    def test_the_catalogue_gives_product_code_and_category(self) -> None:
        catalogue = {5: Product(id=5, name="Montage vor Ort", code="MONT", category="Montage")}
        sold = product("100", product_id=5, name="Montage 👍", comments="2. Stock")
        (line,), _ = lines_of(deal("100"), [sold], catalogue=catalogue)
        assert line.text == "Montage 👍 – 2. Stock"
        assert (line.product, line.product_code, line.category) == ("Montage vor Ort", "MONT", "Montage")

    def test_a_category_that_is_an_option_is_shown_by_its_label(self) -> None:
        catalogue = {5: Product(id=5, code="MONT", category=12)}
        (line,), _ = lines_of(
            deal("100"), [product("100", product_id=5)], catalogue=catalogue, categories={"12": "Montage"}
        )
        assert line.category == "Montage"

    def test_a_product_that_was_deleted_leaves_the_name_of_the_line(self) -> None:
        (line,), _ = lines_of(deal("100"), [product("100", product_id=99)])
        assert (line.product, line.product_code, line.category) == ("Montage", None, None)

    def test_texts_are_composed(self) -> None:
        (line,), _ = lines_of(deal("100"), [product("100", name=" Gru\u0308ndach ")])
        assert line.text == "Gründach"

    def test_a_line_in_another_currency_is_a_problem(self) -> None:
        lines, problems = lines_of(deal("100"), [product("100", currency="CHF")])
        assert lines == ()
        assert keys(problems) == ["line_currency_differs"]

    def test_a_line_that_recurs_is_a_problem(self) -> None:
        _, problems = lines_of(deal("100"), [product("100", billing_frequency="monthly")])
        assert keys(problems) == ["line_recurring"]
        assert lines_of(deal("100"), [product("100", billing_frequency="one-time")])[1] == []


def cents(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda whole: Decimal(whole) * CENT)


def line_sum(line: DealProduct) -> Decimal:
    assert line.quantity is not None
    assert line.item_price is not None
    assert line.discount is not None
    return (line.quantity * line.item_price * (100 - line.discount) / 100).quantize(CENT, ROUND_HALF_UP)


@st.composite
def orders(draw: st.DrawFn) -> tuple[list[DealProduct], list[Discount], Decimal]:
    """Lines and discounts with the value that belongs to them where every line is rounded to cents."""
    products = [
        product(
            draw(cents(1, 500_000)),
            quantity=draw(cents(1, 9_999)),
            discount=draw(cents(0, 2_000)),
            tax=Decimal(draw(st.sampled_from([0, 7, 19]))),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]
    subtotal = sum((line_sum(each) for each in products), Decimal(0))
    discounts = [percent(str(draw(cents(0, 3_000)))) for _ in range(draw(st.integers(0, 2)))]
    value = subtotal - sum(
        ((subtotal * each.amount / 100).quantize(CENT, ROUND_HALF_UP) for each in discounts), Decimal(0)
    )
    return products, discounts, value


@given(orders())
def test_the_lines_add_up_to_the_value_whatever_was_discounted(
    order: tuple[list[DealProduct], list[Discount], Decimal],
) -> None:
    products, discounts, value = order
    lines, problems = lines_of(deal(value), products, discounts)
    assert problems == []
    assert abs(totals(lines, "EUR").net - value) <= Decimal("0.05")
    if len({line.tax_rate for line in lines}) == 1:
        assert totals(lines, "EUR").net == value
