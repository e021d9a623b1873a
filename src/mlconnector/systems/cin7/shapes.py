"""The records of Cin7 Core as far as they are read; names and meanings are those of its API, version 2.

Numbers are decimals, never floats. Days of business are `2026-07-11T00:00:00` without a zone and mean that
day wherever the company is; only their first ten characters are read. What is added beyond these is ignored.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from mlconnector.systems.cin7.names import SYSTEM
from mlconnector.systems.kit.shapes import UnknownShape


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A record whose fields are written the way Cin7 writes them."""


class Address(_Record, frozen=True, kw_only=True):
    """An address; `Country` is a name, or a code where it was asked for."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postcode: str | None = None
    country: str | None = None


class Line(_Record, frozen=True, kw_only=True):
    """A line of a document; `Total` is net where tax is exclusive and gross where it is inclusive."""

    name: str | None = None
    sku: str | None = msgspec.field(name="SKU", default=None)
    product_id: str | None = msgspec.field(name="ProductID", default=None)
    quantity: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    tax_rule: str | None = None
    account: str | None = None
    comment: str | None = None


class Charge(_Record, frozen=True, kw_only=True):
    """An additional charge of a document: freight, packing, a rounding."""

    description: str | None = None
    quantity: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    tax_rule: str | None = None
    account: str | None = None


class Invoice(_Record, frozen=True, kw_only=True):
    """An invoice of a sale or a purchase; the rate is on those of sales alone."""

    task_id: str = msgspec.field(name="TaskID")
    invoice_number: str | None = None
    status: str | None = None
    invoice_date: str | None = None
    invoice_due_date: str | None = None
    currency_conversion_rate: Decimal | None = None
    lines: list[Line] | None = None
    additional_charges: list[Charge] | None = None
    payments: list[Any] | None = None
    total: Decimal | None = None


class CreditNote(_Record, frozen=True, kw_only=True):
    """A credit note; its amounts are positive."""

    task_id: str = msgspec.field(name="TaskID")
    credit_note_number: str | None = None
    credit_note_invoice_number: str | None = None
    status: str | None = None
    credit_note_date: str | None = None
    credit_note_conversion_rate: Decimal | None = None
    lines: list[Line] | None = None
    additional_charges: list[Charge] | None = None
    refunds: list[Any] | None = None
    total: Decimal | None = None


class Shipment(_Record, frozen=True, kw_only=True):
    """A shipment within a fulfilment."""

    shipment_date: str | None = None


class Ship(_Record, frozen=True, kw_only=True):
    """The shipments of a fulfilment."""

    lines: list[Shipment] | None = None


class Picked(_Record, frozen=True, kw_only=True):
    """What was taken from which location."""

    location: str | None = None


class Pick(_Record, frozen=True, kw_only=True):
    """What was picked for a fulfilment."""

    lines: list[Picked] | None = None


class Fulfilment(_Record, frozen=True, kw_only=True):
    """A fulfilment; `LinkedInvoiceNumber` is the invoice that it belongs to, empty where there is none."""

    linked_invoice_number: str | None = None
    pick: Pick | None = None
    ship: Ship | None = None


class Attachment(_Record, frozen=True, kw_only=True):
    """A file at a sale or purchase; `DownloadUrl` expires, so it is read when it is needed."""

    id: str = msgspec.field(name="ID")
    file_name: str | None = None
    content_type: str | None = None
    download_url: str | None = None


class Ordered(_Record, frozen=True, kw_only=True):
    """A quote or order, as far as it was paid in advance."""

    sale_order_number: str | None = None
    prepayments: list[Any] | None = None


class Sale(_Record, frozen=True, kw_only=True):
    """A sale with all that it holds."""

    id: str = msgspec.field(name="ID")
    status: str | None = None
    customer: str | None = None
    customer_id: str | None = msgspec.field(name="CustomerID", default=None)
    default_account: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    base_currency: str | None = None
    customer_currency: str | None = None
    currency_rate: Decimal | None = None
    tax_calculation: str | None = None
    terms: str | None = None
    location: str | None = None
    service_only: bool | None = None
    source_channel: str | None = None
    sales_representative: str | None = None
    combined_payment_status: str | None = None
    quote: Ordered | None = None
    order: Ordered | None = None
    fulfilments: list[Fulfilment] | None = None
    invoices: list[Invoice] | None = None
    credit_notes: list[CreditNote] | None = None
    additional_attributes: dict[str, Any] | None = None
    attachments: list[Attachment] | None = None


class Purchase(_Record, frozen=True, kw_only=True):
    """A purchase with all that it holds; its lists have names in the singular."""

    id: str = msgspec.field(name="ID")
    status: str | None = None
    supplier: str | None = None
    supplier_id: str | None = msgspec.field(name="SupplierID", default=None)
    inventory_account: str | None = None
    base_currency: str | None = None
    supplier_currency: str | None = None
    currency_rate: Decimal | None = None
    tax_calculation: str | None = None
    order_number: str | None = None
    terms: str | None = None
    location: str | None = None
    is_service_only: bool | None = None
    combined_payment_status: str | None = None
    order: Ordered | None = None
    invoice: list[Invoice] | None = None
    credit_note: list[CreditNote] | None = None
    additional_attributes: dict[str, Any] | None = None
    attachments: list[Attachment] | None = None


class Payment(_Record, frozen=True, kw_only=True):
    """A payment, refund or prepayment; paid with a credit or deposit, no money moved."""

    id: str = msgspec.field(name="ID")
    type: str | None = None
    invoice_number: str | None = None
    credit_note_number: str | None = None
    reference: str | None = None
    amount: Decimal | None = None
    date_paid: str | None = None
    account: str | None = None
    currency_rate: Decimal | None = None
    task_id: str | None = msgspec.field(name="TaskID", default=None)
    credit_id: str | None = msgspec.field(name="CreditID", default=None)
    deposit_id: str | None = msgspec.field(name="DepositID", default=None)


class PartyAddress(Address, frozen=True, kw_only=True):
    """An address of a customer or supplier, and what it is for."""

    type: str | None = None
    default_for_type: bool | None = None


class Contact(_Record, frozen=True, kw_only=True):
    """A person at a customer or supplier."""

    email: str | None = None
    default: bool | None = None


class PartyRecord(_Record, frozen=True, kw_only=True):
    """A customer or supplier. `TaxNumber` is whatever people wrote there."""

    id: str = msgspec.field(name="ID")
    name: str | None = None
    tax_number: str | int | None = None
    revenue_account: str | None = None
    addresses: list[PartyAddress] | None = None
    contacts: list[Contact] | None = None
    additional_attribute1: str | None = None
    additional_attribute2: str | None = None
    additional_attribute3: str | None = None
    additional_attribute4: str | None = None
    additional_attribute5: str | None = None
    additional_attribute6: str | None = None
    additional_attribute7: str | None = None
    additional_attribute8: str | None = None
    additional_attribute9: str | None = None
    additional_attribute10: str | None = None


class TaxRule(_Record, frozen=True, kw_only=True):
    """A tax rule; documents name it by its name. The per cent are empty where it has several components."""

    name: str
    tax_percent: Decimal | None = None
    is_active: bool | None = None
    is_tax_for_sale: bool | None = None
    is_tax_for_purchase: bool | None = None


class Account(_Record, frozen=True, kw_only=True):
    """An account of the company's own chart in Cin7."""

    code: str
    name: str | None = None
    status: str | None = None
    class_: str | None = msgspec.field(name="Class", default=None)
    type: str | None = None
    for_payments: bool | None = None
    system_account_code: str | None = None


class LocationRecord(_Record, frozen=True, kw_only=True):
    """A location, with its address where somebody entered one."""

    name: str
    address_city_suburb: str | None = None
    address_zip_post_code: str | None = None
    address_country: str | None = None
    is_deprecated: bool | None = None


class Me(_Record, frozen=True, kw_only=True):
    """The company that the key belongs to."""

    company: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    lock_date: str | None = None
    tax_calculation_method: str | None = None


class Registration(_Record, frozen=True, kw_only=True):
    """A webhook as Cin7 keeps it; it shows the credentials in clear, so they are not read."""

    id: str = msgspec.field(name="ID")
    type: str | None = None
    is_active: bool | None = None
    external_url: str | None = msgspec.field(name="ExternalURL", default=None)


def day(text: str | None) -> date | None:
    """The day of business that is written, whatever the time beside it. Raises UnknownShape."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise UnknownShape(f"{SYSTEM} answered with {text[:40]!r} for a day") from error
