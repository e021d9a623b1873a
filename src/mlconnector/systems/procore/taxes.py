"""The tax of lines by the company's tax codes.

Procore adds the taxes of lines up unrounded and rounds once. Where a company has not switched the feature on,
all taxes are nought whatever the vendor's invoice says: then a rule of the settings, or the mapping, says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.model.money import HUNDRED, ZERO
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import Id, TaxCode, text

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax of a line: its rate, and the code that says so (None where there is none)."""

    rate: Decimal = ZERO
    code: str | None = None


def tax_by_code(id_: Id | None, codes: Mapping[str, TaxCode], title: str) -> tuple[Tax | None, list[Problem]]:
    """The tax of a line by its code; None where that is not known."""
    if id_ is None:
        return Tax(), []
    found = codes.get(text(id_))
    if found is None or found.rate1 is None or not clean(found.code):
        return None, [Problem("procore_tax_code_unknown", {"title": title, "code": str(id_)}, ("code",))]
    return Tax(Decimal(found.rate1), clean(found.code)), []


def by_vendor(taxes: Sequence[Tax], vendor: str, settings: Settings) -> list[Tax]:
    """The taxes of a document of which Procore says none at all: the rate that holds for its vendor."""
    rate = settings.vendor_tax.get(vendor)
    if rate is None or any(tax.code is not None or tax.rate for tax in taxes):
        return list(taxes)
    return [Tax(rate)] * len(taxes)


def added(amounts: Sequence[Decimal], taxes: Sequence[Tax]) -> Decimal:
    """The tax of all lines, unrounded."""
    pairs = zip(amounts, taxes, strict=True)
    return sum((amount * tax.rate / HUNDRED for amount, tax in pairs), ZERO)
