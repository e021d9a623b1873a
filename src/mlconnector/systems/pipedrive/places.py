"""Where the goods of a deal go to and leave from, which only custom fields can say; pure."""

from __future__ import annotations

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Place
from mlconnector.systems.kit.parties import street
from mlconnector.systems.kit.places import End, place_of
from mlconnector.systems.pipedrive.facts import Facts
from mlconnector.systems.pipedrive.shapes import Address, Deal


def place(end: End, deal: Deal, party: Party | None, facts: Facts) -> tuple[Place | None, list[Problem]]:
    """One end of a delivery by its field. An address that Pipedrive did not understand has no country."""
    address = facts.address(end, deal.custom_fields) or Address()
    return place_of(
        end,
        party,
        country=address.country,
        postal_code=address.postal_code,
        city=address.locality,
        street=street(address.route, address.street_number) or address.value,
    )
