"""Difference taxation: the margin alone bears tax, and nothing is booked without the purchase price."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Held, entry
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.postings import tax_differences
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import seeds_by_rules
from mlconnector.model.vouchers import Kind, Line, Voucher
from tests.mapping.builders import booked, cleared, draft, line, payment, problems, rules, voucher

USED = {"rate": 0, "region": "domestic", "category": "Gebraucht", "case": "margin_scheme"}


def by(per: str = "unit", **mapping: Any) -> Rules:
    return rules(tax_case=[USED], margin={"attribute": "EK", "per": per}, **mapping)


def used(amount: str = "1000", price: str | None = "700", **facts: Any) -> Line:
    attributes = {} if price is None else {"EK": price}
    return line(amount, "0", category="Gebraucht", attributes=attributes, **facts)


def test_a_sale_is_the_purchase_price_without_tax_and_the_margin_with_it() -> None:
    assert booked(voucher(used()), by()) == [("8197", "", "700.00"), ("8199", "", "300.00")]


def test_other_lines_stay_beside_it() -> None:
    made = booked(voucher(used(), line("100")), by())
    assert made == [("8197", "", "700.00"), ("8199", "", "300.00"), ("8400", "", "119.00")]


@pytest.mark.parametrize("amount", ["700", "650"])
def test_without_a_margin_nothing_is_taxed(amount: str) -> None:
    assert booked(voucher(used(amount)), by()) == [("8197", "", f"{amount}.00")]


def test_a_loss_reduces_no_other_margin() -> None:
    made = booked(voucher(used("1000"), used("500")), by())
    assert made == [("8197", "", "1200.00"), ("8199", "", "300.00")]


def test_the_price_may_be_that_of_a_unit_or_of_the_line() -> None:
    two = voucher(used("1000", "300", quantity=Decimal(2)))
    assert booked(two, by()) == [("8197", "", "600.00"), ("8199", "", "400.00")]
    assert booked(two, by("line")) == [("8197", "", "300.00"), ("8199", "", "700.00")]


@pytest.mark.parametrize("price", [None, "", "0", "-5", "1.234,50", "700 EUR", "1e3"])
def test_a_price_that_is_no_plain_number_waits(price: str | None) -> None:
    (found,) = problems(voucher(used(price=price)), by())
    assert found.cause == "margin_unknown:attribute=EK"


def test_without_a_rule_for_the_price_it_waits() -> None:
    (found,) = problems(voucher(used()), rules(tax_case=[USED]))
    assert found.cause == "margin_unknown:attribute="


@pytest.mark.parametrize(
    "of",
    [
        voucher(used("-1000"), kind=Kind.CREDIT_NOTE),
        voucher(used(), line("2000"), used("-1000")),
        voucher(used(), currency="CHF", exchange_rate=Decimal(1)),
        voucher(used(), document_date=date(2025, 12, 31)),
    ],
)
def test_what_is_no_invoice_in_euro_of_these_years_waits(of: Voucher) -> None:
    (found,) = problems(of, by())
    assert (found.key, found.facts["unclear"]) == ("margin_unknown", "yes")


def test_a_document_with_tax_on_such_a_line_waits() -> None:
    taxed = voucher(msgspec.structs.replace(used(), tax_rate=Decimal(19)))
    with_row = rules(
        tax_case=[{"tax_code": "25a", "case": "margin_scheme"}], margin={"attribute": "EK", "per": "unit"}
    )
    coded = msgspec.structs.replace(taxed, lines=(msgspec.structs.replace(taxed.lines[0], tax_code="25a"),))
    assert [one.key for one in problems(coded, with_row)] == ["tax_case_rate_differs"]


def test_a_row_may_name_the_account_of_either_part() -> None:
    chart = [
        {"number": "8201", "function": "none"},
        {"number": "8202", "function": "automatic", "tax_case": "margin_scheme_19"},
    ]
    named = rules(
        chart=chart,
        tax_case=[USED],
        margin={"attribute": "EK", "per": "unit"},
        revenue=[
            {"category": "Gebraucht", "account": "8201", "tax_case": "margin_scheme"},
            {"category": "Gebraucht", "account": "8202", "tax_case": "margin_scheme_19"},
        ],
    )
    assert booked(voucher(used()), named) == [("8201", "", "700.00"), ("8202", "", "300.00")]


def test_the_preview_sees_no_tax_on_the_document_that_would_be_missing() -> None:
    of = voucher(used())
    made = entry(draft(of, by()), person="10001", document=None, revision="r1", turn=1)
    assert tax_differences(of, made, by()) == ()


def test_both_parts_are_among_what_has_to_be_confirmed() -> None:
    names = {one.name for one in seeds_by_rules(by(), date(2026, 7, 1))}
    assert {"tax_case:margin_scheme", "tax_case:margin_scheme_19", "account:8197", "account:8199"} <= names


def test_it_says_how_the_margin_came_about() -> None:
    (said,) = [one for one in draft(voucher(used()), by()).because if one.rule == "margin_of_line"]
    assert (said.line, said.facts) == (2, {"price": "700.00", "gross": "1000.00"})


def test_skonto_on_it_waits_since_it_reduces_the_margin_alone() -> None:
    made = entry(draft(voucher(used()), by()), person="10001", document=None, revision="r1", turn=1)
    paid = payment(cleared("RE-1", "980", "20"))
    decision = decide(paid, by(payments={"default": "1200"}), cleared=open_items([made]))
    assert isinstance(decision, Held)
    assert [one.key for one in decision.problems] == ["discount_not_divisible"]
