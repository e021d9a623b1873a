"""Fees kept back by the provider of a payment: the document is cleared in full, the fee is cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import seeds_by_rules
from mlconnector.model.vouchers import Voucher
from tests.mapping.builders import cleared, draft, keys, payment, problems, rules

FREE = {"account": "4970", "tax_case": "purchase_without_tax"}
OWED = {"account": "3123", "tax_case": "eu_service_received_19"}


def by(**fees: dict[str, str]) -> Rules:
    return rules(payments={"table": {"PayPal": "1360", "Stripe": "1360"}, "fees": fees})


def paid(provider: str = "PayPal", fee: str = "2.38", **facts: Any) -> Voucher:
    return payment(cleared(), fee=Decimal(fee), attributes={"payment_method": provider}, **facts)


def test_the_document_is_cleared_in_full_and_the_fee_is_cost() -> None:
    made = draft(paid(), by(PayPal=FREE)).lines
    assert [(one.account, one.contra_account, f"{one.amount:f}", one.tax_key) for one in made] == [
        ("", "1360", "-119.00", ""),
        ("1360", "4970", "-2.38", ""),
    ]


def test_the_money_account_has_the_payout() -> None:
    legs = [leg for line in draft(paid(), by(PayPal=FREE)).lines for leg in _legs(line)]
    assert sum(amount for account, amount in legs if account == "1360") == Decimal("116.62")


def _legs(line: Any) -> list[tuple[str, Decimal]]:
    return [(line.account, line.amount), (line.contra_account, -line.amount)]


def test_a_fee_may_be_taxed_by_reverse_charge() -> None:
    made = draft(paid("Stripe"), by(Stripe=OWED)).lines[1]
    assert (made.tax_case, made.tax_rate, made.tax_added) == ("eu_service_received_19", Decimal(19), True)


def test_a_fee_of_a_provider_without_a_row_waits() -> None:
    (problem,) = problems(paid("Stripe"), by(PayPal=FREE))
    assert (problem.cause, problem.facts["fee"]) == ("fee_unknown:given=Stripe", "2.38")
    assert keys(paid(fee="-1"), by(PayPal=FREE)) == ["fee_unknown"]


def test_no_fee_is_no_line() -> None:
    assert len(draft(payment(cleared(), attributes={"payment_method": "PayPal"}), by(PayPal=FREE)).lines) == 1


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"account": "8400", "tax_case": "domestic_19"}, "is for a sale"),
        ({"account": "3123", "tax_case": "purchase_without_tax"}, "is automatic for eu_service_received_19"),
        ({"account": "4969", "tax_case": "purchase_without_tax"}, "4969"),
        ({"account": "4970", "tax_case": "no_such"}, "unknown tax case"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused(row: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        by(PayPal=row)


def test_a_fee_is_among_what_has_to_be_confirmed() -> None:
    names = {one.name for one in seeds_by_rules(by(Stripe=OWED), date(2026, 7, 1))}
    assert {"tax_case:eu_service_received_19", "account:3123"} <= names


def test_and_waits_where_nobody_has_confirmed_its_tax_case() -> None:
    asked = by(Stripe=OWED).model_copy()
    asked = Rules.model_validate(
        {**asked.model_dump(), "mapping": {**asked.mapping.model_dump(), "require_confirmation": True}}
    )
    assert keys(paid("Stripe"), asked) == ["seed_not_confirmed"]
    assert len(draft(payment(cleared(), attributes={"payment_method": "Stripe"}), asked).lines) == 1
