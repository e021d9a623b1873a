"""Category and rate of an e-invoice have to be those of the tax case that is booked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from mlconnector.formats.einvoice.invoice import VatGroup
from mlconnector.formats.einvoice.own_invoice import vat_categories
from mlconnector.formats.einvoice.taxes import (
    BookedTax,
    StatedTax,
    TaxDifference,
    booked_taxes,
    categories,
    tax_differences,
)
from mlconnector.mapping.charts import tax_cases
from mlconnector.model.entries import EntryLine
from tests.formats.einvoice.test_comparison import SAME

D = Decimal
STANDARD = {"S", "Z", "E", "AE", "K", "G", "O"}


def group(
    category: str, rate: str | None = "0", base: str = "100", tax: str = "0", reason: str = ""
) -> VatGroup:
    return VatGroup(category, None if rate is None else D(rate), D(base), D(tax), reason)


def found(
    booked: list[BookedTax], *groups: VatGroup, code: str = "380", tolerance: str = "0"
) -> list[TaxDifference]:
    return tax_differences(booked, replace(SAME, vat=groups, type_code=code), D(tolerance))


def booked(case: str, gross: str = "100", rate: str = "0") -> BookedTax:
    return BookedTax(case, D(rate), D(gross))


def test_every_tax_case_has_categories_and_every_category_is_of_the_standard() -> None:
    assert set(categories()) == set(tax_cases())
    assert {one for each in categories().values() for one in each} <= STANDARD | {"margin"}


def test_a_case_is_taxed_where_it_has_a_rate_on_the_document() -> None:
    for name, case in tax_cases().items():
        shown = name != "margin_scheme_19"  # § 14a Abs. 6 Satz 2 UStG
        taxed = shown and (case.rate is None or case.rate > 0)
        assert (categories()[name] == ("S",)) == taxed, name


def test_what_we_write_ourselves_agrees_with_what_we_book() -> None:
    for name, category in vat_categories().items():
        assert category.category in categories()[name]


@pytest.mark.parametrize(
    ("case", "category"),
    [
        ("eu_goods_vat_id", "K"),
        ("eu_service_vat_id", "AE"),
        ("reverse_charge_supplied", "AE"),
        ("export_goods", "G"),
        ("third_country_service", "O"),
        ("domestic_0", "Z"),
        ("small_business", "E"),
        ("tax_free", "E"),
    ],
)
@pytest.mark.parametrize("stated", sorted(STANDARD | {"L", "M", "B"}))
def test_a_sale_without_tax_agrees_with_its_own_reason_alone(case: str, category: str, stated: str) -> None:
    allowed = categories()[case]
    differs = found([booked(case)], group(stated))
    assert category in allowed
    if stated in allowed:
        assert differs == []
    else:
        assert differs == [TaxDifference(booked(case), StatedTax(stated, D(0), D(100)))]


def test_what_is_outside_the_scope_of_vat_has_no_rate() -> None:
    assert found([booked("third_country_service")], group("O", None)) == []


def test_another_rate_is_a_difference() -> None:
    differs = found([booked("domestic_19", "119", "19")], group("S", "7", "111.21", "7.79"))
    assert differs == [TaxDifference(booked("domestic_19", "119", "19"), StatedTax("S", D(7), D("119.00")))]


def test_a_tax_that_only_one_side_has_is_a_difference() -> None:
    ours = [booked("domestic_19", "119", "19"), booked("domestic_7", "107", "7")]
    one = group("S", "19", "100", "19")
    assert found(ours, one) == [TaxDifference(ours[1], None)]
    assert found(ours[:1], one, group("Z")) == [TaxDifference(None, StatedTax("Z", D(0), D(100)))]


def test_amounts_that_are_spread_otherwise_over_the_same_taxes_are_a_difference() -> None:
    ours = [booked("domestic_19", "119", "19"), booked("domestic_7", "214", "7")]
    differs = found(ours, group("S", "19", "200", "38"), group("S", "7", "88.79", "6.21"))
    assert [(one.booked, one.stated and one.stated.gross) for one in differs] == [
        (ours[0], D(238)),
        (ours[1], D("95.00")),
    ]


def test_of_sums_that_differ_the_spread_is_not_told_too() -> None:
    assert found([booked("domestic_19", "119", "19")], group("S", "19", "200", "38")) == []


def test_a_cent_may_be_rounded_elsewhere() -> None:
    ours = [booked("domestic_19", "119.01", "19"), booked("domestic_7", "106.99", "7")]
    theirs = (group("S", "19", "100", "19"), group("S", "7", "100", "7"))
    assert len(found(ours, *theirs)) == 2
    assert found(ours, *theirs, tolerance="0.05") == []


def test_one_stated_tax_may_be_booked_in_two_ways() -> None:
    """Input tax is deducted from one line and not from the other; the supplier does not know."""
    ours = [booked("input_tax_19", "59.50", "19"), booked("no_deduction_19", "59.50", "19")]
    assert found(ours, group("S", "19", "100", "19")) == []


def test_a_credit_note_gives_back() -> None:
    assert found([booked("domestic_19", "-119", "19")], group("S", "19", "100", "19"), code="381") == []


def test_a_group_of_nothing_says_nothing() -> None:
    assert (
        found([booked("domestic_19", "119", "19")], group("S", "19", "100", "19"), group("Z", base="0")) == []
    )


def test_a_breakdown_that_is_not_there_cannot_differ() -> None:
    assert found([booked("eu_goods_vat_id")]) == []


class TestTheCodeOfTheReason:
    @pytest.mark.parametrize(
        ("reason", "case"),
        [
            ("VATEX-EU-AE", "eu_service_vat_id"),
            ("VATEX-EU-IC", "eu_goods_vat_id"),
            ("VATEX-EU-G", "export_goods"),
            ("VATEX-EU-O", "third_country_service"),
        ],
    )
    def test_says_more_than_exempt(self, reason: str, case: str) -> None:
        assert found([booked(case)], group("E", reason=reason)) == []
        assert len(found([booked("tax_free")], group("E", reason=reason))) == 1

    @pytest.mark.parametrize("reason", ["VATEX-EU-D", "VATEX-EU-F", "VATEX-EU-I", "VATEX-EU-J"])
    def test_tells_what_is_taxed_on_its_margin(self, reason: str) -> None:
        stated = StatedTax("margin", D(0), D(100), reason)
        assert found([booked("tax_free")], group("E", reason=reason)) == [
            TaxDifference(booked("tax_free"), stated)
        ]
        assert found([booked("purchase_without_tax")], group("E", reason=reason)) == []

    def test_that_contradicts_its_category_agrees_with_nothing(self) -> None:
        (differs,) = found([booked("eu_goods_vat_id")], group("K", reason="VATEX-EU-AE"))
        assert differs.stated == StatedTax("K/AE", D(0), D(100), "VATEX-EU-AE")

    def test_of_an_exemption_of_its_own_changes_nothing(self) -> None:
        assert found([booked("tax_free")], group("E", reason="VATEX-EU-132-1I")) == []


class TestWhatIsBooked:
    LINE = EntryLine(
        account="10000", contra_account="8400", amount=D(119), tax_case="domestic_19", tax_rate=D(19)
    )

    def test_is_added_up_by_case_and_rate(self) -> None:
        assert booked_taxes([self.LINE, self.LINE], "sale") == [booked("domestic_19", "238", "19")]

    def test_has_the_signs_of_the_document(self) -> None:
        line = EntryLine(
            account="70000", contra_account="3400", amount=D(-119), tax_case="input_tax_19", tax_rate=D(19)
        )
        assert booked_taxes([line], "purchase") == [booked("input_tax_19", "119", "19")]

    def test_leaves_out_a_tax_that_the_client_adds_itself(self) -> None:
        line = EntryLine(
            account="70000",
            contra_account="3425",
            amount=D(-100),
            tax_case="acquisition_19",
            tax_rate=D(19),
            tax_added=True,
        )
        assert booked_taxes([line], "purchase") == [booked("acquisition_19")]
        assert found(booked_taxes([line], "purchase"), group("K")) == []
        assert len(found(booked_taxes([line], "purchase"), group("AE"))) == 1
