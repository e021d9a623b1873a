"""The parts of a purchase: its head, receipts, invoices and credit notes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mlconnector.standins.cin7.amounts import ZERO
from mlconnector.standins.cin7.catalogue import location_id
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.pricing import Item, is_inclusive, put_totals
from mlconnector.standins.cin7.records import Row, attributes
from mlconnector.standins.cin7.sales import address_of, days_of
from mlconnector.standins.cin7.times import day_text
from mlconnector.standins.cin7.vocabulary import vocabulary


def purchase_head(purchase_id: str, number: str, supplier: Row, day: date, **values: Any) -> Row:
    """A purchase without anything in it; `values` override what is usual."""
    location = vocabulary().locations[0]
    currency = values.get("SupplierCurrency", "EUR")
    return {
        "ID": purchase_id,
        "SupplierID": supplier["ID"],
        "Supplier": supplier["Name"],
        "Contact": supplier["Contacts"][0]["Name"],
        "Phone": supplier["Contacts"][0]["Phone"],
        "InventoryAccount": "630",
        "BlindReceipt": False,
        "Approach": "INVOICE",
        "BillingAddress": address_of(supplier),
        "ShippingAddress": {
            "DisplayAddressLine1": location.street,
            "DisplayAddressLine2": f"{location.postcode} {location.city}",
            "Line1": location.street,
            "Line2": "",
            "City": location.city,
            "State": "",
            "Postcode": location.postcode,
            "Country": vocabulary().place(location.country).name,
            "ShipToOther": False,
        },
        "BaseCurrency": vocabulary().company.currency,
        "SupplierCurrency": currency,
        "TaxRule": supplier["TaxRule"],
        "TaxCalculation": "Exclusive",
        "Terms": supplier["PaymentTerm"],
        "RequiredBy": None,
        "Location": location.name,
        "Note": "",
        "OrderNumber": number,
        "Type": "Simple Purchase",
        "CombinedInvoiceStatus": "NOT INVOICED",
        "CombinedReceivingStatus": "NOT RECEIVED",
        "CombinedPaymentStatus": "UNPAID",
        "IsServiceOnly": False,
        "OrderDate": day_text(day),
        "Status": "ORDERED",
        "RelatedDropShipSaleTask": None,
        "CurrencyRate": vocabulary().rate(currency, 0),
        "LastUpdatedDate": "",
        "Order": {
            "Memo": "",
            "Status": "AUTHORISED",
            "Lines": [],
            "AdditionalCharges": [],
            "Prepayments": [],
            "TotalBeforeTax": ZERO,
            "Tax": ZERO,
            "Total": ZERO,
        },
        "StockReceived": [],
        "PutAway": [],
        "Invoice": [],
        "CreditNote": [],
        "ManualJournals": [],
        "AdditionalAttributes": attributes(),
        "Attachments": [],
    } | values


def order(purchase: Row, lines: list[Item], charges: list[Item]) -> None:
    """Write what was ordered."""
    left_out = {"Account", "AverageCost"}
    purchase["Order"] |= {
        "Lines": [
            {name: value for name, value in line.items() if name not in left_out} | {"SupplierSKU": ""}
            for line in lines
        ],
        "AdditionalCharges": [
            {name: value for name, value in each.items() if name not in left_out} for each in charges
        ],
    }
    put_totals(purchase["Order"], is_inclusive(purchase))


def invoice(purchase: Row, number: str | None, day: date, lines: list[Item], charges: list[Item]) -> Row:
    """Add a supplier's invoice that is authorised."""
    place = len(purchase["Invoice"]) + 1
    made: Row = {
        "TaskID": task_id(purchase, "purchase invoice task", place),
        "InvoicingAndReceivingNumber": place,
        "InvoiceDate": day_text(day),
        "InvoiceDueDate": day_text(day + timedelta(days=days_of(purchase["Terms"]))),
        "InvoiceNumber": number,
        "Status": "AUTHORISED",
        "Lines": [without_cost(line) for line in lines],
        "AdditionalCharges": charges,
        "Payments": [],
        "TotalBeforeTax": ZERO,
        "Tax": ZERO,
        "Total": ZERO,
        "Paid": ZERO,
    }
    put_totals(made, is_inclusive(purchase))
    purchase["Invoice"].append(made)
    return made


def receive(purchase: Row, made: Row, day: date) -> None:
    """Add the receipt of the goods that an invoice bills."""
    lines = [_received(purchase, line, day) for line in made["Lines"]]
    for name in ("StockReceived", "PutAway"):
        number = made["InvoicingAndReceivingNumber"]
        head = {"TaskID": made["TaskID"], "InvoicingAndReceivingNumber": number, "Status": "AUTHORISED"}
        purchase[name].append(head | {"Lines": lines})


def credit_note(purchase: Row, number: str, day: date, lines: list[Item]) -> Row:
    """Add a supplier's credit note; its amounts are positive."""
    place = len(purchase["CreditNote"]) + 1
    invoiced = [each["InvoiceNumber"] for each in purchase["Invoice"] if each["InvoiceNumber"]]
    made: Row = {
        "TaskID": task_id(purchase, "purchase credit task", place),
        "CreditNoteInvoiceNumber": invoiced[0] if invoiced else "",
        "CreditNoteNumber": number,
        "CreditNoteDate": day_text(day),
        "Status": "AUTHORISED",
        "Lines": [without_cost(line) for line in lines],
        "AdditionalCharges": [],
        "Refunds": [],
        "Unstock": [],
        "TotalBeforeTax": ZERO,
        "Tax": ZERO,
        "Total": ZERO,
    }
    put_totals(made, is_inclusive(purchase))
    purchase["CreditNote"].append(made)
    return made


def expense_item(description: str, amount: Decimal, rule: str, account: str, reference: str = "") -> Item:
    """An additional charge of a purchase."""
    return {
        "Description": description,
        "Reference": reference,
        "Quantity": Decimal(1),
        "Price": amount,
        "Discount": ZERO,
        "Tax": ZERO,
        "TaxRule": rule,
        "Account": account,
        "Total": ZERO,
    }


def without_cost(line: Item) -> Item:
    """A line as purchases show it."""
    return {name: value for name, value in line.items() if name != "AverageCost"}


def task_id(purchase: Row, kind: str, place: int) -> str:
    """The id of a task; in a simple purchase it is that of the purchase."""
    if purchase["Type"] == "Advanced Purchase" or place > 1:
        return guid(kind, purchase["ID"], place)
    return str(purchase["ID"])


def _received(purchase: Row, line: Item, day: date) -> Row:
    return {
        "Date": day_text(day),
        "Quantity": line["Quantity"],
        "ProductID": line["ProductID"],
        "SKU": line["SKU"],
        "Name": line["Name"],
        "Location": purchase["Location"],
        "LocationID": location_id(purchase["Location"]),
        "Received": True,
        "BatchSN": "",
        "SupplierSKU": "",
        "ExpiryDate": None,
        "CardID": guid("card", purchase["ID"], line["SKU"]),
    }
