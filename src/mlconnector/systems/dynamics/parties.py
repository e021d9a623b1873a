"""Who bought: the account or contact that an invoice names; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Party
from mlconnector.systems.dynamics.client import shaped
from mlconnector.systems.dynamics.facts import Facts, Rows
from mlconnector.systems.dynamics.shapes import Account, Contact, Invoice, Raw
from mlconnector.systems.tables import country_code
from mlconnector.systems.values import clean

_NOT_IN_A_VAT_ID = re.compile(r"[\s.\-/]")


def party_of(
    invoice: Invoice, customers: Mapping[str, Raw], rows: Rows, facts: Facts, default_country: str | None
) -> tuple[Party | None, list[Problem]]:
    """The customer and what is wrong with it; `customers` are the rows by `account/<id>` or `contact/<id>`.

    The name is the customer's own: `billto_name` is a label. The address is that of the invoice where it has
    one.
    """
    title = clean(invoice.name)
    if invoice.customer is None or invoice.customer_table not in {"account", "contact"}:
        return None, [Problem("party_missing", {"title": title})]
    party_id = f"{invoice.customer_table}/{invoice.customer}"
    raw = customers.get(party_id)
    if raw is None:
        return None, [Problem("party_not_visible", {"party_id": party_id, "title": title}, ("party_id",))]
    is_business = invoice.customer_table == "account"
    customer = shaped(raw, Account) if is_business else shaped(raw, Contact)
    name = clean(customer.name if isinstance(customer, Account) else customer.fullname)
    country, problems = _country(invoice, customer, name, party_id, default_country)
    is_billed = any((invoice.billto_line1, invoice.billto_postalcode, invoice.billto_city))
    street = _street(invoice.billto_line1, invoice.billto_line2)
    party = Party(
        external_id=party_id,
        name=name,
        is_business=is_business,
        vat_id=_NOT_IN_A_VAT_ID.sub("", facts.text("vat_id", rows) or "").upper() or None,
        country=country,
        street=street if is_billed else _street(customer.address1_line1, customer.address1_line2),
        postal_code=clean(invoice.billto_postalcode if is_billed else customer.address1_postalcode) or None,
        city=clean(invoice.billto_city if is_billed else customer.address1_city) or None,
        email=clean(customer.emailaddress1) or None,
        account=facts.text("debtor_number", rows),
    )
    return party, problems


def _country(
    invoice: Invoice, customer: Account | Contact, name: str, party_id: str, default_country: str | None
) -> tuple[str | None, list[Problem]]:
    written = clean(invoice.billto_country) or clean(customer.address1_country)
    if not written:
        return default_country, []
    code = country_code(written)
    if code is None:
        facts = {"country": written, "party": name, "party_id": party_id}
        return None, [Problem("country_unknown", facts, ("country",))]
    return code, []


def _street(*lines: str | None) -> str | None:
    return " ".join(part for part in (clean(line) for line in lines) if part) or None
