"""Between which euro reference rates a currency moved, by period: `reference_rates.csv`, units for one euro.

The table says which exchange rates are plausible; nothing is ever converted by it. Its rows are the lowest
and highest of the daily reference rates of the European Central Bank in each month, before 2022 in each year
(https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates). A file of the same
form may bring newer ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from mlconnector.mapping.rate_tables import day_of, each_row, number_of

_COLUMNS = ("currency", "from", "until", "low", "high")
_DAYS_OF_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """Between which rates a currency (ISO 4217) was from `first` to `last`, in its units for one euro."""

    currency: str
    first: date
    last: date
    low: Decimal
    high: Decimal

    def holds_on(self, day: date) -> bool:
        """Whether it is about that day."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Plausible:
    """What a rate on a day is compared with: a range, and by how many per cent it may be left."""

    known: ReferenceRange
    limit: Decimal

    def fits(self, rate: Decimal) -> bool:
        """Whether a rate is near enough."""
        leeway = self.limit / 100
        return self.known.low * (1 - leeway) <= rate <= self.known.high * (1 + leeway)


def plausible(
    currency: str, day: date, limit: Decimal, newer: Iterable[ReferenceRange] = ()
) -> Plausible | None:
    """What a rate of a currency on a day is compared with; None where nothing is known of it.

    `limit` is in per cent. Behind the last day that is known of a currency it grows by itself with every
    year; a currency that has no reference rates any more, like the rouble, is not compared.
    """
    rows = (*(one for one in newer if one.currency == currency), *_by_currency().get(currency, ()))
    if not rows:
        return None
    about = next((one for one in rows if one.holds_on(day)), None)
    if about is not None:
        return Plausible(about, limit)
    latest = max(rows, key=lambda one: one.last)
    if day < latest.last or latest.last < known_until():
        return None
    beyond = Decimal((day - latest.last).days) / _DAYS_OF_A_YEAR
    return Plausible(latest, limit * (1 + beyond))


@cache
def seeded_ranges() -> tuple[ReferenceRange, ...]:
    """The rows of `reference_rates.csv`, by currency and day."""
    return read_ranges(files(__package__).joinpath("reference_rates.csv").read_text(encoding="utf-8"))


@cache
def known_until() -> date:
    """The last day of which the table knows rates."""
    return max(one.last for one in seeded_ranges())


@cache
def _by_currency() -> Mapping[str, tuple[ReferenceRange, ...]]:
    found: dict[str, list[ReferenceRange]] = {}
    for one in seeded_ranges():
        found.setdefault(one.currency, []).append(one)
    return {currency: tuple(rows) for currency, rows in found.items()}


def read_ranges(text: str) -> tuple[ReferenceRange, ...]:
    """The rows of a table of ranges; raises `ValueError` with the line that is wrong, and why.

    Columns are `currency` (ISO 4217), `from` and `until` (2026-07-01), `low` and `high` in its units for one
    euro. Separated by commas or, with decimal commas allowed, by semicolons.
    """
    found: list[ReferenceRange] = []
    each_row(text, _COLUMNS, lambda cells: found.append(_range(cells)))
    return tuple(sorted(found, key=lambda one: (one.currency, one.first)))


def _range(cells: Mapping[str, str]) -> ReferenceRange:
    currency = cells["currency"]
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise ValueError(f"{currency!r} is no currency of three capital letters (ISO 4217)")
    first, last = day_of("from", cells["from"]), day_of("until", cells["until"])
    if last < first:
        raise ValueError(f"until {last} lies before from {first}")
    low, high = _rate("low", cells["low"]), _rate("high", cells["high"])
    if high < low:
        raise ValueError(f"high {high} is less than low {low}")
    return ReferenceRange(currency, first, last, low, high)


def _rate(column: str, written: str) -> Decimal:
    rate = number_of(written)
    if rate <= 0:
        raise ValueError(f"{column} {written!r} is no rate, in units for one euro")
    return rate
