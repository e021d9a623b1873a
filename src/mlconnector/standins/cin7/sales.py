"""The parts of a sale: its head, invoices, fulfilments and credit notes, and the payments of all of them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mlconnector.standins.cin7.amounts import ZERO, plain
from mlconnector.standins.cin7.catalogue import location_id
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.pricing import Item, is_inclusive, put_totals
from mlconnector.standins.cin7.records import Row, attributes
from mlconnector.standins.cin7.times import day_text
from mlconnector.standins.cin7.vocabulary import vocabulary

BOOKED = frozenset({"AUTHORISED", "PAID"})


def sale_head(sale_id: str, number: str, customer: Row, day: date, **values: Any) -> Row:
    """A sale without anything in it; `values` override what is usual."""
    currency = values.get("CustomerCurrency", "EUR")
    billing = address_of(customer)
    return {
        "ID": sale_id,
        "Customer": customer["Name"],
        "CustomerID": customer["ID"],
        "Contact": customer["Contacts"][0]["Name"],
        "Phone": customer["Contacts"][0]["Phone"],
        "Email": customer["Contacts"][0]["Email"],
        "DefaultAccount": "200",
        "SkipQuote": True,
        "BillingAddress": billing,
        "ShippingAddress": billing
        | {"Company": customer["Name"], "Contact": customer["Contacts"][0]["Name"], "ShipToOther": False},
        "ShippingNotes": "",
        "BaseCurrency": vocabulary().company.currency,
        "CustomerCurrency": currency,
        "TaxRule": customer["TaxRule"],
        "TaxCalculation": "Exclusive",
        "Terms": customer["PaymentTerm"],
        "PriceTier": "Tier 1",
        "ShipBy": None,
        "Location": vocabulary().locations[0].name,
        "SaleOrderDate": day_text(day),
        "LastModifiedOn": "",
        "Note": "",
        "CustomerReference": "",
        "COGSAmount": ZERO,
        "Status": "ORDERED",
        "CombinedPickingStatus": "NOT AVAILABLE",
        "CombinedPackingStatus": "NOT AVAILABLE",
        "CombinedShippingStatus": "NOT AVAILABLE",
        "FulFilmentStatus": "NOT AVAILABLE",
        "CombinedInvoiceStatus": "NOT AVAILABLE",
        "CombinedPaymentStatus": "UNPAID",
        "CombinedTrackingNumbers": "",
        "Carrier": "",
        "CurrencyRate": vocabulary().rate(currency, 0),
        "SalesRepresentative": customer["SalesRepresentative"],
        "ServiceOnly": False,
        "Type": "Simple Sale",
        "SourceChannel": "",
        "Quote": {"Memo": "", "Status": "NOT AVAILABLE", "Prepayments": [], **_empty()},
        "Order": {"SaleOrderNumber": number, "Memo": "", "Status": "AUTHORISED", **_empty()},
        "Fulfilments": [],
        "Invoices": [],
        "CreditNotes": [],
        "ManualJournals": {"Status": "NOT AVAILABLE", "Lines": []},
        "ExternalID": None,
        "AdditionalAttributes": attributes(),
        "Attachments": [],
    } | values


def order(sale: Row, lines: list[Item], charges: list[Item]) -> None:
    """Write what was ordered."""
    shown = [_without_account(line) | _ORDER_LINE for line in lines]
    sale["Order"] |= {"Lines": shown, "AdditionalCharges": [_without_account(each) for each in charges]}
    put_totals(sale["Order"], is_inclusive(sale))


def invoice(sale: Row, number: str | None, day: date, lines: list[Item], charges: list[Item]) -> Row:
    """Add an invoice that is authorised; one without number is a draft."""
    place = len(sale["Invoices"]) + 1
    own_task = sale["Type"] == "Advanced Sale"
    made: Row = {
        "TaskID": guid("invoice task", sale["ID"], place) if own_task else sale["ID"],
        "InvoiceNumber": number,
        "Memo": "",
        "Status": "AUTHORISED" if number else "DRAFT",
        "InvoiceDate": day_text(day),
        "InvoiceDueDate": day_text(day + timedelta(days=days_of(sale["Terms"]))),
        "CurrencyConversionRate": sale["CurrencyRate"],
        "BillingAddressLine1": sale["BillingAddress"]["DisplayAddressLine1"],
        "BillingAddressLine2": sale["BillingAddress"]["DisplayAddressLine2"],
        "LinkedFulfillmentNumber": None,
        "Lines": lines,
        "AdditionalCharges": charges,
        "Payments": [],
        "TotalBeforeTax": ZERO,
        "Tax": ZERO,
        "Total": ZERO,
        "Paid": ZERO,
    }
    put_totals(made, is_inclusive(sale))
    sale["Invoices"].append(made)
    return made


def ship(sale: Row, made: Row, day: date) -> None:
    """Add the fulfilment that an invoice bills."""
    number = len(sale["Fulfilments"]) + 1
    picked = [_picked(sale, line) for line in made["Lines"] if line["Price"] > 0]
    made["LinkedFulfillmentNumber"] = str(number)
    fulfilment_id = guid("fulfilment", sale["ID"], number)
    sale["Fulfilments"].append(
        {
            "TaskID": fulfilment_id if sale["Type"] == "Advanced Sale" else sale["ID"],
            "FulfillmentNumber": number,
            "LinkedInvoiceNumber": made["InvoiceNumber"] or "",
            "FulFilmentStatus": "FULFILLED",
            "Pick": {"Status": "AUTHORISED", "Lines": picked},
            "Pack": {
                "Status": "AUTHORISED",
                "Lines": [line | {"Box": "Karton 1"} for line in picked],
            },
            "Ship": {
                "Status": "AUTHORISED",
                "RequireBy": None,
                "ShippingAddress": sale["ShippingAddress"],
                "ShippingNotes": "",
                "Lines": [
                    {
                        "ID": guid("shipment", fulfilment_id),
                        "ShipmentDate": day_text(day),
                        "Carrier": "Spedition",
                        "Boxes": "Karton 1",
                        "TrackingNumber": "",
                        "TrackingURL": "",
                        "IsShipped": True,
                    }
                ],
            },
        }
    )


def credit_note(sale: Row, number: str | None, day: date, lines: list[Item], charges: list[Item]) -> Row:
    """Add a credit note for what is in `lines`; its amounts are positive."""
    place = len(sale["CreditNotes"]) + 1
    own_task = sale["Type"] == "Advanced Sale" or place > 1
    invoiced = [each["InvoiceNumber"] for each in sale["Invoices"] if each["InvoiceNumber"]]
    made: Row = {
        "TaskID": guid("credit task", sale["ID"], place) if own_task else sale["ID"],
        "CreditNoteInvoiceNumber": invoiced[0] if invoiced else "",
        "Memo": "",
        "Status": "AUTHORISED" if number else "DRAFT",
        "CreditNoteDate": day_text(day),
        "CreditNoteNumber": number,
        "CreditNoteConversionRate": vocabulary().rate(sale["CustomerCurrency"], 2),
        "Lines": lines,
        "AdditionalCharges": charges,
        "Refunds": [],
        "Restock": [_picked(sale, line) for line in lines],
        "TotalBeforeTax": ZERO,
        "Tax": ZERO,
        "Total": ZERO,
    }
    put_totals(made, is_inclusive(sale))
    sale["CreditNotes"].append(made)
    return made


def days_of(term: str) -> int:
    """The days until payment of a payment term."""
    return next(one.duration for one in vocabulary().terms if one.name == term)


def address_of(party: Row) -> Row:
    """The address of a party as documents show it."""
    address = party["Addresses"][0]
    return {
        "DisplayAddressLine1": address["Line1"],
        "DisplayAddressLine2": f"{address['Postcode']} {address['City']}",
        **{name: address[name] for name in ("Line1", "Line2", "City", "State", "Postcode", "Country")},
    }


def put_cost(sale: Row) -> None:
    """Add up what the sold goods cost."""
    lines = [line for one in sale["Invoices"] if one["Status"] in BOOKED for line in one["Lines"]]
    sale["COGSAmount"] = plain(sum((line["Quantity"] * line["AverageCost"] for line in lines), ZERO))


_ORDER_LINE = {"DropShip": False, "Backorder": False, "BackorderQuantity": Decimal(0)}


def _empty() -> Row:
    return {"Lines": [], "AdditionalCharges": [], "TotalBeforeTax": ZERO, "Tax": ZERO, "Total": ZERO}


def _without_account(item: Item) -> Row:
    return {name: value for name, value in item.items() if name != "Account"}


def _picked(sale: Row, line: Item) -> Row:
    return {
        "ProductID": line["ProductID"],
        "SKU": line["SKU"],
        "Name": line["Name"],
        "Location": sale["Location"],
        "LocationID": location_id(sale["Location"]),
        "Quantity": line["Quantity"],
        "BatchSN": "",
        "ExpiryDate": None,
    }
