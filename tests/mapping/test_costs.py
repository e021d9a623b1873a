"""Costs: each row of a purchase knows the document's own net of it, and what of an entry is cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlconnector.mapping.booking import decide
from mlconnector.mapping.costs import has_costs, line_costs
from mlconnector.mapping.drafts import Draft, entry
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine, reversed_entry
from mlconnector.model.money import ZERO
from mlconnector.model.totals import totals
from mlconnector.model.vouchers import DownPayment, Instalment, Kind, Line, Voucher
from tests.formats.extf.examples import unhurried
from tests.mapping.builders import (
    AUSTRIAN,
    buying,
    cleared,
    draft,
    line,
    payment,
    purchase,
    rules,
    voucher,
)
from tests.mapping.test_properties import vouchers

BY_CODE = buying(
    cost_centre_1={"attribute": "project", "default": "P1"},
    cost_centre_2={"attribute": "code", "table": {"01": "01", "02": "02", "03": "03"}},
    payments={"default": "1200"},
)
UNTAXED = {"rate": 0, "region": "domestic", "case": "purchase_without_tax"}


def coded(amount: str, code: str, rate: str = "19", **facts: Any) -> Line:
    return line(amount, rate, attributes={"code": code}, **facts)


def nets(of: Voucher, by: Rules | None = None) -> list[str]:
    """Amount and net of each row."""
    return [f"{one.amount} {one.net}" for one in draft(of, by or BY_CODE).lines]


def booked(of: Voucher, by: Rules | None = None) -> Entry:
    return entry(draft(of, by or BY_CODE), person="70001", document=None, revision="r", turn=1)


def costs(of: Entry, by: Rules | None = None) -> list[str]:
    """Account, cost by the document and cost by DATEV of each row that is cost."""
    return [f"{one.line.contra_account} {one.net} {one.by_datev}" for one in line_costs(of, by or BY_CODE)]


THREE = (coded("10.01", "01"), coded("10.01", "02"), coded("30.75", "03"))
"""Net 50.77, tax 9.65 (19 % of 50.77 is 9.6463), gross 60.42."""


class TestTheNetOfARow:
    def test_is_the_document_s_where_datev_s_own_is_a_cent_off(self) -> None:
        # 36.60 at 19 % has 5.84 tax in it, so that DATEV has 30.76 on cost code 03
        assert nets(purchase(*THREE)) == ["-11.91 -10.01", "-11.91 -10.01", "-36.60 -30.75"]
        assert costs(booked(purchase(*THREE))) == [
            "3400 10.01 10.01",
            "3400 10.01 10.01",
            "3400 30.75 30.76",
        ]

    def test_is_the_sum_of_all_lines_that_are_booked_with_it(self) -> None:
        of = purchase(coded("100", "01"), coded("50", "02"), coded("-30", "01"), coded("20", "01", "7"))
        assert nets(of) == ["-83.30 -70.00", "-59.50 -50.00", "-21.40 -20.00"]

    def test_is_worked_out_once_where_the_lines_are_gross(self) -> None:
        # 30.00 gross is 25.21 net; 8.40 each would be 25.20
        of = purchase(*(coded("10", code, method="inclusive") for code in ("01", "02", "03")))
        assert nets(of) == ["-10.00 -8.41", "-10.00 -8.40", "-10.00 -8.40"]

    def test_is_the_whole_where_the_tax_comes_on_top_and_is_deducted(self) -> None:
        of = purchase(coded("100", "01", "0"), country="AT", vat_id=AUSTRIAN)
        by = rules(**{**buying().mapping.model_dump(exclude_unset=True), "supply": "goods", "own_rate": 19})
        assert nets(of, by) == ["-100.00 -100.00"]
        assert costs(booked(of, by), by) == ["3425 100.00 100.00"]

    @pytest.mark.parametrize(
        ("of", "settings", "cost"),
        [
            (purchase(line("100")), {"input_tax": False}, "3200 119.00 119.00"),
            (
                purchase(line("100", "0"), country="AT", vat_id=AUSTRIAN),
                {"input_tax": False, "supply": "service", "own_rate": 19, "expense": [{"account": "3200"}]},
                "3200 119.00 119.00",
            ),
        ],
        ids=["in the amount", "on top"],
    )
    def test_is_not_told_where_the_tax_is_lost_and_belongs_to_the_cost(
        self, of: Voucher, settings: dict[str, Any], cost: str
    ) -> None:
        by = buying(**settings)
        assert [one.net for one in draft(of, by).lines] == [None]
        assert costs(booked(of, by), by) == [cost]

    def test_is_not_told_of_the_parts_of_a_line_whose_tax_is_deducted_in_part(self) -> None:
        row = {"category": "Gemischt", "rate": 19, "region": "domestic", "case": "input_tax_19"}
        by = buying(tax_case=[{**row, "deductible": "60"}], expense=[{"account": "4980", "automatic": False}])
        of = purchase(line("1000", category="Gemischt"))
        assert nets(of, by) == ["-714.00 None", "-476.00 None"]
        assert costs(booked(of, by), by) == ["4980 600.00 600.00", "4980 476.00 476.00"]

    def test_leaves_cents_of_the_document_s_own_gross_to_its_tax(self) -> None:
        assert nets(purchase(coded("100", "01"), stated_total=Decimal("119.01"))) == ["-119.01 -100.00"]

    def test_has_them_where_the_document_bears_no_tax(self) -> None:
        by = buying(tax_case=[UNTAXED])
        of = purchase(line("100", "0"), stated_total=Decimal("100.01"))
        assert nets(of, by) == ["-100.01 -100.01"]

    def test_has_the_cents_of_lines_that_move_nothing(self) -> None:
        # what is on cost code 02 is nothing gross, and a cent less than nothing net
        amounts = (("100.30", "01"), ("-0.005", "02"), ("0.0044", "02"), ("0.0151", "03"))
        of = purchase(*(coded(amount, code) for amount, code in amounts))
        assert totals(of.lines, "EUR").line_net[1:3] == (Decimal("-0.01"), ZERO)
        assert nets(of) == ["-119.35 -100.29", "-0.02 -0.02"]

    def test_is_divided_among_instalments(self) -> None:
        of = purchase(
            coded("33.33", "01"),
            coded("66.67", "02"),
            instalments=(
                Instalment(amount=Decimal("17.85"), due_date=date(2026, 8, 1)),
                Instalment(amount=Decimal("101.15"), due_date=date(2027, 8, 1)),
            ),
        )
        assert nets(of) == ["-5.95 -5.00", "-11.90 -10.00", "-33.71 -28.33", "-67.44 -56.67"]

    def test_is_not_told_of_sales(self) -> None:
        by = rules(tax_case=[{"rate": 0, "region": "domestic", "case": "not_taxable"}])
        assert nets(voucher(line("100"), line("100", "0")), by) == ["119.00 None", "100.00 None"]

    def test_is_not_told_of_a_request_for_a_down_payment(self) -> None:
        assert nets(purchase(line("100"), requests_down_payment=True)) == ["-119.00 None"]

    def test_is_taken_back_with_its_row(self) -> None:
        back = reversed_entry(booked(purchase(*THREE)), revision="r2", turn=1)
        assert costs(back) == ["3400 -10.01 -10.01", "3400 -10.01 -10.01", "3400 -30.75 -30.76"]


@unhurried
@given(vouchers())
def test_all_nets_together_are_the_document_s(of: Voucher) -> None:
    by = buying(tax_case=[UNTAXED], cost_centre_1={"table": {"A": "100"}, "default": "900"})
    made = decide(msgspec.structs.replace(of, direction="purchase"), by)
    assume(isinstance(made, Draft))
    assert isinstance(made, Draft)
    assert (
        sum((-one.net for one in made.lines if one.net is not None), ZERO)
        == totals(of.lines, of.currency).net
    )


@unhurried
@given(vouchers(), st.decimals("0.01", "0.99", places=2))
def test_instalments_leave_them_what_they_are(of: Voucher, part: Decimal) -> None:
    by = buying(tax_case=[UNTAXED], cost_centre_1={"table": {"A": "100"}, "default": "900"})
    gross = totals(of.lines, "EUR").gross
    first = (gross * part).quantize(Decimal("0.01"))
    assume(first > 0 and gross - first > 0)
    parts = tuple(Instalment(amount=one, due_date=date(2027, 1, 1)) for one in (first, gross - first))
    plain = {"direction": "purchase", "currency": "EUR", "exchange_rate": None}
    made = decide(msgspec.structs.replace(of, instalments=parts, **plain), by)
    assume(isinstance(made, Draft))
    assert isinstance(made, Draft)
    assert -sum((one.net or ZERO for one in made.lines), ZERO) == totals(of.lines, "EUR").net


class TestWhatIsCost:
    def test_an_old_booking_that_knows_no_net_costs_what_datev_makes_of_it(self) -> None:
        made = booked(purchase(*THREE))
        old = msgspec.structs.replace(
            made, lines=tuple(msgspec.structs.replace(one, net=None) for one in made.lines)
        )
        assert costs(old) == ["3400 10.01 10.01", "3400 10.01 10.01", "3400 30.76 30.76"]

    @pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.DIRECT_COST])
    def test_documents_of_suppliers(self, kind: Kind) -> None:
        assert costs(booked(purchase(line("100"), kind=kind))) == ["3400 100.00 100.00"]

    def test_credit_notes_lower_it(self) -> None:
        assert costs(booked(purchase(line("-100"), kind=Kind.CREDIT_NOTE))) == ["3400 -100.00 -100.00"]

    @pytest.mark.parametrize(
        "of",
        [
            voucher(line("100")),
            payment(cleared(), direction="purchase"),
            payment(cleared(amount="116.62", discount="2.38", rate="19"), direction="purchase"),
            purchase(line("100"), requests_down_payment=True),
        ],
        ids=["a sale", "a payment", "a payment with Skonto", "a request for a down payment"],
    )
    def test_nothing_else(self, of: Voucher) -> None:
        assert not has_costs(booked(of), BY_CODE)
        assert costs(booked(of)) == []

    @pytest.mark.parametrize("paid", [True, False])
    @pytest.mark.parametrize("named", [{}, {"paid": {"19": "1519"}}])
    def test_a_final_document_costs_the_whole_supply_whatever_was_paid_before(
        self, paid: bool, named: dict[str, Any]
    ) -> None:
        chart = [
            {"number": "1519", "name": "Anzahlungen", "function": "automatic", "tax_case": "input_tax_19"}
        ]
        by = rules(chart=chart if named else (), default_expense=True, down_payments=named)
        before = DownPayment(amount=Decimal(119), number="A-1", tax_rate=Decimal(19), paid=paid)
        assert costs(booked(purchase(line("1000"), down_payments=(before,)), by), by) == [
            "3400 1000.00 1000.00"
        ]

    @pytest.mark.parametrize(
        ("account", "settings"),
        [
            ("1590", {"payments": {"default": "1590"}}),
            ("1590", {"payments": {"table": {"Verrechnung": "1590"}}}),
            ("1588", {}),
        ],
        ids=["bank", "clearing", "import VAT"],
    )
    def test_no_line_on_an_account_of_money_or_import_vat(
        self, account: str, settings: dict[str, Any]
    ) -> None:
        row = {"category": "Auslagen", "account": account, "automatic": False, "tax_key": ""}
        of = purchase(line("100"), line("5", "0", category="Auslagen"))
        by = buying(expense=[row], tax_case=[UNTAXED], **settings)
        assert [one.contra_account for one in draft(of, by).lines] == ["3400", account]
        assert costs(booked(of, by), by) == ["3400 100.00 100.00"]

    @pytest.mark.parametrize("case", ["retainage", "construction_withholding", "exchange_difference"])
    def test_no_line_that_moves_money_between_accounts(self, case: str) -> None:
        made = booked(purchase(line("100")))
        moved = EntryLine(
            account="70001", contra_account="1700", amount=Decimal(10), tax_case=case, tax_rate=ZERO
        )
        both = msgspec.structs.replace(made, lines=(*made.lines, moved))
        assert costs(both) == ["3400 100.00 100.00"]

    def test_no_commitment(self) -> None:
        made = msgspec.structs.replace(booked(purchase(line("100"))), voucher="commitment/7")
        assert not has_costs(made, BY_CODE)
