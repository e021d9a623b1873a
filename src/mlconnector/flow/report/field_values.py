"""The value of a field of a booking, as a language writes it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from mlconnector.texts import notation
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language

_AMOUNTS = frozenset({"amount", "rounding", "stated_total", "discount", "exchange_rate", "eu_rate"})
_WORDS = frozenset({"tax_case", "supply", "customer", "withholding"})
# What a revision of a source says, by the last name of its place.
_SOURCE_WORDS = {"kind": "kind", "direction": "direction", "standing": "standing", "supply": "supply"}
_SOURCE_WORDS |= {"tax_method": "tax_method", "stated_total_is": "total_is"}
_SOURCE_AMOUNTS = frozenset({"amount", "stated_total", "fee", "withheld", "released", "discount", "quantity"})
_SOURCE_AMOUNTS |= {"tax_rate", "discount_rate", "down_payment_rate", "exchange_rate"}
_SOURCE_DAYS = frozenset({"document_date", "service_date", "due_date"})
_DAYS = frozenset({"date", "due_date", "service_date", "tax_period"})


def field_value(field: str, value: str, spoken: Language) -> str:
    """Words of ours, days and amounts as people of the language write them; the rest as it is."""
    if field in _WORDS:
        return word(field, value, spoken)
    if field in _DAYS:
        return notation.day(date.fromisoformat(value), spoken)
    if field in _AMOUNTS and "." in value:
        number = Decimal(value)
        return notation.number(number, spoken, notation.amount_places(number))
    return value


def source_value(place: str, value: str, spoken: Language) -> str:
    """The value of a field of a revision, by its place such as `lines.2.amount`."""
    whole, _, _ = place.partition(".")
    name = place.rpartition(".")[2]
    if not value or whole == "attributes" or ".attributes." in place:
        return value
    if name in _SOURCE_WORDS:
        return word(_SOURCE_WORDS[name], value, spoken)
    if name in _SOURCE_DAYS:
        return notation.day(date.fromisoformat(value), spoken)
    if name in _SOURCE_AMOUNTS:
        return notation.number(Decimal(value), spoken)
    return word("yes_no", value, spoken) if value in {"true", "false"} else value
