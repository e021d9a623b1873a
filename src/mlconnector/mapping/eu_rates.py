"""VAT rates of the other member states by date of supply: `eu_rates.csv`, which a bookkeeper can read.

From the Commission's public list of VAT rates applied in the member states; to be confirmed like all seeds.
"""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

_EVER = date.max
# For VAT the principality counts as France (Art. 7 of the VAT Directive).
_COUNTS_AS = {"MC": "FR"}


def rates_of(country: str, day: date) -> tuple[Decimal, ...]:
    """The rates of a member state (ISO 3166) on a day, the standard rate first; none where none is known."""
    for first, last, rates in _table().get(_COUNTS_AS.get(country, country), ()):
        if first <= day <= last:
            return rates
    return ()


@cache
def _table() -> dict[str, list[tuple[date, date, tuple[Decimal, ...]]]]:
    text = files(__package__).joinpath("eu_rates.csv").read_text(encoding="utf-8")
    found: dict[str, list[tuple[date, date, tuple[Decimal, ...]]]] = {}
    for row in csv.DictReader(text.splitlines()):
        last = date.fromisoformat(row["until"]) if row["until"] else _EVER
        rates = tuple(Decimal(rate) for rate in row["rates"].split())
        found.setdefault(row["country"], []).append((date.fromisoformat(row["from"]), last, rates))
    return found
