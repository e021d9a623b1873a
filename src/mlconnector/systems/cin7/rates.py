"""Rates as DATEV wants them: foreign units for one euro, where Cin7 has euro for one foreign unit."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem

EURO = "EUR"
# More digits than DATEV keeps, so that rounding is left to where the file is written.
_DIGITS = Decimal("0.0000000001")


def foreign_for_euro(
    rate: Decimal | None, currency: str, base_currency: str, title: str
) -> tuple[Decimal | None, list[Problem]]:
    """The rate of a document, and what keeps it from being one; None in euro, and where there is none.

    Where the company's own currency is not the euro, Cin7's rates are to another one.
    """
    if base_currency != EURO:
        return None, [
            Problem("base_currency_differs", {"title": title, "currency": base_currency}, ("currency",))
        ]
    if currency == EURO or rate is None or rate <= ZERO:
        return None, []
    return (1 / rate).quantize(_DIGITS), []
