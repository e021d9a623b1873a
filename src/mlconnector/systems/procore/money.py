"""In which money a record is, and at which rate, as far as Procore says it without a doubt."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.vouchers import currency_problems
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import Currency

_EURO = "EUR"
# More digits than DATEV keeps, so that rounding is left to where the file is written.
_DIGITS = Decimal("0.0000000001")


def rate_of(
    currency: str, configured: Currency | None, title: str, settings: Settings
) -> tuple[Decimal | None, list[Problem]]:
    """Foreign units for one euro, None in euro and where there is none; and what is not certain.

    Procore's documentation does not say in which direction its rates are.
    """
    if not currency:
        return None, [Problem("procore_currency_missing", {"title": title})]
    if currency == _EURO:
        return None, []
    facts = {"title": title, "currency": currency}
    problems = currency_problems(currency)
    base = clean(configured.base_currency_iso_code) if configured else ""
    rate = configured.currency_exchange_rate if configured else None
    if base and base != _EURO:
        return None, [*problems, Problem("procore_base_currency", {**facts, "base": base}, ("base",))]
    if rate is None or rate <= ZERO:
        return None, problems
    if settings.exchange_rates == "hold":
        shown = {**facts, "rate": f"{rate:f}", "turned": f"{(1 / rate).quantize(_DIGITS).normalize():f}"}
        return None, [*problems, Problem("procore_rate_direction", shown, ("currency",))]
    foreign = rate if settings.exchange_rates == "foreign_for_one" else (1 / rate).quantize(_DIGITS)
    return foreign, problems
