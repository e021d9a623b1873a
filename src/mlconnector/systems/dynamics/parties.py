"""Customers: the account or contact that an invoice names, or one that is told of on its own; pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.systems.dynamics.client import shaped
from mlconnector.systems.dynamics.days import Days
from mlconnector.systems.dynamics.facts import Facts, Rows
from mlconnector.systems.dynamics.settings import CUSTOMERS, Settings
from mlconnector.systems.dynamics.shapes import Account, Contact, Invoice
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.json_answers import Raw
from mlconnector.systems.kit.parties import (
    country_of,
    party_missing,
    party_not_visible,
    street,
    vat_id,
)

_INACTIVE = 1


def party_of(
    invoice: Invoice, customers: Mapping[str, Raw], rows: Rows, facts: Facts, settings: Settings
) -> tuple[Party | None, list[Problem]]:
    """The customer and what is wrong with it; `customers` are the rows by `account/<id>` or `contact/<id>`.

    The name is the customer's own: `billto_name` is a label. The address is that of the invoice where it has
    one. Where customers are followed on their own it is theirs, so that it is the same whichever was read
    last; the invoice then says the country alone, by which it is taxed.
    """
    title = clean(invoice.name)
    if invoice.customer is None or invoice.customer_table not in CUSTOMERS:
        return None, [party_missing(title)]
    party_id = f"{invoice.customer_table}/{invoice.customer}"
    raw = customers.get(party_id)
    if raw is None:
        return None, [party_not_visible(party_id, title)]
    party, written = _party(party_id, raw, rows, facts, settings)
    if not settings.followed_customers:
        party = _billed(party, invoice)
    written = clean(invoice.billto_country) or written
    country, problems = country_of(written, settings.default_country, party_id, party.name)
    return msgspec.structs.replace(party, country=country), problems


def party_alone(party_id: str, raw: Raw, settings: Settings) -> tuple[Party | None, str]:
    """The customer in a row as it is without an invoice; or None, and why it is none to be kept in step.

    Who was made inactive (as by a merge), has no name, or is a contact person of an account is left alone:
    such a one needs no number, unless an invoice names it.
    """
    table = party_id.partition("/")[0]
    customer = _shaped(table, raw)
    if customer.statecode == _INACTIVE:
        return None, "inactive"
    if isinstance(customer, Contact) and customer.parent is not None and customer.parent_table == "account":
        return None, "contact_person"
    facts = Facts(settings.columns, Days(settings.zone), "")
    party, written = _party(party_id, raw, {table: raw}, facts, settings)
    if not party.name:
        return None, "nameless"
    country, _ = country_of(written, settings.default_country, party_id, party.name)
    return msgspec.structs.replace(party, country=country), ""


def _party(party_id: str, raw: Raw, rows: Rows, facts: Facts, settings: Settings) -> tuple[Party, str]:
    """A customer with its own address but yet without country, and what is written as country.

    An account is a business and a contact a consumer, where no column says otherwise.
    """
    customer = _shaped(party_id.partition("/")[0], raw)
    kind = facts.text("customer_kind", rows)
    party = Party(
        external_id=party_id,
        name=clean(customer.name if isinstance(customer, Account) else customer.fullname),
        is_business=settings.customer_kinds.is_business(kind, isinstance(customer, Account)),
        vat_id=vat_id(facts.text("vat_id", rows)),
        street=street(customer.address1_line1, customer.address1_line2),
        postal_code=clean(customer.address1_postalcode) or None,
        city=clean(customer.address1_city) or None,
        email=clean(customer.emailaddress1) or None,
        account=facts.text("debtor_number", rows),
    )
    return party, clean(customer.address1_country)


def _shaped(table: str, raw: Raw) -> Account | Contact:
    return shaped(raw, Account) if table == "account" else shaped(raw, Contact)


def _billed(party: Party, invoice: Invoice) -> Party:
    """The customer at the address of the invoice, where it has one."""
    if not any((invoice.billto_line1, invoice.billto_postalcode, invoice.billto_city)):
        return party
    return msgspec.structs.replace(
        party,
        street=street(invoice.billto_line1, invoice.billto_line2),
        postal_code=clean(invoice.billto_postalcode) or None,
        city=clean(invoice.billto_city) or None,
    )
