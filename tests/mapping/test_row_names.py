"""A row keeps its name wherever it stands, and a booking names every row that decided it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.mapping.drafts import entry
from mlconnector.mapping.row_names import NamedRow, entry_name, rows_behind
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.tables import AccountRow, TaxCaseRow
from mlconnector.model.entries import Entry, reversed_entry
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import cleared, draft, line, payment, rules, voucher

JULY = date(2026, 7, 1)


def account(**values: Any) -> str:
    return AccountRow.model_validate(values).name


def case(**values: Any) -> str:
    return TaxCaseRow.model_validate({"tax_code": "X", "case": "tax_free", **values}).name


def booked(of: Voucher, by: Rules) -> Entry:
    return entry(draft(of, by), person="10001", document=None, revision="r1", turn=1)


class TestAName:
    def test_is_made_of_what_the_row_looks_at_and_not_of_what_follows(self) -> None:
        assert account(category="A", account="8400") == account(category="A", supply="goods")
        assert case(reason="weil") == case(case="reverse_charge_supplied", deductible=None)

    @pytest.mark.parametrize(
        "other",
        [
            {"category": "B"},
            {"product": "A"},
            {"category": "A", "tax_case": "domestic_19"},
            {"category": "A", "valid_from": JULY},
            {"attributes": {"category": "A"}},
            {},
        ],
    )
    def test_differs_by_every_fact_and_by_its_beginning(self, other: dict[str, Any]) -> None:
        assert account(category="A") != account(**other)

    @pytest.mark.parametrize(
        "other",
        [{"rate": 0}, {"region": "eu"}, {"stock": "any"}, {"case": "input_tax_19"}, {"valid_from": JULY}],
    )
    def test_of_a_tax_case_differs_by_its_direction_too(self, other: dict[str, Any]) -> None:
        assert case() != case(**other)

    def test_does_not_change_by_how_the_row_is_written(self) -> None:
        assert case(rate=19, region="any") == case(rate=Decimal("19.00"))
        assert account(attributes={"a": "1", "b": "2"}) == account(attributes={"b": "2", "a": "1"})
        assert account(category="A") == account(category="A", product=None, attributes={})

    def test_stays_for_as_long_as_bookings_are_kept(self) -> None:
        """Bookings that are stored already have these names."""
        assert account(category="A", attributes={"a": "1"}) == "2e68097fd7d7f3a2"
        assert case(rate=19, valid_from=JULY) == "b74148f1d5bd1b92"


class TestABooking:
    def test_names_the_rows_of_its_accounts_cases_and_cost_centres(self) -> None:
        by = rules(
            revenue=[{"category": "X"}, {"category": "A", "supply": "service", "valid_from": JULY}],
            tax_case=[{"tax_code": "19", "case": "domestic_19"}],
            cost_centre_1={"attribute": "place", "table": {"N": "100"}},
        )
        sale = voucher(line(category="A", tax_code="19"), attributes={"place": "N"})
        mapping = by.mapping
        assert rows_behind(booked(sale, by)) == {
            NamedRow("revenue", mapping.revenue[1].name),
            NamedRow("tax_case", mapping.tax_case[0].name),
            NamedRow("cost_centre_1", entry_name("place", "N")),
        }

    def test_names_every_row_of_parts_that_are_booked_as_one(self) -> None:
        by = rules(revenue=[{"category": one, "account": "8200"} for one in "AB"])
        made = booked(voucher(line(category="A"), line(category="B"), line(category="A")), by)
        assert len(made.lines) == 1
        assert rows_behind(made) == {NamedRow("revenue", row.name) for row in by.mapping.revenue}
        told = [one.facts["row"] for one in made.because if one.field == "account"]
        assert told == ["1", "2"], "each is told once"

    def test_of_money_names_the_entry_of_its_account(self) -> None:
        by = rules(payments={"attribute": "method", "table": {"Bank": "1200"}})
        paid = booked(payment(cleared(), attributes={"method": "Bank"}), by)
        assert rows_behind(paid) == {NamedRow("payments", entry_name("method", "Bank"))}

    def test_that_defaults_decided_names_no_row(self) -> None:
        by = rules(payments={"default": "1200"}, cost_centre_1={"default": "900"})
        assert rows_behind(booked(voucher(), by)) == frozenset()
        assert rows_behind(booked(payment(cleared()), by)) == frozenset()

    def test_names_none_where_it_takes_another_one_back(self) -> None:
        made = booked(voucher(line(category="A")), rules(revenue=[{"category": "A"}]))
        assert len(rows_behind(made)) == 1
        assert rows_behind(reversed_entry(made, revision="r2", turn=1)) == frozenset()
