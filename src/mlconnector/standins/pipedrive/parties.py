"""The organisations and persons of the generated account, in pools by what is the matter with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from mlconnector.standins.pipedrive.fields import field_key
from mlconnector.standins.pipedrive.records import CustomFields, Organization, Person
from mlconnector.standins.pipedrive.vocabulary import Place, vocabulary
from mlconnector.standins.vat_ids import vat_id, wrong_check_digit

FIRST_ORGANIZATION = 100_001
FIRST_PERSON = 200_001
_ADDED = "2025-01-15T09:00:00Z"
_VAT_ID = field_key("organization", "USt-IdNr.")
_DEBTOR = field_key("organization", "Debitorennummer")
_EU = ("AT", "FR", "NL", "IT", "PL")
_CHECK_DIGIT_LAST = ("AT", "FR", "IT", "PL")


@dataclass
class Parties:
    """All parties; `pools` names the organisations a case may take, `private` the persons without one."""

    organizations: list[Organization] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)
    private: list[Person] = field(default_factory=list)
    pools: dict[str, list[Organization]] = field(default_factory=dict)
    contact: dict[int, int] = field(default_factory=dict)


def parties(records: int, seed: int) -> Parties:
    """The parties of an account with `records` deals; every pool has at least one organisation."""
    made = Parties()
    random = Random(f"{seed}-parties")
    _domestic(made, random, max(12, records // 6))
    for number in range(max(10, records // 30)):
        _add(made, random, "eu_business", vocabulary().place(_EU[number % len(_EU)]))
    for number in range(max(6, records // 60)):
        money = vocabulary().money[number % len(vocabulary().money)]
        _add(made, random, f"third_country:{money.country}", vocabulary().place(money.country))
    for number in range(max(2, records // 150)):
        _add(made, random, "eu_without_vat_id", vocabulary().place(_EU[number % len(_EU)]))
    for number in range(max(1, records // 300)):
        _add(made, random, "invalid_vat_id", vocabulary().place(_CHECK_DIGIT_LAST[number % 4]))
    _unresolved(made, random, max(2, records // 200))
    for number in range(max(4, records // 25)):
        made.private.append(_person(made, random, None, number))
    return made


def _domestic(made: Parties, random: Random, count: int) -> None:
    odd_names = vocabulary().words.odd_names
    for number in range(count):
        organization = _add(made, random, "domestic", vocabulary().place("DE"))
        if number < len(odd_names) or random.random() < 0.05:
            organization.name = odd_names[number % len(odd_names)] + (
                f" {number}" if number >= len(odd_names) else ""
            )


def _unresolved(made: Parties, random: Random, count: int) -> None:
    written = vocabulary().words.unresolved_addresses
    for number in range(count):
        organization = _add(made, random, "unknown_country", vocabulary().place("DE"))
        organization.custom_fields.pop(_VAT_ID, None)
        organization.address = None
        if number % 2 == 0:
            organization.address = dict.fromkeys(_ADDRESS_PARTS) | {
                "value": written[number // 2 % len(written)]
            }


def _add(made: Parties, random: Random, pool: str, place: Place) -> Organization:
    number = len(made.organizations)
    address, legal_form = (
        _address(random, place),
        place.legal_form or random.choice(vocabulary().words.legal_forms),
    )
    words = vocabulary().words
    surname, trade = random.choice(words.surnames), random.choice(words.trades)
    organization = Organization(
        id=FIRST_ORGANIZATION + number,
        name=f"{surname} {trade} {address['locality']} {legal_form}",
        owner_id=random.choice(vocabulary().company.owner_ids),
        add_time=_ADDED,
        update_time=_ADDED,
        address=address,
        is_deleted=False,
        visible_to=3,
        label_ids=[],
        website=f"https://kunde{number}.example.com",
        linkedin=None,
        industry=None,
        annual_revenue=None,
        employee_count=random.randrange(1, 400),
        custom_fields=_organization_fields(random, pool, place, number),
    )
    made.organizations.append(organization)
    made.pools.setdefault(pool, []).append(organization)
    made.contact[organization.id] = _person(made, random, organization.id, number).id
    return organization


def _organization_fields(random: Random, pool: str, place: Place, number: int) -> CustomFields:
    fields: CustomFields = {}
    if pool == "eu_business" or (pool == "domestic" and random.random() < 0.5):
        fields[_VAT_ID] = vat_id(place.country, random)
    if pool == "invalid_vat_id":
        fields[_VAT_ID] = wrong_check_digit(vat_id(place.country, random))
    if random.random() < 0.4:
        fields[_DEBTOR] = str(10_000 + number)
    return fields


_ADDRESS_PARTS = (
    "value",
    "country",
    "admin_area_level_1",
    "admin_area_level_2",
    "locality",
    "sublocality",
    "route",
    "street_number",
    "subpremise",
    "postal_code",
    "formatted_address",
)


def _address(random: Random, place: Place) -> dict[str, str | None]:
    postal_code, city = random.choice(place.cities)
    street, house = (
        random.choice(vocabulary().words.streets),
        f"{random.randrange(1, 140)}{random.choice(['', '', 'a'])}",
    )
    country = random.choice(place.names)
    value = f"{street} {house}, {postal_code} {city}, {country}"
    parts: dict[str, str | None] = dict.fromkeys(_ADDRESS_PARTS)
    return parts | {
        "value": value,
        "country": country,
        "locality": city,
        "route": street,
        "street_number": house,
        "postal_code": postal_code,
        "formatted_address": value,
    }


def _person(made: Parties, random: Random, org_id: int | None, number: int) -> Person:
    words = vocabulary().words
    first, last = random.choice(words.given_names), random.choice(words.surnames)
    mailbox = f"person{number}@{'kunde' if org_id else 'privat'}.example.com"
    person = Person(
        id=FIRST_PERSON + len(made.persons),
        name=f"{first} {last}",
        first_name=first,
        last_name=last,
        owner_id=random.choice(vocabulary().company.owner_ids),
        org_id=org_id,
        add_time=_ADDED,
        update_time=_ADDED,
        emails=[{"value": mailbox, "primary": True, "label": "work" if org_id else "home"}],
        phones=[{"value": f"+49 30 23125 {number % 1000:03d}", "primary": True, "label": "work"}],
        is_deleted=False,
        visible_to=3,
        label_ids=[],
        picture_id=None,
        custom_fields={},
    )
    made.persons.append(person)
    return person
