"""The value of a field of a booking, as a language writes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mlconnector.flow.report.case_titles import case_title
from mlconnector.texts import notation
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language

_AMOUNTS = frozenset({"amount", "rounding", "stated_total", "discount", "exchange_rate", "eu_rate"})
_DAYS = frozenset({"date", "due_date", "service_date", "tax_period"})


def field_value(field: str, value: str, spoken: Language) -> str:
    """A tax case by its title, days and amounts as people of the language write them; the rest as it is."""
    if field == "tax_case":
        return case_title(value, spoken)
    if field == "supply":
        return word("supply", value, spoken)
    if field in _DAYS:
        return notation.day(date.fromisoformat(value), spoken)
    if field in _AMOUNTS and "." in value:
        number = Decimal(value)
        return notation.number(number, spoken, notation.amount_places(number))
    return value
