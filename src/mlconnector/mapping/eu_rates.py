"""VAT rates of the other member states by date of supply: `eu_rates.csv`, which a bookkeeper can read.

Each row says where its rates stand, and the last one of each state until which day that was checked. A file
of the same form may bring newer rates: `read_rates` reads it, and `merged` puts it over what is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files

from mlconnector.mapping.rate_tables import day_of, each_row, number_of

_EVER = date.max
# For VAT the principality counts as France (Art. 7 of the VAT Directive).
_COUNTS_AS = {"MC": "FR"}
_HIGHEST = Decimal(50)
_COLUMNS = ("country", "rates", "from", "until")
_AS_IN_VAT_IDS = {"EL": "GR"}


@dataclass(frozen=True, slots=True)
class RatePeriod:
    """The rates of a member state (ISO 3166) from `first` to `last`, the standard rate first.

    `last` is None while they hold; `checked` is the day until which that is known.
    """

    country: str
    rates: tuple[Decimal, ...]
    first: date
    last: date | None = None
    source: str = ""
    checked: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether these are the rates of that day."""
        return self.first <= day <= (self.last or _EVER)


def rates_of(country: str, day: date, newer: Iterable[RatePeriod] = ()) -> tuple[Decimal, ...]:
    """The rates of a member state on a day, the standard rate first; none where none is known.

    `newer` are rates that a file brought.
    """
    of = _COUNTS_AS.get(country, country)
    updates = tuple(one for one in newer if one.country == of)
    known = merged(_by_country().get(of, ()), updates) if updates else _by_country().get(of, ())
    return next((one.rates for one in known if one.holds_on(day)), ())


@cache
def seeded_rates() -> tuple[RatePeriod, ...]:
    """The rates of `eu_rates.csv`, by country and day."""
    return read_rates(files(__package__).joinpath("eu_rates.csv").read_text(encoding="utf-8"))


@cache
def _by_country() -> Mapping[str, tuple[RatePeriod, ...]]:
    countries = {one.country for one in seeded_rates()}
    return {of: tuple(one for one in seeded_rates() if one.country == of) for of in countries}


def merged(known: Sequence[RatePeriod], newer: Sequence[RatePeriod]) -> tuple[RatePeriod, ...]:
    """What is known with newer rates over it: from their first day on they alone count for a country."""
    begins: dict[str, date] = {}
    for one in newer:
        begins[one.country] = min(one.first, begins.get(one.country, _EVER))
    kept = []
    for one in known:
        begin = begins.get(one.country, _EVER)
        if one.holds_on(begin) and one.first < begin < _EVER:
            kept.append(replace(one, last=begin - timedelta(days=1), checked=None))
        elif one.first < begin:
            kept.append(one)
    return tuple(sorted((*kept, *newer), key=lambda one: (one.country, one.first)))


def read_rates(text: str) -> tuple[RatePeriod, ...]:
    """The rows of a table of rates; raises `ValueError` with the line that is wrong, and why.

    Columns are `country` (ISO 3166), `rates` in percent with blanks between them, the standard rate first,
    `from` and `until` (2026-07-01, `until` empty while they hold), and where given `source` and `checked`.
    Separated by commas or, with decimal commas allowed, by semicolons.
    """
    found: list[RatePeriod] = []

    def add(cells: Mapping[str, str]) -> None:
        one = _period(cells)
        _check_overlap(one, found)
        found.append(one)

    each_row(text, _COLUMNS, add)
    return tuple(sorted(found, key=lambda one: (one.country, one.first)))


def _period(cells: Mapping[str, str]) -> RatePeriod:
    country = cells["country"]
    if len(country) != 2 or not country.isascii() or not country.isupper():
        raise ValueError(f"{country!r} is no country code of two capital letters (ISO 3166)")
    if country in _AS_IN_VAT_IDS:
        raise ValueError(f"{country} is the prefix of VAT ids; the country code is {_AS_IN_VAT_IDS[country]}")
    rates = tuple(_rate(rate) for rate in cells["rates"].split())
    if not rates or list(rates) != sorted(set(rates), reverse=True):
        raise ValueError("rates must be named once each, from the standard rate down to the lowest")
    first = day_of("from", cells["from"])
    last = day_of("until", cells["until"]) if cells["until"] else None
    if last is not None and last < first:
        raise ValueError(f"until {last} lies before from {first}")
    checked = day_of("checked", cells["checked"]) if cells.get("checked") else None
    return RatePeriod(country, rates, first, last, cells.get("source", ""), checked)


def _rate(written: str) -> Decimal:
    rate = number_of(written)
    if not 0 < rate < _HIGHEST:
        raise ValueError(f"{written!r} is no rate in percent")
    return rate


def _check_overlap(one: RatePeriod, found: Iterable[RatePeriod]) -> None:
    for other in found:
        if other.country == one.country and (one.holds_on(other.first) or other.holds_on(one.first)):
            raise ValueError(
                f"{one.country} has other rates from {other.first} to {other.last or 'now'} already"
            )
