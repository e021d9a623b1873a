"""Who bought: the organisation of a deal or, without one, its person."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.systems.kit.tables import country_code
from mlconnector.systems.kit.values import clean
from mlconnector.systems.pipedrive.facts import Facts
from mlconnector.systems.pipedrive.shapes import Address, Deal, Organization, Person

_NOT_IN_A_VAT_ID = re.compile(r"[\s.\-/]")


def party_of(
    deal: Deal,
    organizations: Mapping[int, Organization],
    persons: Mapping[int, Person],
    facts: Facts,
    default_country: str | None,
) -> tuple[Party | None, list[Problem]]:
    """The customer and what is wrong with him.

    An organisation that cannot be seen is not replaced by its contact: that would be another customer.
    """
    title = clean(deal.title)
    if deal.org_id is not None:
        organization = organizations.get(deal.org_id)
        if organization is None:
            return None, [_invisible(f"organization/{deal.org_id}", title)]
        return _company(organization, facts, default_country)
    if deal.person_id is not None:
        person = persons.get(deal.person_id)
        if person is None:
            return None, [_invisible(f"person/{deal.person_id}", title)]
        return _individual(person, default_country)
    return None, [Problem("party_missing", {"title": title})]


def _company(
    organization: Organization, facts: Facts, default_country: str | None
) -> tuple[Party, list[Problem]]:
    name, party_id = clean(organization.name), f"organization/{organization.id}"
    address = organization.address or Address()
    country, problems = _country(address, name, party_id, default_country)
    vat_id = _NOT_IN_A_VAT_ID.sub("", facts.text("vat_id", organization.custom_fields) or "").upper()
    party = Party(
        external_id=party_id,
        name=name,
        is_business=True,
        vat_id=vat_id or None,
        country=country,
        street=_street(address),
        postal_code=clean(address.postal_code) or None,
        city=clean(address.locality) or None,
        account=facts.text("debtor_number", organization.custom_fields),
    )
    return party, problems


def _individual(person: Person, default_country: str | None) -> tuple[Party, list[Problem]]:
    name, party_id = clean(person.name), f"person/{person.id}"
    address = person.postal_address or Address()
    country, problems = _country(address, name, party_id, default_country)
    mailboxes = sorted(person.emails or (), key=lambda mailbox: not mailbox.primary)
    party = Party(
        external_id=party_id,
        name=name,
        is_business=False,
        country=country,
        street=_street(address),
        postal_code=clean(address.postal_code) or None,
        city=clean(address.locality) or None,
        email=next((clean(mailbox.value) for mailbox in mailboxes if clean(mailbox.value)), None),
    )
    return party, problems


def _country(
    address: Address, name: str, party_id: str, default_country: str | None
) -> tuple[str | None, list[Problem]]:
    written = clean(address.country)
    if not written:
        return default_country, []
    code = country_code(written)
    if code is None:
        facts = {"country": written, "party": name, "party_id": party_id}
        return None, [Problem("country_unknown", facts, ("country",))]
    return code, []


def _street(address: Address) -> str | None:
    street = " ".join(part for part in (clean(address.route), clean(address.street_number)) if part)
    if not street and not (address.locality or address.postal_code):
        street = clean(address.value)
    return street or None


def _invisible(party_id: str, title: str) -> Problem:
    return Problem("party_not_visible", {"party_id": party_id, "title": title}, ("party_id",))
