"""Regions: where a customer's place lies for German VAT, by country and, where needed, postal code.

The table `regions.csv` is data that a bookkeeper can read. Its postal codes are those of special
territories: Art. 6 of the VAT Directive and § 1 (2) UStG. Northern Ireland belongs to the Union for goods
and to a third country for services (Protocol on Ireland/Northern Ireland, Art. 8); its VAT ids begin with XI.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from mlconnector.model.vouchers import Party

Region = Literal["domestic", "eu", "third", "northern_ireland"]

NORTHERN_IRELAND = "XI"
_COUNTRY_BEFORE_POSTAL_CODE = re.compile(r"^[A-Z]{1,3}-")


def region(party: Party) -> Region | None:
    """The region of a party's place; None for a country that is missing or is no code of ISO 3166."""
    places = _regions().get(party.country or "")
    if places is None:
        return None
    if party.country == "GB" and (party.vat_id or "").strip().upper().startswith(NORTHERN_IRELAND):
        return "northern_ireland"
    code = _COUNTRY_BEFORE_POSTAL_CODE.sub("", (party.postal_code or "").upper().replace(" ", ""))
    return next(found for start, found in places if code.startswith(start))


@cache
def _regions() -> dict[str, tuple[tuple[str, Region], ...]]:
    """By country: beginnings of postal codes, the longest first and the empty one last, with regions."""
    text = files(__package__).joinpath("regions.csv").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, Region]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["country"], []).append((row["postal_code"], cast("Region", row["region"])))
    return {
        country: tuple(sorted(places, key=lambda place: -len(place[0]))) for country, places in found.items()
    }
