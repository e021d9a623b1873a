"""Sales and purchases, as their documents share them: party, money, places, facts for mapping tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlconnector.systems.cin7 import places
from mlconnector.systems.cin7.documents import Record
from mlconnector.systems.cin7.names import record_name
from mlconnector.systems.cin7.parties import attribute_values, customer_of, supplier_of
from mlconnector.systems.cin7.places import Locations
from mlconnector.systems.cin7.settings import Settings
from mlconnector.systems.cin7.shapes import PartyRecord, Purchase, Sale, TaxRule
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.vouchers import filled


@dataclass(frozen=True, slots=True)
class Around:
    """What all records refer to: tax rules by name, and locations."""

    tax_rules: Mapping[str, TaxRule]
    locations: Locations
    settings: Settings


def of_sale(sale: Sale, customer: PartyRecord | None, around: Around) -> Record:
    """A sale as its documents share it."""
    name, settings = record_name("sale", sale.id), around.settings
    party, problems = customer_of(
        customer, sale.customer_id, clean(sale.customer), sale.billing_address, settings
    )
    ship_to, wrong = places.ship_to(sale, party)
    return Record(
        name=name,
        order_number=clean(sale.order.sale_order_number if sale.order else None),
        status=sale.status or "",
        direction="sale",
        party=party,
        problems_of_party=tuple(problems),
        problems=(*problems, *wrong),
        currency=clean(sale.customer_currency),
        base_currency=clean(sale.base_currency),
        rate=sale.currency_rate,
        tax_calculation=sale.tax_calculation or "",
        account=clean(sale.default_account) or clean(customer.revenue_account if customer else None),
        terms=clean(sale.terms) or None,
        supply="service" if sale.service_only else None,
        ship_to=ship_to,
        ship_from=lambda own: places.ship_from(sale, own, around.locations),
        fulfilments=sale.fulfilments or (),
        invoices=sale.invoices or (),
        credit_notes=sale.credit_notes or (),
        attachments=sale.attachments or (),
        attributes=filled(
            {
                "location": clean(sale.location),
                "channel": clean(sale.source_channel),
                "representative": clean(sale.sales_representative),
                **_additional(sale.additional_attributes),
                **attribute_values("customer", customer),
            }
        ),
        settings=settings,
    )


def of_purchase(purchase: Purchase, supplier: PartyRecord | None, around: Around) -> Record:
    """A purchase as its documents share it."""
    name, settings = record_name("purchase", purchase.id), around.settings
    party, problems = supplier_of(supplier, purchase.supplier_id, clean(purchase.supplier), settings)
    return Record(
        name=name,
        order_number=clean(purchase.order_number),
        status=purchase.status or "",
        direction="purchase",
        party=party,
        problems_of_party=tuple(problems),
        problems=tuple(problems),
        currency=clean(purchase.supplier_currency),
        base_currency=clean(purchase.base_currency),
        rate=purchase.currency_rate,
        tax_calculation=purchase.tax_calculation or "",
        account=clean(purchase.inventory_account),
        terms=clean(purchase.terms) or None,
        supply="service" if purchase.is_service_only else None,
        ship_to=places.arrival(purchase, around.locations),
        ship_from=lambda _own: None,
        fulfilments=(),
        invoices=purchase.invoice or (),
        credit_notes=purchase.credit_note or (),
        attachments=purchase.attachments or (),
        attributes=filled(
            {
                "location": clean(purchase.location),
                **_additional(purchase.additional_attributes),
                **attribute_values("supplier", supplier),
            }
        ),
        settings=settings,
    )


def _additional(attributes: Mapping[str, Any] | None) -> dict[str, str | None]:
    """The additional attributes of a record: `attribute_1` to `attribute_10`."""
    prefix = "AdditionalAttribute"
    return {
        f"attribute_{name.removeprefix(prefix)}": clean(value)
        for name, value in (attributes or {}).items()
        if name.startswith(prefix) and isinstance(value, str)
    }
