"""Column 116 (Datum Zuord. Steuerperiode): which day decides the period of the VAT return, case by case."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.tax_periods import TaxPeriod, tax_period
from mlconnector.model.vouchers import Kind, Voucher
from tests.mapping.builders import AUSTRIAN, buying, draft, keys, line, party, purchase, rules, voucher

JUNE, JULY, AUGUST, SEPTEMBER = date(2026, 6, 20), date(2026, 7, 31), date(2026, 8, 3), date(2026, 9, 15)

BY_SUPPLY = [
    *("domestic_19", "domestic_7", "domestic_0", "eu_taxed_19", "eu_service_vat_id", "triangular_supply"),
    *("export_goods", "third_country_service", "reverse_charge_supplied", "oss_goods", "tax_free"),
    *("eu_service_received_19", "eu_service_received_7", "eu_service_received_19_no_deduction"),
]
BY_INVOICE = [
    *("eu_goods_vat_id", "acquisition_19", "acquisition_7", "acquisition_tax_free"),
    *("acquisition_19_no_deduction", "acquisition_7_no_deduction", "foreign_service_received_19"),
    *("construction_received_19", "construction_received_19_no_deduction", "cleaning_received_19"),
    *("devices_received_19", "foreign_service_received_7_no_deduction"),
]
BY_LATER = ["input_tax_19", "input_tax_7", "input_tax_19_apportioned", "input_tax_16"]


def case(name: str) -> TaxCase:
    return tax_cases()[name]


def dated(name: str, supplied: date, invoiced: date, **facts: Any) -> date:
    given = voucher(service_date=supplied, document_date=invoiced, **facts)
    found = tax_period(case(name), given)
    assert isinstance(found, TaxPeriod)
    return found.day


@pytest.mark.parametrize("name", BY_SUPPLY)
def test_domestic_sales_and_services_of_eu_businesses_count_by_the_supply(name: str) -> None:
    assert dated(name, JULY, AUGUST) == JULY
    assert dated(name, AUGUST, JULY) == AUGUST


@pytest.mark.parametrize("name", BY_LATER)
def test_input_tax_counts_by_the_later_one_of_supply_and_invoice(name: str) -> None:
    assert dated(name, JULY, AUGUST) == AUGUST
    assert dated(name, AUGUST, JULY) == AUGUST


@pytest.mark.parametrize("name", BY_INVOICE)
def test_acquisitions_intra_community_supplies_and_paragraph_13b_2_count_by_the_invoice(name: str) -> None:
    assert dated(name, JULY, AUGUST) == AUGUST
    assert dated(name, JULY, date(2026, 8, 31)) == date(2026, 8, 31)


@pytest.mark.parametrize("name", BY_INVOICE)
def test_at_the_latest_by_the_end_of_the_month_after_the_supply(name: str) -> None:
    assert dated(name, JULY, SEPTEMBER) == date(2026, 8, 31)
    assert dated(name, date(2026, 12, 30), date(2027, 2, 2)) == date(2027, 1, 31)
    assert dated(name, date(2028, 1, 5), date(2028, 3, 9)) == date(2028, 2, 29)


@pytest.mark.parametrize("name", BY_INVOICE)
def test_but_not_before_the_supply_whatever_was_invoiced_in_advance(name: str) -> None:
    assert dated(name, AUGUST, JULY) == AUGUST


@pytest.mark.parametrize("name", [*BY_SUPPLY, *BY_INVOICE, *BY_LATER])
def test_a_credit_note_counts_by_its_own_day(name: str) -> None:
    assert dated(name, JUNE, SEPTEMBER, kind=Kind.CREDIT_NOTE) == SEPTEMBER


class TestAMatterThatTheRowNames:
    NAME = "reverse_charge_received_19"

    def test_is_paragraph_13b_2_for_a_supplier_outside_the_other_member_states(self) -> None:
        assert dated(self.NAME, JULY, AUGUST, party=party("CH")) == AUGUST
        assert dated(self.NAME, JULY, AUGUST, party=party("DE")) == AUGUST

    def test_of_an_eu_supplier_is_certain_where_both_rules_lead_to_one_month(self) -> None:
        assert dated(self.NAME, JUNE, date(2026, 6, 30), party=party("AT")) == JUNE

    def test_of_an_eu_supplier_is_unclear_where_they_do_not(self) -> None:
        given = voucher(service_date=JULY, document_date=AUGUST, party=party("AT"))
        assert tax_period(case(self.NAME), given) == "unclear"

    def test_holds_the_voucher_then_and_only_where_the_column_is_written(self) -> None:
        row = {"rate": 0, "region": "eu", "case": self.NAME}
        by: dict[str, Any] = {
            "tax_case": [row],
            "expense": [{"account": "3100", "tax_case": self.NAME, "matter": "1"}],
        }
        given = purchase(
            line(rate="0"), country="AT", vat_id=AUSTRIAN, service_date=JULY, document_date=AUGUST
        )
        assert keys(given, buying({"service_date": True}, **by)) == ["tax_period_unclear"]
        assert draft(given, buying(**by))


class TestAnEntry:
    SOLD = voucher(service_date=JULY, document_date=AUGUST)

    def test_has_the_day_on_each_of_its_lines_and_says_why(self) -> None:
        made = draft(self.SOLD, rules({"service_date": True}))
        assert [one.tax_period for one in made.lines] == [JULY]
        (why,) = [one for one in made.because if one.field == "tax_period"]
        assert (why.value, why.rule, why.line) == ("2026-07-31", "period_by_supply", 1)
        assert why.facts["tax_case"] == "domestic_19"

    def test_has_none_where_the_books_have_no_days_of_supply(self) -> None:
        assert [one.tax_period for one in draft(self.SOLD).lines] == [None]

    def test_has_none_where_the_voucher_states_no_day_of_supply(self) -> None:
        made = draft(voucher(document_date=AUGUST), rules({"service_date": True}))
        assert [one.tax_period for one in made.lines] == [None]

    def test_may_have_several(self) -> None:
        sold: Voucher = purchase(
            line(rate="0", category="Ware"),
            line(rate="0", category="Dienst"),
            country="AT",
            vat_id=AUSTRIAN,
            service_date=JULY,
            document_date=SEPTEMBER,
        )
        by = buying(
            {"service_date": True},
            own_rate=19,
            expense=[{"category": "Ware", "supply": "goods"}, {"category": "Dienst", "supply": "service"}],
        )
        assert [(one.tax_case, one.tax_period) for one in draft(sold, by).lines] == [
            ("acquisition_19", date(2026, 8, 31)),
            ("eu_service_received_19", JULY),
        ]
