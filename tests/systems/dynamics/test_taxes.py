from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.model.money import rounded
from mlconnector.systems.dynamics.taxes import rate_of

RATES = (Decimal(0), Decimal(7), Decimal(19))


@pytest.mark.parametrize(
    ("nets", "tax", "rate"),
    [
        (["100"], "19", 19),
        (["100"], "7", 7),
        (["100"], "0", 0),
        (["-100"], "-19", 19),
        (["100"], "18.99", 19),
        (["100"], "18.98", None),
        (["100"], "16", None),
        (["0.05"], "0.01", None),
        (["100", "90"], "17.10", 19),
        (["100", "90"], "19", 19),
        (["1000", "368.42"], "70.00", None),
    ],
)
def test_the_rate_is_the_only_one_that_gives_the_tax(nets: list[str], tax: str, rate: int | None) -> None:
    found = rate_of([Decimal(net) for net in nets], Decimal(tax), RATES, "EUR")
    assert found == (None if rate is None else Decimal(rate))


def test_a_currency_without_cents_is_tolerant_by_its_own_unit() -> None:
    assert rate_of([Decimal(1000)], Decimal(189), RATES, "JPY") == 19
    assert rate_of([Decimal(1000)], Decimal(188), RATES, "JPY") is None


@given(st.decimals("1", "1000000", places=2), st.sampled_from(RATES))
def test_an_amount_of_a_euro_and_more_is_never_ambiguous(net: Decimal, rate: Decimal) -> None:
    assert rate_of([net], rounded(net * rate / 100), RATES, "EUR") == rate
