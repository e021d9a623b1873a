"""The rows of the lists of sales and purchases, made from what the records hold now."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.standins.cin7.amounts import ZERO, plain
from mlconnector.standins.cin7.catalogue import location_id
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import BOOKED

SALE_FILTERS = {
    "QuoteStatus": "QuoteStatus",
    "OrderStatus": "OrderStatus",
    "CombinedPickStatus": "CombinedPickingStatus",
    "CombinedPackStatus": "CombinedPackingStatus",
    "CombinedShippingStatus": "CombinedShippingStatus",
    "CombinedInvoiceStatus": "CombinedInvoiceStatus",
    "CreditNoteStatus": "CreditNoteStatus",
    "ExternalID": "ExternalID",
    "Status": "Status",
    "OrderLocationID": "OrderLocationID",
}
# The description's name for the received status does not exist; the list knows this one.
PURCHASE_FILTERS = {
    "OrderStatus": "OrderStatus",
    "StockReceivedStatus": "StockReceivedStatus",
    "InvoiceStatus": "InvoiceStatus",
    "CreditNoteStatus": "CreditNoteStatus",
    "UnstockStatus": "UnstockStatus",
    "Status": "Status",
    "DropShipTaskID": "DropShipTaskID",
}
SALE_SEARCHED = (
    "OrderNumber", "Status", "Customer", "InvoiceNumber", "CustomerReference", "CreditNoteNumber",
)  # fmt: skip
PURCHASE_SEARCHED = ("OrderNumber", "Status", "Supplier", "InvoiceNumber", "CreditNoteNumber")


def sale_row(sale: Row) -> Row:
    """A sale as the list shows it: one invoice number, whatever the sale has."""
    first = _first(sale["Invoices"], "InvoiceNumber")
    credit = _first(sale["CreditNotes"], "CreditNoteNumber")
    invoiced, credited = _booked_total(sale["Invoices"]), _booked_total(sale["CreditNotes"])
    paid = _paid(sale["Invoices"], "Payments") - _paid(sale["CreditNotes"], "Refunds")
    return {
        "SaleID": sale["ID"],
        "OrderNumber": sale["Order"]["SaleOrderNumber"],
        "Status": sale["Status"],
        "OrderDate": sale["SaleOrderDate"],
        "InvoiceDate": first and first["InvoiceDate"],
        "Customer": sale["Customer"],
        "CustomerID": sale["CustomerID"],
        "InvoiceNumber": first and first["InvoiceNumber"],
        "CustomerReference": sale["CustomerReference"],
        "InvoiceAmount": plain(invoiced - credited),
        "PaidAmount": plain(paid),
        "SaleInvoicesTotalAmount": plain(invoiced),
        "InvoiceDueDate": first and first["InvoiceDueDate"],
        "ShipBy": sale["ShipBy"],
        "BaseCurrency": sale["BaseCurrency"],
        "CustomerCurrency": sale["CustomerCurrency"],
        "CreditNoteNumber": credit and credit["CreditNoteNumber"],
        "Updated": sale["LastModifiedOn"],
        "QuoteStatus": sale["Quote"]["Status"],
        "OrderStatus": sale["Order"]["Status"],
        "CombinedPickingStatus": sale["CombinedPickingStatus"],
        "CombinedPaymentStatus": sale["CombinedPaymentStatus"],
        "CombinedTrackingNumbers": sale["CombinedTrackingNumbers"],
        "CombinedPackingStatus": sale["CombinedPackingStatus"],
        "CombinedShippingStatus": sale["CombinedShippingStatus"],
        "CombinedInvoiceStatus": sale["CombinedInvoiceStatus"],
        "CombinedPaymentTotal": plain(paid),
        "CreditNoteStatus": _status(sale["CreditNotes"]),
        "FulFilmentStatus": sale["FulFilmentStatus"],
        "Type": sale["Type"],
        "SourceChannel": sale["SourceChannel"] or None,
        "ExternalID": sale["ExternalID"],
        "OrderLocationID": location_id(sale["Location"]),
    }


def credit_row(sale: Row) -> Row:
    """A sale as the list of credit notes shows it."""
    row = sale_row(sale)
    row.pop("SaleInvoicesTotalAmount")
    row.pop("CombinedPaymentTotal")
    restocked = any(each["Restock"] for each in sale["CreditNotes"])
    return row | {"RestockStatus": "AUTHORISED" if restocked else "NOT AVAILABLE"}


def purchase_row(purchase: Row) -> Row:
    """A purchase as the list shows it."""
    first = _first(purchase["Invoice"], "InvoiceNumber") or (purchase["Invoice"] or [None])[0]
    credit = _first(purchase["CreditNote"], "CreditNoteNumber")
    total = _booked_total(purchase["Invoice"]) - _booked_total(purchase["CreditNote"])
    paid = _paid(purchase["Invoice"], "Payments") - _paid(purchase["CreditNote"], "Refunds")
    return {
        "ID": purchase["ID"],
        "BlindReceipt": purchase["BlindReceipt"],
        "OrderNumber": purchase["OrderNumber"],
        "Status": purchase["Status"],
        "OrderDate": purchase["OrderDate"],
        "InvoiceDate": first and first["InvoiceDate"],
        "Supplier": purchase["Supplier"],
        "SupplierID": purchase["SupplierID"],
        "InvoiceNumber": first and first["InvoiceNumber"],
        "InvoiceAmount": plain(total),
        "PaidAmount": plain(paid),
        "InvoiceDueDate": first and first["InvoiceDueDate"],
        "RequiredBy": purchase["RequiredBy"],
        "BaseCurrency": purchase["BaseCurrency"],
        "SupplierCurrency": purchase["SupplierCurrency"],
        "CreditNoteNumber": credit and credit["CreditNoteNumber"],
        "OrderStatus": purchase["Order"]["Status"],
        "StockReceivedStatus": _status(purchase["StockReceived"]),
        "UnstockStatus": "NOT AVAILABLE",
        "InvoiceStatus": _status(purchase["Invoice"]),
        "CreditNoteStatus": _status(purchase["CreditNote"]),
        "LastUpdatedDate": purchase["LastUpdatedDate"],
        "Type": purchase["Type"],
        "CombinedInvoiceStatus": purchase["CombinedInvoiceStatus"],
        "CombinedPaymentStatus": purchase["CombinedPaymentStatus"],
        "CombinedReceivingStatus": purchase["CombinedReceivingStatus"],
        "IsServiceOnly": purchase["IsServiceOnly"],
        "DropShipTaskID": purchase["RelatedDropShipSaleTask"],
    }


def _first(documents: list[Row], key: str) -> Row | None:
    return next((each for each in documents if each[key]), None)


def _status(documents: list[Row]) -> str:
    return str(documents[0]["Status"]) if documents else "NOT AVAILABLE"


def _booked_total(documents: list[Row]) -> Decimal:
    return sum((each["Total"] for each in documents if each["Status"] in BOOKED), ZERO)


def _paid(documents: list[Row], key: str) -> Decimal:
    return sum((payment["Amount"] for each in documents for payment in each[key]), ZERO)
