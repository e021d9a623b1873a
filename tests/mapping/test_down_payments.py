"""Down payments: taxed when they are paid, and taken off the final document with their tax."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from mlconnector.mapping.booking import decide
from mlconnector.mapping.drafts import Held, entry
from mlconnector.mapping.open_items import open_items
from mlconnector.mapping.postings import tax_differences
from mlconnector.model.vouchers import Allocation, DownPayment, Kind, Voucher
from tests.mapping.builders import (
    AUSTRIAN,
    booked,
    buying,
    cases,
    document,
    draft,
    keys,
    line,
    party,
    payment,
    problems,
    purchase,
    rules,
    voucher,
)

BY = rules(payments={"default": "1200"})


def settled(**facts: Any) -> DownPayment:
    values: dict[str, Any] = {
        "amount": Decimal(119),
        "number": "A-1",
        "tax_rate": Decimal(19),
        "paid": True,
    }
    return DownPayment(**{**values, **facts})


def final(*down_payments: DownPayment, **facts: Any) -> Voucher:
    """A final invoice over 1190.00."""
    return voucher(line("1000", "19"), number="S-1", down_payments=down_payments, **facts)


class TestARequest:
    def test_moves_the_gross_without_tax(self) -> None:
        request = voucher(line("100", "19"), requests_down_payment=True)
        assert booked(request) == [("1593", "", "119.00")]
        assert cases(request) == ["down_payment_requested"]

    def test_is_one_row_whatever_its_rates(self) -> None:
        request = voucher(line("100", "19"), line("100", "7"), requests_down_payment=True)
        assert booked(request) == [("1593", "", "226.00")]

    def test_of_a_supplier_goes_the_other_way(self) -> None:
        request = purchase(line("100", "19"), requests_down_payment=True)
        assert booked(request, buying()) == [("1793", "", "-119.00")]

    def test_waits_where_another_tax_case_holds(self) -> None:
        request = voucher(
            line("100", "0", supply="service"), party=party("AT", AUSTRIAN), requests_down_payment=True
        )
        (problem,) = problems(request)
        assert problem.cause == "down_payment_not_decided:tax_case=eu_service_vat_id"

    def test_cannot_settle_another_one_too(self) -> None:
        assert keys(final(settled(), requests_down_payment=True)) == ["down_payment_unclear"]


class TestTheMoney:
    def paid(self, rate: str | None = "19", **facts: Any) -> Voucher:
        cleared = Allocation(
            number="A-1",
            amount=Decimal(119),
            down_payment_rate=None if rate is None else Decimal(rate),
            **facts,
        )
        return payment(cleared)

    def test_makes_the_tax_due(self) -> None:
        made = draft(self.paid(), BY).lines
        assert [(one.account, one.contra_account, one.amount) for one in made] == [
            ("", "1200", Decimal(-119)),
            ("1593", "1718", Decimal(119)),
        ]
        assert [(one.tax_case, one.tax_rate, one.number) for one in made][1] == (
            "domestic_19",
            Decimal(19),
            "A-1",
        )

    def test_keeps_the_account_that_is_no_persons(self) -> None:
        made = entry(draft(self.paid(), BY), person="10001", document=None, revision="r", turn=1)
        assert [one.account for one in made.lines] == ["10001", "1593"]

    def test_to_a_supplier_makes_input_tax(self) -> None:
        cleared = Allocation(number="A-1", amount=Decimal(107), down_payment_rate=Decimal(7))
        made = draft(payment(cleared, direction="purchase"), BY).lines[1]
        assert (made.account, made.contra_account, made.amount) == ("1793", "1511", Decimal(-107))

    def test_that_clears_an_invoice_makes_none(self) -> None:
        assert len(draft(self.paid(None), BY).lines) == 1

    def test_waits_with_a_discount_or_an_unknown_rate(self) -> None:
        discounted = self.paid(discount=Decimal(1), discount_rate=Decimal(19))
        assert keys(discounted, BY) == ["down_payment_unclear"]
        assert keys(self.paid("20"), BY) == ["down_payment_not_decided"]


class TestTheFinalDocument:
    def test_takes_off_what_was_paid_with_its_tax(self) -> None:
        assert booked(final(settled())) == [("8400", "", "1190.00"), ("1718", "", "-119.00")]
        assert cases(final(settled())) == ["domestic_19", "domestic_19"]

    def test_leaves_the_rest_open_under_its_own_number(self) -> None:
        made = draft(final(settled())).lines
        assert [one.number for one in made] == ["", ""]
        assert sum(one.amount for one in made) == Decimal("1071.00")

    def test_clears_a_request_that_was_never_paid(self) -> None:
        made = draft(final(settled(paid=False))).lines[1]
        assert (made.contra_account, made.amount, made.number) == ("1593", Decimal(-119), "A-1")
        assert (made.tax_case, made.tax_rate) == ("down_payment_requested", Decimal(0))

    def test_of_a_supplier_goes_the_other_way(self) -> None:
        bill = purchase(line("1000", "19"), down_payments=(settled(),))
        assert booked(bill, buying()) == [("3400", "", "-1190.00"), ("1518", "", "119.00")]

    @pytest.mark.parametrize(
        "unknown",
        [
            {"paid": None},
            {"tax_rate": None},
            {"number": None},
            {"tax_rate": Decimal(7)},
            {"amount": Decimal(-119)},
            {"amount": Decimal("1190.01")},
        ],
    )
    def test_waits_where_a_fact_is_missing_or_does_not_fit(self, unknown: dict[str, Any]) -> None:
        (problem,) = problems(final(settled(**unknown)))
        assert (problem.key, problem.facts["number"]) == ("down_payment_unclear", "S-1")

    def test_waits_where_the_recipient_owes_the_tax(self) -> None:
        row = {"rate": 0, "region": "domestic", "case": "reverse_charge_supplied"}
        sale = voucher(line("1000", "0"), down_payments=(settled(tax_rate=Decimal(0)),))
        assert keys(sale, rules(tax_case=[row])) == ["down_payment_unclear"]

    def test_is_no_credit_note(self) -> None:
        credit = voucher(line("-1000", "19"), kind=Kind.CREDIT_NOTE, down_payments=(settled(),))
        assert keys(credit) == ["down_payment_unclear"]

    def test_has_the_tax_of_the_document_less_that_of_the_down_payment(self) -> None:
        sale = final(settled())
        made = entry(draft(sale), person="10001", document=None, revision="r", turn=1)
        assert tax_differences(sale, made, rules()) == ()

    def test_says_what_it_took_off(self) -> None:
        (why,) = (one for one in draft(final(settled())).because if one.rule == "down_payment_settled")
        assert (why.value, why.line, why.facts["number"]) == ("1718", 2, "A-1")


class TestTheAccounts:
    def test_may_be_named(self) -> None:
        named = rules(down_payments={"requested": "1590", "received": {"19": "8404"}})
        assert booked(voucher(line("100", "19"), requests_down_payment=True), named) == [
            ("1590", "", "119.00")
        ]
        assert booked(final(settled()), named)[1] == ("8404", "", "-119.00")

    def test_wait_where_they_work_out_another_tax(self) -> None:
        named = rules(down_payments={"received": {"19": "8300"}})
        assert keys(final(settled()), named) == ["down_payment_account"]


@pytest.mark.parametrize(
    "of",
    [
        voucher(line("100"), requests_down_payment=True),
        voucher(line("1000"), down_payments=(settled(),)),
        payment(Allocation(number="A-1", amount=Decimal(119), down_payment_rate=Decimal(19))),
    ],
)
def test_in_foreign_money_wait_since_each_document_has_its_own_rate(of: Voucher) -> None:
    foreign = msgspec.structs.replace(of, currency="USD", exchange_rate=Decimal("1.1"))
    request = document(number="A-1", currency="USD", rate="1.05")
    decision = decide(foreign, BY, cleared=open_items([request]))
    assert isinstance(decision, Held)
    assert [one.cause for one in decision.problems] == ["down_payment_currency:currency=USD"]


def test_what_is_deducted_in_part_waits_since_the_down_payment_was_deducted_as_a_whole() -> None:
    row = {"category": "Gemischt", "rate": 19, "region": "domestic", "case": "input_tax_19", "deductible": 60}
    cost = [{"account": "4980", "automatic": False}]
    of = purchase(line("1000", category="Gemischt"), down_payments=(settled(),))
    assert keys(of, rules(tax_case=[row], expense=cost)) == ["down_payment_unclear"]
