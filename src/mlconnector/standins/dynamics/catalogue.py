"""What the environment has besides invoices and customers: products, units, currencies, users, messages."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.standins.dynamics.identities import (
    APPLICATION_USER_ID,
    CLIENT_ID,
    ORGANIZATION_ID,
    SALES_USER_ID,
    TEMPLATE_ID,
    guid,
)
from mlconnector.standins.dynamics.parties import CREATED
from mlconnector.standins.dynamics.records import Generated, Row
from mlconnector.standins.dynamics.vocabulary import vocabulary

BUNDLE = "PAK-001"
MESSAGES = ("Create", "Update", "Delete", "Assign", "SetState", "LockInvoicePricing")
ORDER_MESSAGES = ("ConvertSalesOrderToInvoice",)
_SUBSCRIBED = ("invoice", "invoicedetail", "salesorder", "account", "contact")


def add_catalogue(made: Generated) -> None:
    """Add everything that does not depend on the number of invoices."""
    _add_currencies(made)
    _add_products(made)
    _add_messages(made)
    words = vocabulary().company
    _add(
        made,
        "organization",
        organizationid=ORGANIZATION_ID,
        name=words.organization,
        expirechangetrackingindays=words.expire_days,
        oobpricecalculationenabled=True,
        basecurrencyid=currency(words.currency),
        languagecode=1031,
        pricingdecimalprecision=2,
    )
    _add(
        made,
        "systemuser",
        systemuserid=APPLICATION_USER_ID,
        fullname="# ml-connector",
        applicationid=CLIENT_ID,
        isdisabled=False,
    )
    _add(made, "systemuser", systemuserid=SALES_USER_ID, fullname="Vertrieb Innendienst", isdisabled=False)
    _add(
        made,
        "documenttemplate",
        documenttemplateid=TEMPLATE_ID,
        name="Rechnung Standard",
        documenttype=2,
        associatedentitytypecode="invoice",
        languagecode=1031,
        status=False,
    )
    _add(
        made,
        "documenttemplate",
        documenttemplateid=guid("document template", "order"),
        name="Auftragsbestätigung",
        documenttype=2,
        associatedentitytypecode="salesorder",
        languagecode=1031,
        status=False,
    )


def currency(code: str) -> tuple[str, str]:
    """The lookup of a currency."""
    return "transactioncurrency", guid("transactioncurrency", code)


def _add_currencies(made: Generated) -> None:
    for money in vocabulary().money:
        _add(
            made,
            "transactioncurrency",
            transactioncurrencyid=currency(money.code)[1],
            currencyname=money.name,
            isocurrencycode=money.code,
            currencysymbol=money.symbol,
            currencyprecision=2,
            exchangerate=Decimal(money.per_euro) / 10_000,
        )


def _add_products(made: Generated) -> None:
    for unit in dict.fromkeys(product.unit for product in vocabulary().products):
        _add(made, "uom", uomid=guid("uom", unit), name=unit)
    for product in vocabulary().products:
        price = Decimal(product.price) / 100
        _add(
            made,
            "product",
            productid=guid("product", product.number),
            name=product.name,
            productnumber=product.number,
            productstructure=1,
            producttypecode=3 if product.service else 1,
            defaultuomid=("uom", guid("uom", product.unit)),
            price=price,
            price_base=price,
            exchangerate=Decimal(1),
            transactioncurrencyid=currency("EUR"),
            statecode=0,
            statuscode=1,
            new_category=product.category,
        )
    _add(
        made,
        "product",
        productid=guid("product", BUNDLE),
        name="Paket Carport",
        productnumber=BUNDLE,
        productstructure=3,
        producttypecode=1,
        statecode=0,
        statuscode=1,
        new_category=1,
    )


def _add_messages(made: Generated) -> None:
    for name in (*MESSAGES, *ORDER_MESSAGES):
        _add(made, "sdkmessage", sdkmessageid=guid("sdkmessage", name), name=name)
    for table in _SUBSCRIBED:
        names = ORDER_MESSAGES if table == "salesorder" else ()
        for name in (*(MESSAGES if table == "invoice" else MESSAGES[:3]), *names):
            _add(
                made,
                "sdkmessagefilter",
                sdkmessagefilterid=guid("sdkmessagefilter", table, name),
                sdkmessageid=("sdkmessage", guid("sdkmessage", name)),
                primaryobjecttypecode=table,
            )


def _add(made: Generated, table: str, **values: object) -> Row:
    return made.add(table, values | {"createdon": CREATED, "modifiedon": CREATED})
