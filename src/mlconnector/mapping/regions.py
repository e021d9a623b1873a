"""Regions: where a place lies for German VAT, by country and, below it, by territories of their own law.

`regions.csv` has the countries; `territories.csv` what is taxed otherwise than its country, by patterns of
postal codes, and of names for addresses without one; `territory_rates.csv` the rates of those that have their
own. A bookkeeper can read all three. Northern Ireland belongs to the Union for goods and to a third country
for services (Protocol on Ireland/Northern Ireland, Art. 8); its VAT ids begin with XI.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, cast

from mlconnector.mapping.eu_rates import RatePeriod, rates_of
from mlconnector.model.vouchers import Party, Place

Region = Literal["domestic", "eu", "third", "northern_ireland"]

NORTHERN_IRELAND = "XI"
_COUNTRY_BEFORE_POSTAL_CODE = re.compile(r"^[A-Z]{1,3}-")
# For VAT the principality counts as France (Art. 7 of the VAT Directive).
_TAXED_AS = {"MC": "FR"}


@dataclass(frozen=True, slots=True)
class Located:
    """Where a place lies: its region, the country whose VAT law holds there, and the territory below it.

    `country` is ISO 3166 (France for Monaco, Austria for Jungholz with a German postal code), or XI for
    Northern Ireland. `territory` is empty on the mainland.
    """

    region: Region
    country: str
    territory: str = ""


@dataclass(frozen=True, slots=True)
class _Territory:
    """A part of a country: whole postal codes, ones that it shares with the mainland, and names in it."""

    postal_code: re.Pattern[str]
    shared: re.Pattern[str]
    city: re.Pattern[str]
    located: Located

    def holds(self, postal_code: str, city: str) -> bool:
        """Whether an address lies in it; without a postal code, or with a shared one, its name tells."""
        if self.postal_code.fullmatch(postal_code):
            return True
        by_name = not postal_code or self.shared.fullmatch(postal_code)
        return bool(by_name) and self.city.fullmatch(city) is not None


def region(party: Party) -> Region | None:
    """The region of a party's place; None for a country that is missing or is no code of ISO 3166."""
    found = located(address_of(party), party.vat_id)
    return None if found is None else found.region


def address_of(party: Party) -> Place:
    """A party's address as a place."""
    return Place(country=party.country, postal_code=party.postal_code, city=party.city)


@lru_cache(maxsize=4096)
def located(place: Place, vat_id: str | None = None) -> Located | None:
    """Where a place lies; None for a country that is missing or is no code of ISO 3166.

    A `vat_id` of Northern Ireland tells which part of the United Kingdom is meant.
    """
    country = place.country or ""
    where = _regions().get(country)
    if where is None:
        return None
    if country == NORTHERN_IRELAND or (country == "GB" and _is_of_northern_ireland(vat_id)):
        return Located("northern_ireland", NORTHERN_IRELAND, _northern_ireland())
    code = _COUNTRY_BEFORE_POSTAL_CODE.sub("", (place.postal_code or "").upper().replace(" ", ""))
    city = (place.city or "").strip().casefold()
    for territory in _territories().get(country, ()):
        if territory.holds(code, city):
            return territory.located
    return Located(where, _TAXED_AS.get(country, country))


def rates_at(where: Located, day: date, newer: Sequence[RatePeriod] = ()) -> tuple[Decimal, ...]:
    """The rates of VAT at a place in another member state on a day; none where none is known.

    `newer` are rates of member states that a file brought.
    """
    for first, last, rates in _rates().get(where.territory, ()):
        if first <= day <= last:
            return rates
    return rates_of(where.country, day, newer)


def has_own_rates(where: Located) -> bool:
    """Whether a territory has other rates than its country."""
    return where.territory in _rates()


def _is_of_northern_ireland(vat_id: str | None) -> bool:
    return (vat_id or "").strip().upper().startswith(NORTHERN_IRELAND)


def _northern_ireland() -> str:
    return next(one.located.territory for one in _territories()["GB"] if one.located.country == "XI")


def _table(name: str) -> csv.DictReader[str]:
    return csv.DictReader(files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines())


@cache
def _regions() -> dict[str, Region]:
    return {row["country"]: cast("Region", row["region"]) for row in _table("regions.csv")}


@cache
def _territories() -> dict[str, list[_Territory]]:
    found: dict[str, list[_Territory]] = {}
    for row in _table("territories.csv"):
        where = Located(cast("Region", row["region"]), row["taxed_as"] or row["country"], row["name"])
        one = _Territory(_whole(row["postal_code"]), _whole(row["shared"]), _whole(row["city"]), where)
        found.setdefault(row["country"], []).append(one)
    return found


def _whole(pattern: str) -> re.Pattern[str]:
    """A pattern that an empty cell makes one that nothing fits."""
    return re.compile(pattern or r"(?!)")


@cache
def _rates() -> dict[str, list[tuple[date, date, tuple[Decimal, ...]]]]:
    found: dict[str, list[tuple[date, date, tuple[Decimal, ...]]]] = {}
    for row in _table("territory_rates.csv"):
        last = date.fromisoformat(row["until"]) if row["until"] else date.max
        rates = tuple(Decimal(rate) for rate in row["rates"].split())
        found.setdefault(row["territory"], []).append((date.fromisoformat(row["from"]), last, rates))
    return found
