"""Where goods go to and leave from: the ship-to address of a sale, and the location they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Place
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import Fulfilment, LocationRecord, Purchase, Sale
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.places import place_of
from mlconnector.systems.kit.tables import country_code


@dataclass(frozen=True, slots=True)
class Locations:
    """Where locations are: by the rule of the settings, else by the address that Cin7 has of them."""

    settings: Settings
    known: Mapping[str, LocationRecord]

    def place(self, name: str | None) -> Place | None:
        """The place of a location; None where nobody says."""
        named = clean(name)
        rule = self.settings.locations.get(named)
        if rule is not None:
            return Place(country=rule.country, postal_code=rule.postal_code, city=rule.city)
        record = self.known.get(named)
        country = country_code(clean(record.address_country)) if record else None
        if record is None or country is None:
            return None
        return Place(
            country=country,
            postal_code=clean(record.address_zip_post_code) or None,
            city=clean(record.address_city_suburb) or None,
        )


def ship_to(sale: Sale, party: Party | None) -> tuple[Place | None, list[Problem]]:
    """Where the goods of a sale go to; None where the sale has no such address."""
    address = sale.shipping_address
    if address is None:
        return None, []
    return place_of(
        "ship_to",
        party,
        country=address.country,
        postal_code=address.postcode,
        city=address.city,
        street=address.line1,
    )


def ship_from(sale: Sale, own: list[Fulfilment], locations: Locations) -> Place | None:
    """Where goods leave from: where they were picked, if at one place, else the location of the sale."""
    picked = {
        clean(line.location)
        for fulfilment in own
        for line in ((fulfilment.pick.lines or ()) if fulfilment.pick else ())
        if clean(line.location)
    }
    if len(picked) > 1:
        places = {locations.place(name) for name in picked}
        return places.pop() if len(places) == 1 else None
    return locations.place(picked.pop() if picked else sale.location)


def arrival(purchase: Purchase, locations: Locations) -> Place | None:
    """Where bought goods arrive."""
    return locations.place(purchase.location)
