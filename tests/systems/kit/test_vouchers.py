from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.model.vouchers import Kind
from mlconnector.systems.kit.vouchers import currency_problems, filled, kind_by_total


@pytest.mark.parametrize(
    ("total", "kind"),
    [("119.00", Kind.INVOICE), ("0", Kind.INVOICE), ("-0.00", Kind.INVOICE), ("-0.01", Kind.CREDIT_NOTE)],
)
def test_a_total_below_zero_makes_a_credit_note(total: str, kind: Kind) -> None:
    assert kind_by_total(Decimal(total)) is kind


def test_without_a_total_a_record_is_taken_for_an_invoice() -> None:
    assert kind_by_total(None) is Kind.INVOICE


def test_money_that_the_standard_does_not_have_holds_the_document() -> None:
    assert currency_problems("EUR") == []
    assert [problem.cause for problem in currency_problems("PKT")] == ["currency_unknown:currency=PKT"]
    assert [problem.key for problem in currency_problems("")] == ["currency_unknown"]


def test_attributes_without_a_value_are_left_out() -> None:
    assert filled({"owner": "7", "pipeline": "", "cost_centre": None}) == {"owner": "7"}
