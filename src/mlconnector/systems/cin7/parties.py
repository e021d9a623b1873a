"""Who bought or supplied: the customer of a sale, the supplier of a purchase."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.systems.cin7.names import folded
from mlconnector.systems.cin7.settings import Attribute, Settings
from mlconnector.systems.cin7.shapes import Address, PartyAddress, PartyRecord
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.parties import country_of, party_missing, party_not_visible, street, vat_id

# What a VAT id begins with; a German tax number (`123/456/78901`) stands in the same field of Cin7.
_WITH_COUNTRY = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,13}")
_PREFERRED = ("Billing", "Business")


def customer_of(
    record: PartyRecord | None, asked: str | None, title: str, billing: Address | None, settings: Settings
) -> tuple[Party | None, list[Problem]]:
    """The customer, with the billing address that the sale itself shows, and what is wrong with it."""
    if record is None:
        return None, [_absent("customer", asked, title)]
    shown = billing if billing is not None and _is_filled(billing) else _address(record.addresses)
    return _party("customer", record, shown, settings.parties.debtor_number, settings)


def supplier_of(
    record: PartyRecord | None, asked: str | None, title: str, settings: Settings
) -> tuple[Party | None, list[Problem]]:
    """The supplier, with the supplier's own address; that on the purchase may be the buyer's."""
    if record is None:
        return None, [_absent("supplier", asked, title)]
    return _party("supplier", record, _address(record.addresses), settings.parties.creditor_number, settings)


def attribute_of(record: PartyRecord, name: Attribute | None) -> str | None:
    """The value of an additional attribute of a party."""
    if name is None:
        return None
    value = getattr(record, f"additional_attribute{name.removeprefix('AdditionalAttribute')}")
    return clean(value) or None


def _absent(role: str, asked: str | None, title: str) -> Problem:
    return party_not_visible(f"{role}/{folded(asked)}", title) if asked else party_missing(title)


def _party(
    role: str, record: PartyRecord, shown: Address, number: Attribute | None, settings: Settings
) -> tuple[Party, list[Problem]]:
    name, party_id = clean(record.name), f"{role}/{folded(record.id)}"
    country, problems = country_of(shown.country, settings.default_country, party_id, name)
    number_of_vat = _vat_id(record.tax_number)
    kind = attribute_of(record, settings.parties.customer_kind)
    is_business: bool | None = True if number_of_vat or role == "supplier" else None
    if kind is not None:
        is_business = settings.customer_kinds.is_business(kind, otherwise=True)
    mailboxes = sorted(record.contacts or (), key=lambda contact: not contact.default)
    party = Party(
        external_id=party_id,
        name=name or party_id,
        is_business=is_business,
        vat_id=number_of_vat,
        country=country,
        street=street(shown.line1, shown.line2),
        postal_code=clean(shown.postcode) or None,
        city=clean(shown.city) or None,
        email=next((clean(each.email) for each in mailboxes if clean(each.email)), None),
        account=attribute_of(record, number),
    )
    return party, problems


def _vat_id(written: str | int | None) -> str | None:
    found = vat_id(str(written)) if isinstance(written, str) else None
    return found if found and _WITH_COUNTRY.fullmatch(found) else None


def _address(addresses: Sequence[PartyAddress] | None) -> Address:
    """The default address for bills, else any for bills, else the first there is."""

    def rank(one: PartyAddress) -> tuple[int, bool]:
        kind = clean(one.type).capitalize()
        return (_PREFERRED.index(kind) if kind in _PREFERRED else len(_PREFERRED)), not one.default_for_type

    return min(addresses, key=rank) if addresses else Address()


def _is_filled(address: Address) -> bool:
    parts = (address.line1, address.city, address.postcode, address.country)
    return any(clean(part) for part in parts)


def attribute_values(role: str, record: PartyRecord | None) -> dict[str, str | None]:
    """All additional attributes of a party as facts: `customer_attribute_1` to `customer_attribute_10`."""
    if record is None:
        return {}
    return {
        f"{role}_attribute_{number}": clean(getattr(record, f"additional_attribute{number}"))
        for number in range(1, 11)
    }
