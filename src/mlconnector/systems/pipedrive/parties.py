"""Who bought: the organisation of a deal or, without one, its person."""

from __future__ import annotations

from collections.abc import Mapping

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.parties import (
    country_of,
    party_missing,
    party_not_visible,
    street,
    vat_id,
)
from mlconnector.systems.pipedrive.facts import Facts
from mlconnector.systems.pipedrive.settings import Settings
from mlconnector.systems.pipedrive.shapes import Address, Deal, Organization, Person


def party_of(
    deal: Deal,
    organizations: Mapping[int, Organization],
    persons: Mapping[int, Person],
    facts: Facts,
    settings: Settings,
) -> tuple[Party | None, list[Problem]]:
    """The customer and what is wrong with him.

    An organisation that cannot be seen is not replaced by its contact: that would be another customer.
    """
    title = clean(deal.title)
    if deal.org_id is not None:
        organization = organizations.get(deal.org_id)
        if organization is None:
            return None, [party_not_visible(f"organization/{deal.org_id}", title)]
        return _company(organization, facts, settings)
    if deal.person_id is not None:
        person = persons.get(deal.person_id)
        if person is None:
            return None, [party_not_visible(f"person/{deal.person_id}", title)]
        return _individual(person, settings.default_country)
    return None, [party_missing(title)]


def _company(organization: Organization, facts: Facts, settings: Settings) -> tuple[Party, list[Problem]]:
    name, party_id = clean(organization.name), f"organization/{organization.id}"
    address = organization.address or Address()
    country, problems = country_of(address.country, settings.default_country, party_id, name)
    kind = facts.text("customer_kind", organization.custom_fields)
    party = Party(
        external_id=party_id,
        name=name,
        is_business=settings.customer_kinds.is_business(kind, otherwise=True),
        vat_id=vat_id(facts.text("vat_id", organization.custom_fields)),
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
    country, problems = country_of(address.country, default_country, party_id, name)
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


def _street(address: Address) -> str | None:
    found = street(address.route, address.street_number)
    return found if found or address.locality or address.postal_code else clean(address.value) or None
