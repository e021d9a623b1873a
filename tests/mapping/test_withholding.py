"""Tax withheld of building work (§ 48 EStG): by certificate, by deduction, or held; never in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from mlconnector.mapping.because import explained
from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Draft, Held, entry
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import seeds_by_rules
from mlconnector.mapping.withholding import has_lapsed, looked_at_on
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import DownPayment, Instalment, Kind, Retained, Voucher
from tests.mapping.builders import (
    booked,
    buying,
    cases,
    draft,
    keys,
    line,
    party,
    problems,
    purchase,
    voucher,
)

OF = "organization/7"
CERTIFICATE = {
    "party_id": OF,
    "withholding": "certificate",
    "certificate": "4711",
    "valid_from": date(2026, 1, 1),
    "valid_to": date(2026, 8, 31),
}
DEDUCT = {"party_id": OF, "withholding": "deduct"}
NONE = {"party_id": OF, "withholding": "none", "reason": "nur Material"}
CONSTRUCTION = {"rate": 0, "region": "domestic", "case": "construction_received_19"}


def by(*rows: dict[str, Any], **mapping: Any) -> Rules:
    return buying(contractor=rows, **mapping)


def work(amount: str = "1000", rate: str = "19", **facts: Any) -> Voucher:
    """A bill for work on a building, dated 31 July 2026."""
    return purchase(line(amount, rate), building_work=True, **facts)


def on(day: str, of: Voucher, rules: Rules) -> Draft | Held:
    decision = decide(of, rules, today=date.fromisoformat(day))
    assert isinstance(decision, Draft | Held)
    return decision


def held(day: str, of: Voucher, rules: Rules) -> Problem:
    decision = on(day, of, rules)
    assert isinstance(decision, Held), decision
    (problem,) = decision.problems
    return problem


class TestWithoutARow:
    def test_building_work_waits_and_says_what_would_be_withheld(self) -> None:
        (problem,) = problems(work(), buying())
        assert problem.cause == f"withholding_undecided:party_id={OF}"
        shown = {name: problem.facts[name] for name in ("base", "amount", "number", "party", "day")}
        assert shown == {
            "base": "1190.00",
            "amount": "178.50",
            "number": "RE-1",
            "party": "Sägewerk Harz GmbH",
            "day": "2026-07-31",
        }

    @pytest.mark.parametrize("kind", [Kind.INVOICE, Kind.DIRECT_COST])
    def test_it_does_so_as_an_invoice_and_as_a_direct_cost(self, kind: Kind) -> None:
        assert keys(work(kind=kind), buying()) == ["withholding_undecided"]

    def test_a_credit_note_waits_too(self) -> None:
        assert keys(work("-1000", kind=Kind.CREDIT_NOTE), buying()) == ["withholding_undecided"]

    def test_what_is_no_building_work_is_booked(self) -> None:
        assert booked(purchase(line("1000")), buying()) == [("3400", "", "-1190.00")]

    def test_sales_have_nothing_to_do_with_it(self) -> None:
        assert len(draft(voucher(line("1000"), building_work=True)).lines) == 1

    def test_the_row_of_another_contractor_does_not_count(self) -> None:
        other = {**DEDUCT, "party_id": "organization/8"}
        assert keys(work(), by(other)) == ["withholding_undecided"]


class TestACertificate:
    def test_that_is_valid_lets_it_be_paid_whole(self) -> None:
        made = draft(work(), by(CERTIFICATE))
        assert [one.contra_account for one in made.lines] == ["3400"]
        said = next(one for one in made.because if one.field == "withholding")
        assert (said.rule, said.value) == ("withholding_certificate", "certificate")
        assert said.facts == {
            "row": "1",
            "day": "2026-07-31",
            "certificate": "4711",
            "valid_from": "2026-01-01",
            "valid_to": "2026-08-31",
            "reason": "",
        }

    @pytest.mark.parametrize(("due", "valid"), [("2026-08-31", True), ("2026-09-01", False)])
    def test_has_to_be_valid_when_it_falls_due(self, due: str, valid: bool) -> None:
        decision = on("2026-07-31", work(due_date=date.fromisoformat(due)), by(CERTIFICATE))
        assert isinstance(decision, Draft) == valid

    @pytest.mark.parametrize(("day", "valid"), [("2026-08-31", True), ("2026-09-01", False)])
    def test_has_to_be_valid_on_the_day_of_booking(self, day: str, valid: bool) -> None:
        """Nothing is paid before it is booked."""
        assert isinstance(on(day, work(due_date=date(2026, 8, 14)), by(CERTIFICATE)), Draft) == valid

    def test_that_is_not_yet_valid_is_none(self) -> None:
        old = work(document_date=date(2025, 12, 1), due_date=date(2025, 12, 31))
        assert held("2025-12-31", old, by(CERTIFICATE)).key == "certificate_not_valid"
        assert isinstance(on("2026-01-01", old, by(CERTIFICATE)), Draft)

    def test_that_has_run_out_proposes_what_to_withhold(self) -> None:
        problem = held("2026-09-10", work(), by(CERTIFICATE))
        assert problem.cause == f"certificate_not_valid:party_id={OF}"
        named = ("certificate", "valid_from", "valid_to", "day", "base", "amount")
        assert [problem.facts[name] for name in named] == [
            *("4711", "2026-01-01", "2026-08-31", "2026-09-10", "1190.00", "178.50"),
        ]

    def test_is_followed_by_a_renewed_one(self) -> None:
        renewed = {**CERTIFICATE, "valid_from": date(2026, 8, 1), "valid_to": date(2027, 7, 31)}
        assert isinstance(on("2026-09-10", work(), by(CERTIFICATE, renewed)), Draft)
        assert held("2027-08-01", work(), by(CERTIFICATE, renewed)).facts["valid_to"] == "2027-07-31"

    def test_has_to_hold_for_every_instalment(self) -> None:
        def parts(last: date) -> tuple[Instalment, ...]:
            half = Decimal(595)
            return (
                Instalment(amount=half, due_date=date(2026, 8, 1)),
                Instalment(amount=half, due_date=last),
            )

        assert len(draft(work(instalments=parts(date(2026, 8, 31))), by(CERTIFICATE)).lines) == 2
        assert keys(work(instalments=parts(date(2026, 9, 1))), by(CERTIFICATE)) == ["certificate_not_valid"]


class TestADecisionThatWaits:
    @pytest.fixture
    def lapsed(self) -> Callable[..., bool]:
        def found(of: Voucher, rules: Rules, day: str) -> bool:
            decision = decide(of, rules, today=date(2026, 8, 3))
            assert isinstance(decision, Draft), decision
            made = entry(decision, person="70001", document=None, revision="r", turn=1)
            return has_lapsed(made, date.fromisoformat(day))

        return found

    @pytest.mark.parametrize(("day", "has"), [("2026-08-31", False), ("2026-09-01", True)])
    def test_lapses_with_the_certificate(self, lapsed: Callable[..., bool], day: str, has: bool) -> None:
        assert lapsed(work(), by(CERTIFICATE), day) == has

    def test_does_not_before_it_falls_due(self, lapsed: Callable[..., bool]) -> None:
        later = {**CERTIFICATE, "valid_from": date(2026, 9, 1), "valid_to": date(2026, 9, 30)}
        due = work(due_date=date(2026, 9, 10))
        assert [lapsed(due, by(later), day) for day in ("2026-08-20", "2026-10-01")] == [False, True]

    @pytest.mark.parametrize("row", [DEDUCT, NONE])
    def test_does_not_where_its_row_has_no_end(
        self, lapsed: Callable[..., bool], row: dict[str, Any]
    ) -> None:
        assert not lapsed(work(), by(row), "2030-01-01")

    def test_does_not_where_nobody_was_looked_at(self, lapsed: Callable[..., bool]) -> None:
        assert not lapsed(purchase(line("1000")), by(), "2030-01-01")

    def test_lapses_between_certificates_that_do_not_join(self, lapsed: Callable[..., bool]) -> None:
        """Of two instalments the first may be paid on a day that neither certificate covers."""
        second = {**CERTIFICATE, "valid_from": date(2026, 10, 1), "valid_to": date(2026, 12, 31)}
        half = Decimal(595)
        parts = tuple(Instalment(amount=half, due_date=date(2026, month, 10)) for month in (8, 10))
        bill = work(instalments=parts)
        days = ("2026-08-10", "2026-09-15", "2026-10-05")
        assert [lapsed(bill, by(CERTIFICATE, second), day) for day in days] == [False, True, False]


class TestADeduction:
    def test_moves_15_percent_from_the_creditor(self) -> None:
        assert booked(work(), by(DEDUCT)) == [("3400", "", "-1190.00"), ("1749", "", "178.50")]
        assert cases(work(), by(DEDUCT)) == ["input_tax_19", "withheld_tax"]

    def test_has_an_account_in_each_chart(self) -> None:
        assert booked(work(), buying({"chart": "SKR04"}, contractor=[DEDUCT]))[1][0] == "3726"
        longer = buying({"account_length": 6}, contractor=[DEDUCT])
        assert booked(work(), longer)[1][0] == "174900"

    def test_goes_to_the_account_that_the_client_names(self) -> None:
        assert booked(work(), by(DEDUCT, withholding={"account": "1748"}))[1][0] == "1748"

    def test_waits_in_an_own_chart_without_an_account(self) -> None:
        own = {"attributes": {}, "account": "5000", "automatic": True, "tax_case": "input_tax_19"}
        chart = buying({"chart": "own"}, contractor=[DEDUCT], expense=[own])
        assert keys(work(), chart) == ["withholding_account_missing"]

    def test_leaves_open_what_is_paid_to_the_contractor(self) -> None:
        made = entry(draft(work(), by(DEDUCT)), person="70001", document=None, revision="r", turn=1)
        assert open_items([made])["RE-1"].amount == Decimal("-1011.50")

    @pytest.mark.parametrize(
        ("amount", "tax"), [("0.10", "0.02"), ("0.30", "0.05"), ("0.02", None), ("1000", "150.00")]
    )
    def test_is_rounded_half_up(self, amount: str, tax: str | None) -> None:
        row = {"rate": 0, "region": "domestic", "case": "purchase_without_tax"}
        found = booked(work(amount, "0"), by(DEDUCT, tax_case=[row]))
        assert [one for _, _, one in found[1:]] == ([tax] if tax else [])

    def test_counts_the_vat_that_the_client_owes_itself(self) -> None:
        """§ 48 Abs. 3 EStG: 15 % of 1190.00, though the contractor asks for 1000.00."""
        found = booked(work(rate="0"), by(DEDUCT, tax_case=[CONSTRUCTION]))
        assert found == [("3120", "", "-1000.00"), ("1749", "", "178.50")]

    def test_is_on_what_is_paid_now_and_later_on_the_rest(self) -> None:
        accounts = {"retainage": {"payable": "1701"}}
        first = work(retained=Retained(withheld=Decimal(119)))
        assert booked(first, by(DEDUCT, **accounts))[2] == ("1749", "", "160.65")
        last = replace(work(), lines=(), retained=Retained(released=Decimal(119)))
        assert booked(last, by(DEDUCT, **accounts)) == [("1701", "", "-119.00"), ("1749", "", "17.85")]

    def test_is_given_back_with_a_credit_note(self) -> None:
        credit = work("-1000", kind=Kind.CREDIT_NOTE)
        assert booked(credit, by(DEDUCT)) == [("3400", "", "1190.00"), ("1749", "", "-178.50")]

    def test_is_on_what_down_payments_have_left(self) -> None:
        paid = DownPayment(amount=Decimal(119), number="A-1", tax_rate=Decimal(19), paid=True)
        assert booked(work(down_payments=(paid,)), by(DEDUCT))[2] == ("1749", "", "160.65")

    def test_explains_itself(self) -> None:
        made = entry(draft(work(), by(DEDUCT)), person="70001", document=None, revision="r", turn=1)
        said = {one.field: one for one in explained(made, 2)}
        assert (said["amount"].rule, said["amount"].facts["base"]) == ("withheld_tax", "1190.00")
        assert said["account"].rule == "account_of_withheld_tax"
        assert said["withholding"].rule == "withholding_deduct"

    @pytest.mark.parametrize(
        "facts",
        [
            {"currency": "CHF", "exchange_rate": Decimal("0.95")},
            {"requests_down_payment": True},
            {"instalments": (Instalment(amount=Decimal(1190), due_date=date(2026, 8, 1)),)},
            {
                "down_payments": (
                    DownPayment(amount=Decimal(119), number="A-1", tax_rate=Decimal(19), paid=False),
                )
            },
        ],
    )
    def test_waits_where_it_depends_on_each_payment(self, facts: dict[str, Any]) -> None:
        (problem,) = problems(work(**facts), by(DEDUCT))
        assert problem.cause == "withholding_not_decided:number=RE-1"

    def test_brings_its_account_among_the_proposals(self) -> None:
        named = [one.name for one in seeds_by_rules(by(DEDUCT), date(2026, 1, 1))]
        assert "account:1749" in named
        assert "account:1749" not in [one.name for one in seeds_by_rules(by(NONE), date(2026, 1, 1))]


class TestNothingToWithhold:
    def test_is_booked_with_its_reason(self) -> None:
        made = draft(work(), by(NONE))
        said = next(one for one in made.because if one.field == "withholding")
        assert len(made.lines) == 1
        assert (said.rule, said.facts["reason"]) == ("withholding_none", "nur Material")

    def test_where_nothing_is_left_to_pay(self) -> None:
        paid = DownPayment(amount=Decimal(1190), number="A-1", tax_rate=Decimal(19), paid=True)
        assert len(draft(work(down_payments=(paid,)), buying()).lines) == 2


class TestRows:
    def test_of_one_document_go_before_those_of_the_contractor(self) -> None:
        one = {**NONE, "number": "RE-1"}
        assert len(booked(work(), by(DEDUCT, one))) == 1
        assert len(booked(work(number="RE-2"), by(DEDUCT, one))) == 2

    def test_of_a_contractor_hold_whatever_the_document_says_of_itself(self) -> None:
        assert len(booked(purchase(line("1000")), by(DEDUCT))) == 2

    def test_of_another_document_alone_say_nothing(self) -> None:
        other = {**DEDUCT, "number": "RE-9"}
        assert len(booked(purchase(line("1000")), by(other))) == 1
        assert keys(work(), by(other)) == ["withholding_undecided"]

    def test_may_follow_each_other(self) -> None:
        later = {**DEDUCT, "valid_from": date(2026, 9, 1)}
        assert len(on("2026-08-31", work(), by(CERTIFICATE, later)).lines) == 1  # type: ignore[union-attr]
        assert len(on("2026-09-01", work(), by(CERTIFICATE, later)).lines) == 2  # type: ignore[union-attr]

    def test_without_a_certificate_may_end(self) -> None:
        until = {**DEDUCT, "valid_to": date(2026, 7, 30)}
        assert keys(work(), by(until)) == ["withholding_undecided"]

    def test_of_different_kinds_for_its_instalments_let_it_wait(self) -> None:
        parts = tuple(
            Instalment(amount=Decimal(595), due_date=day) for day in (date(2026, 8, 1), date(2026, 9, 1))
        )
        later = {**NONE, "valid_from": date(2026, 9, 1)}
        assert keys(work(instalments=parts), by(CERTIFICATE, later)) == ["withholding_not_decided"]

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ([{**CERTIFICATE, "valid_to": None}], "needs valid_from and valid_to"),
            ([{**CERTIFICATE, "valid_from": None}], "needs valid_from and valid_to"),
            ([{**CERTIFICATE, "valid_to": date(2025, 1, 1)}], "must not lie before"),
            ([{**NONE, "reason": " "}], "needs a reason"),
            ([{**DEDUCT, "party_id": ""}], "at least 1 character"),
            ([CERTIFICATE, DEDUCT], "row 1 of the same days"),
            ([NONE, {**DEDUCT, "valid_to": date(2026, 1, 1)}], "row 1 of the same days"),
        ],
    )
    def test_that_say_too_little_or_contradict_each_other_are_refused(
        self, rows: list[dict[str, Any]], said: str
    ) -> None:
        with pytest.raises(ValidationError, match=said):
            by(*rows)

    def test_of_different_documents_or_days_do_not_contradict(self) -> None:
        by(CERTIFICATE, {**DEDUCT, "number": "RE-2"}, {**DEDUCT, "party_id": "organization/8"})
        by(CERTIFICATE, {**DEDUCT, "valid_from": date(2026, 9, 1)})


def test_a_booking_that_stands_comes_to_the_same_for_the_day_it_was_decided_for() -> None:
    """The certificate has run out since; what was booked then was right then."""
    first = on("2026-08-20", work(), by(CERTIFICATE))
    assert isinstance(first, Draft)
    made = entry(first, person="70001", document=None, revision="r", turn=1)
    again = decide(work(), by(CERTIFICATE), stands=True, today=looked_at_on(made))
    assert isinstance(again, Draft)
    assert again.lines == first.lines
    assert held("2026-09-20", work(), by(CERTIFICATE)).key == "certificate_not_valid"


def test_a_booking_of_no_building_work_was_decided_for_no_day() -> None:
    plain = draft(purchase(line("1000")), buying())
    assert looked_at_on(entry(plain, person="70001", document=None, revision="r", turn=1)) is None


def test_a_contractor_from_abroad_is_one_too() -> None:
    foreign = work(rate="0", party=party("AT", "ATU13585627", name="Montagebau Linz GmbH"))
    site = replace(foreign, ship_to=voucher().ship_to)
    row = {"rate": 0, "region": "eu", "case": "foreign_service_received_19"}
    assert booked(site, by(DEDUCT, tax_case=[row])) == [("3125", "", "-1000.00"), ("1749", "", "178.50")]
