"""The statuses that sales and purchases show of what is in them, in the words of live accounts."""

from __future__ import annotations

from mlconnector.standins.cin7.amounts import ZERO
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import BOOKED


def put_sale_statuses(sale: Row) -> None:
    """Bring the head of a sale up to date with its documents."""
    invoices, credit_notes = sale["Invoices"], sale["CreditNotes"]
    invoiced = _invoiced(invoices, credit_notes)
    shipped = bool(sale["Fulfilments"])
    sale["CombinedInvoiceStatus"] = invoiced
    sale["CombinedPaymentStatus"] = _paid(invoices, bool(sale["Quote"]["Prepayments"]))
    sale["CombinedPickingStatus"] = "PICKED" if shipped else "NOT AVAILABLE"
    sale["CombinedPackingStatus"] = "PACKED" if shipped else "NOT AVAILABLE"
    sale["CombinedShippingStatus"] = "SHIPPED" if shipped else "NOT AVAILABLE"
    sale["FulFilmentStatus"] = "FULFILLED" if shipped else "NOT FULFILLED"
    sale["Status"] = _sale_status(sale, invoiced)


def put_purchase_statuses(purchase: Row) -> None:
    """Bring the head of a purchase up to date with its documents."""
    invoices, credit_notes = purchase["Invoice"], purchase["CreditNote"]
    invoiced = _invoiced(invoices, credit_notes)
    received = bool(purchase["StockReceived"])
    purchase["CombinedInvoiceStatus"] = invoiced
    purchase["CombinedPaymentStatus"] = _paid(invoices, ahead=False)
    purchase["CombinedReceivingStatus"] = "FULLY RECEIVED" if received else "NOT RECEIVED"
    purchase["Status"] = _purchase_status(invoiced, received)


def _invoiced(invoices: list[Row], credit_notes: list[Row]) -> str:
    states = {each["Status"] for each in invoices}
    credited = any(each["Status"] in BOOKED for each in credit_notes)
    if not states & BOOKED:
        if "VOIDED" in states:
            return "VOIDED"
        return "INVOICED / CREDITED" if credited else "NOT INVOICED"
    whole = "PARTIALLY INVOICED" if states - BOOKED - {"VOIDED"} else "INVOICED"
    return f"{whole} / CREDITED" if credited else whole


def _paid(invoices: list[Row], ahead: bool) -> str:
    booked = [each for each in invoices if each["Status"] in BOOKED]
    total = sum((each["Total"] for each in booked), ZERO)
    paid = sum((each["Paid"] for each in booked), ZERO)
    if not booked and any(each["Status"] == "VOIDED" for each in invoices):
        return "VOIDED"
    if not booked:
        return "PREPAID" if ahead else "UNPAID"
    if paid > total:
        return "OVERPAID / CREDITED"
    if paid == total:
        return "PAID"
    return "PARTIALLY PAID" if paid else "UNPAID"


def _sale_status(sale: Row, invoiced: str) -> str:
    if invoiced == "VOIDED":
        return "VOIDED"
    if invoiced == "NOT INVOICED":
        return "ESTIMATED" if sale["Quote"]["Prepayments"] else "ORDERED"
    if "CREDITED" in invoiced:
        return "CREDITED"
    return "COMPLETED" if sale["CombinedPaymentStatus"] == "PAID" else "INVOICED"


def _purchase_status(invoiced: str, received: bool) -> str:
    if invoiced == "VOIDED":
        return "VOIDED"
    if invoiced == "NOT INVOICED":
        return "RECEIVED" if received else "ORDERED"
    if "CREDITED" in invoiced:
        return "RECEIVED / CREDITED" if received else "COMPLETED / CREDIT NOTE CLOSED"
    return "COMPLETED" if received else "INVOICED"
