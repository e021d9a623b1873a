"""Who is paid: the vendor of a company, or an employee."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party, Place
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.parties import country_of, party_missing, party_not_visible, street, vat_id
from mlconnector.systems.kit.places import place_of
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import CustomField, Employee, ProjectRecord, Vendor, text


def vendor_of(
    vendor: Vendor | None, asked: str, title: str, settings: Settings
) -> tuple[Party | None, list[Problem]]:
    """The vendor as a supplier, and what is wrong with it."""
    if vendor is None:
        return None, [party_not_visible(f"vendor/{asked}", title) if asked else party_missing(title)]
    party_id = f"vendor/{text(vendor.id)}"
    name = clean(vendor.name)
    country, problems = country_of(vendor.country_code, settings.default_country, party_id, name)
    party = Party(
        external_id=party_id,
        name=name or party_id,
        is_business=True,
        vat_id=vat_id(_first_filled(vendor, settings.parties.vat_id)),
        country=country,
        street=street(vendor.address),
        postal_code=clean(vendor.zip) or None,
        city=clean(vendor.city) or None,
        email=clean(vendor.email_address) or None,
        account=_first_filled(vendor, settings.parties.creditor_number),
    )
    return party, problems


def employee_of(employee: Employee, settings: Settings) -> Party:
    """An employee who is paid back: the name alone, no more is needed."""
    party_id = f"employee/{text(employee.id)}"
    return Party(
        external_id=party_id, name=clean(employee.name) or party_id, country=settings.default_country
    )


def site_of(project: ProjectRecord, party: Party | None) -> tuple[Place | None, list[Problem]]:
    """The place of the building."""
    return place_of(
        "ship_to",
        party,
        country=project.country_code,
        postal_code=project.zip,
        city=project.city,
        street=project.address,
    )


def custom_value(field: CustomField | None) -> str:
    """The value of a custom field as text; of a choice its label."""
    value = field.value if field else None
    if isinstance(value, dict):
        value = value.get("label") or value.get("value")
    return clean(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _first_filled(vendor: Vendor, names: Sequence[str]) -> str | None:
    return next((value for name in names if (value := _field(vendor, name))), None)


def _field(vendor: Vendor, name: str) -> str:
    if name.startswith("custom_field_"):
        return custom_value((vendor.custom_fields or {}).get(name))
    if name == "business_register":
        return clean(vendor.business_register.identifier if vendor.business_register else None)
    return clean(getattr(vendor, name))
