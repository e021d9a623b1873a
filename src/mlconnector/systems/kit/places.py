"""Places as sources write them: the parts of an address as a place, and what may be wrong with it."""

from __future__ import annotations

from typing import Literal

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Place
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.tables import country_code

End = Literal["ship_to", "ship_from"]


def place_of(
    end: End,
    party: Party | None,
    *,
    country: str | None,
    postal_code: str | None = None,
    city: str | None = None,
    street: str | None = None,
) -> tuple[Place | None, list[Problem]]:
    """The place that an address of a document means; None where nothing is written in any part of it.

    An address without a country is a place without one, and no other country stands in for it. One that
    nobody knows is a problem: a place without a country could still be taken for the party's.
    """
    written = clean(country)
    if not any((written, clean(postal_code), clean(city), clean(street))):
        return None, []
    place = Place(
        country=country_code(written) if written else None,
        postal_code=clean(postal_code) or None,
        city=clean(city) or None,
    )
    if not written or place.country is not None:
        return place, []
    facts = {
        "place": end,
        "country": written,
        "postal_code": place.postal_code or "",
        "city": place.city or "",
        "party": party.name if party else "",
        "party_id": party.external_id if party else "",
    }
    return place, [Problem("place_unclear", facts, ("place", "country"))]
