"""The records of Dataverse as far as they are read; names and meanings are those of the table reference.

Numbers are decimals, never floats; moments are in UTC. Amounts are in the currency of the invoice. Columns
that the settings name are read from the rows as they came. Facts:
https://learn.microsoft.com/dynamics365/sales/developer/entities/invoice and invoicedetail.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

FORMATTED = "@OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "@Microsoft.Dynamics.CRM.lookuplogicalname"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What every shape has."""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The columns to ask for."""
        return tuple(
            name for name in (each.encode_name for each in msgspec.structs.fields(cls)) if "@" not in name
        )


class Invoice(Row, frozen=True, kw_only=True):
    """The head of an invoice; `exchangerate` is units of its currency for one of the base currency.

    `willcall`: the customer calls for the goods, so that they are not shipped to the address.
    """

    invoiceid: str
    createdon: datetime
    statecode: int
    statuscode: int
    name: str | None = None
    modifiedon: str | None = None
    discountamount: Decimal | None = None
    discountpercentage: Decimal | None = None
    totallineitemamount: Decimal | None = None
    totaldiscountamount: Decimal | None = None
    freightamount: Decimal | None = None
    totaltax: Decimal | None = None
    totalamount: Decimal | None = None
    exchangerate: Decimal | None = None
    pricingerrorcode: int | None = None
    paymenttermscode: int | None = None
    payment_terms: str | None = msgspec.field(name=f"paymenttermscode{FORMATTED}", default=None)
    billto_line1: str | None = None
    billto_line2: str | None = None
    billto_postalcode: str | None = None
    billto_city: str | None = None
    billto_country: str | None = None
    shipto_line1: str | None = None
    shipto_postalcode: str | None = None
    shipto_city: str | None = None
    shipto_country: str | None = None
    willcall: bool | None = None
    customer: str | None = msgspec.field(name="_customerid_value", default=None)
    customer_table: str | None = msgspec.field(name=f"_customerid_value{LOOKUP_TABLE}", default=None)
    currency: str | None = msgspec.field(name="_transactioncurrencyid_value", default=None)
    order: str | None = msgspec.field(name="_salesorderid_value", default=None)
    owner: str | None = msgspec.field(name="_ownerid_value", default=None)


class Detail(Row, frozen=True, kw_only=True):
    """A line of an invoice; `extendedamount` contains `tax`, which is an amount.

    A written-in product has no product but a `productdescription`.
    """

    invoicedetailid: str
    invoice: str | None = msgspec.field(name="_invoiceid_value", default=None)
    lineitemnumber: int | None = None
    isproductoverridden: bool | None = None
    productdescription: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    baseamount: Decimal | None = None
    manualdiscountamount: Decimal | None = None
    tax: Decimal | None = None
    extendedamount: Decimal | None = None
    shipto_line1: str | None = None
    shipto_postalcode: str | None = None
    shipto_city: str | None = None
    shipto_country: str | None = None
    willcall: bool | None = None
    product: str | None = msgspec.field(name="_productid_value", default=None)
    product_name: str | None = msgspec.field(name=f"_productid_value{FORMATTED}", default=None)


class Account(Row, frozen=True, kw_only=True):
    """A company."""

    accountid: str
    statecode: int = 0
    modifiedon: str | None = None
    name: str | None = None
    emailaddress1: str | None = None
    address1_line1: str | None = None
    address1_line2: str | None = None
    address1_postalcode: str | None = None
    address1_city: str | None = None
    address1_country: str | None = None


class Contact(Row, frozen=True, kw_only=True):
    """A person; one whose `parent` is an account works there."""

    contactid: str
    statecode: int = 0
    modifiedon: str | None = None
    parent: str | None = msgspec.field(name="_parentcustomerid_value", default=None)
    parent_table: str | None = msgspec.field(name=f"_parentcustomerid_value{LOOKUP_TABLE}", default=None)
    fullname: str | None = None
    emailaddress1: str | None = None
    address1_line1: str | None = None
    address1_line2: str | None = None
    address1_postalcode: str | None = None
    address1_city: str | None = None
    address1_country: str | None = None


class Product(Row, frozen=True, kw_only=True):
    """A product of the catalogue."""

    productid: str
    name: str | None = None
    productnumber: str | None = None


class Currency(Row, frozen=True, kw_only=True):
    """A currency of the organisation."""

    transactioncurrencyid: str
    isocurrencycode: str


class Order(Row, frozen=True, kw_only=True):
    """A sales order, from which an invoice was made."""

    salesorderid: str
    ordernumber: str | None = None


class Organization(Row, frozen=True, kw_only=True):
    """The organisation behind the environment; delta links are good for `days`."""

    organizationid: str
    name: str | None = None
    base_currency: str | None = msgspec.field(name="_basecurrencyid_value", default=None)
    days: int | None = msgspec.field(name="expirechangetrackingindays", default=None)


class Behaviour(msgspec.Struct, frozen=True):
    """How a date column is to be read: `UserLocal`, `DateOnly` or `TimeZoneIndependent`."""

    value: str = msgspec.field(name="Value")


class DateColumn(msgspec.Struct, frozen=True):
    """What the metadata says of a date column."""

    name: str = msgspec.field(name="LogicalName")
    behaviour: Behaviour | None = msgspec.field(name="DateTimeBehavior", default=None)


class Note(Row, frozen=True, kw_only=True):
    """A file in the timeline of a record, without its bytes."""

    annotationid: str
    regarding: str | None = msgspec.field(name="_objectid_value", default=None)
    filename: str | None = None
    mimetype: str | None = None
    filesize: int | None = None
