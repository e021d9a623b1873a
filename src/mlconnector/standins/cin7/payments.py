"""Payments, refunds and prepayments, and what sales and purchases show of them.

The payments of a record are kept in one list, in the shape of the payment endpoint. The documents of the
record show them without what belongs to that endpoint alone, and are PAID where nothing is open.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from mlconnector.standins.cin7.amounts import ZERO, cents, plain
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import BOOKED
from mlconnector.standins.cin7.times import day_text

_SHOWN = ("ID", "Reference", "Amount", "DatePaid", "Account", "CurrencyRate", "DateCreated")


def sale_payment(sale: Row, document: Row, kind: str, payment_id: str, **values: Any) -> Row:
    """A payment on a document of a sale; of a prepayment the document is the quote."""
    return {
        "SaleID": sale["ID"],
        "TaskID": document.get("TaskID", sale["ID"]),
        "ID": payment_id,
        "SaleOrderNumber": sale["Order"]["SaleOrderNumber"],
        "InvoiceNumber": document.get("InvoiceNumber"),
        "CreditNoteNumber": document.get("CreditNoteNumber"),
        "Type": kind,
        "Reference": "",
        "CreditID": None,
    } | values


def purchase_payment(purchase: Row, document: Row, kind: str, payment_id: str, **values: Any) -> Row:
    """A payment on a document of a purchase."""
    return {
        "PurchaseID": purchase["ID"],
        "TaskID": document["TaskID"],
        "ID": payment_id,
        "Type": kind,
        "Reference": "",
        "DepositID": None,
    } | values


def money(amount: Decimal, day: date, account: str, rate: Decimal, created: str) -> Row:
    """What every payment says of the money."""
    return {
        "Amount": cents(amount),
        "DatePaid": day_text(day),
        "Account": account,
        "CurrencyRate": plain(rate),
        "DateCreated": created,
    }


def put_sale_payments(sale: Row, payments: list[Row]) -> None:
    """Show in a sale what was paid on it."""
    sale["Quote"]["Prepayments"] = [_shown(each) for each in payments if each["Type"] == "Prepayment"]
    ahead = sum((each["Amount"] for each in payments if each["Type"] == "Prepayment"), ZERO)
    for invoice in sale["Invoices"]:
        own = [each for each in payments if each["Type"] == "Payment" and _belongs(each, invoice)]
        invoice["Payments"] = [_shown(each) for each in own]
        taken = ahead if invoice["Status"] in BOOKED else ZERO
        ahead -= taken
        invoice["Paid"] = plain(taken + sum((each["Amount"] for each in own), ZERO))
        _put_status(invoice)
    for credit in sale["CreditNotes"]:
        own = [each for each in payments if each["Type"] == "Refund" and _belongs(each, credit)]
        credit["Refunds"] = [_shown(each) for each in own]


def put_purchase_payments(purchase: Row, payments: list[Row]) -> None:
    """Show in a purchase what was paid on it."""
    for invoice in purchase["Invoice"]:
        own = [each for each in payments if each["Type"] == "Payment" and _belongs(each, invoice)]
        invoice["Payments"] = [_shown(each) for each in own]
        invoice["Paid"] = plain(sum((each["Amount"] for each in own), ZERO))
        _put_status(invoice)
    for credit in purchase["CreditNote"]:
        own = [each for each in payments if each["Type"] == "Refund" and _belongs(each, credit)]
        credit["Refunds"] = [_shown(each) for each in own]


def _belongs(payment: Row, document: Row) -> bool:
    return bool(payment["TaskID"] == document["TaskID"])


def _shown(payment: Row) -> Row:
    return {name: payment[name] for name in _SHOWN}


def _put_status(invoice: Row) -> None:
    if invoice["Status"] in BOOKED:
        paid = invoice["Paid"] > 0 and invoice["Paid"] >= invoice["Total"]
        invoice["Status"] = "PAID" if paid else "AUTHORISED"
