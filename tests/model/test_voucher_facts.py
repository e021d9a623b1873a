"""What people know a voucher by, also where its numbers are more than money has digits."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.model.voucher_facts import VoucherFacts, facts_of
from mlconnector.model.vouchers import Retained, encode
from mlconnector.store.derived import of_voucher
from tests.mapping.builders import line, voucher

HUGE = Decimal("9" * 28)


@pytest.mark.parametrize(
    "facts",
    [
        {"stated_total": HUGE},
        {"retained": Retained(withheld=HUGE)},
        {"retained": Retained(released=HUGE)},
    ],
)
def test_a_voucher_of_too_many_digits_is_known_by_its_customer_and_has_no_amount(
    facts: dict[str, object],
) -> None:
    content = encode(voucher(line("100"), **facts)).decode()
    found = facts_of(content)
    assert found.customer
    assert (found.amount, found.owed) == (None, None)
    assert of_voucher("v1", "R-1", "x-1", content)["amount"] is None


def test_nothing_is_known_of_what_could_not_be_read() -> None:
    assert facts_of(None) == VoucherFacts()
