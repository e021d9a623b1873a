"""What customers still owe and suppliers still get, in euros, by documents that are booked.

A document counts at its own rate, a payment at its own, each in whole cents; so a foreign document that is
paid leaves what the rate made of it. Money counts once: a payment from a credit or a deposit moved none. What
was paid ahead counts from when there is an invoice.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mlconnector.standins.cin7.account import Account
from mlconnector.standins.cin7.amounts import ZERO, cents
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import BOOKED


def balances(account: Account) -> dict[str, Decimal]:
    """The open balance of every customer and supplier with documents, by id; positive where it is owed."""
    open_: dict[str, Decimal] = {}
    for sale in account.sales.values():
        amount = _of_sale(sale, account.payments.get(sale["ID"], []))
        open_[sale["CustomerID"]] = open_.get(sale["CustomerID"], ZERO) + amount
    for purchase in account.purchases.values():
        amount = _of_purchase(purchase, account.payments.get(purchase["ID"], []))
        open_[purchase["SupplierID"]] = open_.get(purchase["SupplierID"], ZERO) + amount
    return open_


def _of_sale(sale: Row, payments: list[Row]) -> Decimal:
    invoices, credit_notes = _booked(sale["Invoices"]), _booked(sale["CreditNotes"])
    amount = sum((cents(each["Total"] * each["CurrencyConversionRate"]) for each in invoices), ZERO)
    amount -= sum((cents(each["Total"] * each["CreditNoteConversionRate"]) for each in credit_notes), ZERO)
    tasks = {"Payment": _tasks(invoices), "Refund": _tasks(credit_notes)}
    ahead = {each["TaskID"] for each in payments if each["Type"] == "Prepayment" and invoices}
    return amount + _moved(payments, tasks | {"Prepayment": ahead}, "CreditID")


def _of_purchase(purchase: Row, payments: list[Row]) -> Decimal:
    invoices, credit_notes = _booked(purchase["Invoice"]), _booked(purchase["CreditNote"])
    rate = purchase["CurrencyRate"]
    amount = sum((cents(each["Total"] * rate) for each in invoices), ZERO)
    amount -= sum((cents(each["Total"] * rate) for each in credit_notes), ZERO)
    tasks = {"Payment": _tasks(invoices), "Refund": _tasks(credit_notes)}
    return amount + _moved(payments, tasks, "DepositID")


def _moved(payments: Iterable[Row], tasks: dict[str, set[str]], taken_from: str) -> Decimal:
    """What money did to the balance: refunds add to it."""
    moved = ZERO
    for payment in payments:
        if payment[taken_from] is None and payment["TaskID"] in tasks[payment["Type"]]:
            amount = cents(payment["Amount"] * payment["CurrencyRate"])
            moved += amount if payment["Type"] == "Refund" else -amount
    return moved


def _booked(documents: list[Row]) -> list[Row]:
    return [each for each in documents if each["Status"] in BOOKED]


def _tasks(documents: list[Row]) -> set[str]:
    return {each["TaskID"] for each in documents}
