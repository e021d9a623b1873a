"""Freight and the like at the rates of what they belong to (UStAE Abschn. 3.10 Abs. 5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.model.ancillary import with_rates_of
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import Line, TaxMethod


def line(amount: str, rate: str, method: TaxMethod = "exclusive") -> Line:
    return Line(text="Ware", amount=Decimal(amount), tax_method=method, tax_rate=Decimal(rate))


def freight(amount: str = "10", method: TaxMethod = "exclusive") -> Line:
    """Freight whose source knows no rate."""
    return Line(text="Fracht", amount=Decimal(amount), tax_method=method, tax_rate=Decimal(0), ancillary=True)


def shares(of: Line, *lines: Line) -> list[tuple[str, str]]:
    return [(f"{one.tax_rate:f}", f"{one.amount:f}") for one in with_rates_of(of, lines, "EUR")]


def test_freight_has_the_one_rate_of_the_goods() -> None:
    assert shares(freight("4.99"), line("100", "7")) == [("7", "4.99")]
    assert shares(freight("50"), line("100", "0")) == [("0", "50")]


def test_freight_is_split_over_the_rates_by_their_net_amounts() -> None:
    assert shares(freight("10"), line("300", "19"), line("100", "7")) == [("19", "7.5"), ("7", "2.5")]


def test_gross_freight_is_split_by_the_gross_amounts() -> None:
    # 300.00 net at 19 % are 357.00, 100.00 net at 7 % are 107.00: 10.00 × 357/464 = 7.69.
    assert shares(freight("10", "inclusive"), line("300", "19"), line("100", "7")) == [
        ("19", "7.69"),
        ("7", "2.31"),
    ]


def test_no_cent_is_lost() -> None:
    parts = with_rates_of(freight("0.05"), [line("1", "19"), line("1", "7"), line("1", "0")], "EUR")
    assert sum(one.amount for one in parts) == Decimal("0.05")
    assert totals(parts, "EUR").net == Decimal("0.05")


def test_another_ancillary_line_says_no_proportion() -> None:
    packing = Line(
        text="Verpackung",
        amount=Decimal(900),
        tax_method="exclusive",
        tax_rate=Decimal(19),
        ancillary=True,
    )
    assert shares(freight("10"), line("100", "7"), packing) == [("7", "10")]


def test_the_parts_stay_ancillary_and_keep_what_the_line_says() -> None:
    (part,) = with_rates_of(freight("10"), [line("100", "7")], "EUR")
    assert (part.text, part.ancillary) == ("Fracht", True)


@pytest.mark.parametrize("lines", [[], [line("0", "19")], [line("100", "19"), line("-50", "7")]])
def test_lines_that_say_no_proportion_give_none(lines: list[Line]) -> None:
    assert with_rates_of(freight(), lines, "EUR") == ()


def test_freight_that_is_to_carry_no_tax_cannot_belong_to_taxed_lines() -> None:
    assert shares(freight("10", "none"), line("100", "19")) == []
    assert shares(freight("10", "none"), line("100", "19", "none")) == [("0", "10")]
