"""What Cin7 books of a sale itself, in base currency."""

from __future__ import annotations

from decimal import Decimal

from mlconnector.standins.cin7.amounts import cents
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import BOOKED

_DEBTORS, _TAX = "610", "820"


def transactions(sale: Row) -> list[Row]:
    """The entries for the booked invoices and credit notes, and for what was paid."""
    made: list[Row] = []
    for invoice in sale["Invoices"]:
        if invoice["Status"] not in BOOKED:
            continue
        rate, day, task = invoice["CurrencyConversionRate"], invoice["InvoiceDate"], invoice["TaskID"]
        number = str(invoice["InvoiceNumber"])
        _add(made, task, _DEBTORS, "200", number, invoice["TotalBeforeTax"] * rate, day)
        _add(made, task, _DEBTORS, _TAX, number, invoice["Tax"] * rate, day)
        for payment in invoice["Payments"]:
            amount = payment["Amount"] * payment["CurrencyRate"]
            _add(made, task, payment["Account"], _DEBTORS, number, amount, payment["DatePaid"])
    for credit in sale["CreditNotes"]:
        if credit["Status"] not in BOOKED:
            continue
        rate, day, task = credit["CreditNoteConversionRate"], credit["CreditNoteDate"], credit["TaskID"]
        number = str(credit["CreditNoteNumber"])
        _add(made, task, "200", _DEBTORS, number, credit["TotalBeforeTax"] * rate, day)
        _add(made, task, _TAX, _DEBTORS, number, credit["Tax"] * rate, day)
        for payment in credit["Refunds"]:
            amount = payment["Amount"] * payment["CurrencyRate"]
            _add(made, task, _DEBTORS, payment["Account"], number, amount, payment["DatePaid"])
    return made


def _add(made: list[Row], task: str, debit: str, credit: str, text: str, amount: Decimal, day: str) -> None:
    if not amount:
        return
    made.append(
        {
            "TaskID": task,
            "TransactionID": guid("transaction", task, len(made)),
            "Debit": debit,
            "Credit": credit,
            "Description": text,
            "Amount": cents(amount),
            "EffectiveDate": day,
        }
    )
