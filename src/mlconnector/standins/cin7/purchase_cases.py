"""What each case of `account.toml` makes of a purchase."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from mlconnector.standins.cin7.amounts import cents
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.payments import money, purchase_payment, put_purchase_payments
from mlconnector.standins.cin7.pricing import Item, product_item, put_prices, put_totals
from mlconnector.standins.cin7.purchases import expense_item, invoice, order, receive
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.times import day_of, day_text
from mlconnector.standins.cin7.vocabulary import vocabulary
from mlconnector.standins.cin7.work import Work

_SERVICES = frozenset({"service", "reverse_charge", "landed_cost"})


def fill_purchase(work: Work) -> None:
    """Give a purchase its order, invoices, receipts and payments, with what is special about its case."""
    name, purchase = work.case.name, work.head
    purchase["Type"] = _type(work)
    purchase["IsServiceOnly"] = name in _SERVICES
    _take_items(work)
    put_prices([*work.lines, *work.charges], False)
    order(purchase, work.lines, work.charges)
    work.created(work.day)
    _invoices(work)
    after = _AFTER.get(name)
    if after is not None:
        after(work)
    put_purchase_payments(purchase, work.made.payments.get(purchase["ID"], []))


def supplier_number(work: Work) -> str:
    """An invoice number as a supplier writes it."""
    return f"RG{work.day:%y%m}-{work.random.randrange(1000, 9999)}"


def pay(
    work: Work, amount: Decimal, document: Row | None = None, kind: str = "Payment", **values: Any
) -> Row:
    """Keep a payment on the first invoice, or on another document."""
    on, day = document or work.head["Invoice"][0], work.pay_day()
    account = values.pop("account", work.bank())
    rate = vocabulary().rate(work.head["SupplierCurrency"], 1)
    moved = money(amount, day, account, rate, work.created(day))
    made = purchase_payment(work.head, on, kind, work.payment_id(), **moved, **values)
    work.note_payment(made)
    return made


def _type(work: Work) -> str:
    name = work.case.name
    if name in _SERVICES:
        return "Service Purchase"
    advanced = name == "several_invoices" or work.random.random() < 0.4
    return "Advanced Purchase" if advanced else "Simple Purchase"


def _take_items(work: Work) -> None:
    name, rule = work.case.name, work.head["TaxRule"]
    if name in _SERVICES:
        work.charges = [_expense(work, rule)]
        return
    tax = 7 if name == "goods_7" else 19
    usual = rule == "19% VSt"
    if name == "unknown_tax_rule":
        rule, usual = "VSt alt", False
    work.lines = [
        _line(work, tax, f"{tax}% VSt" if usual else rule) for _ in range(work.random.randrange(1, 3))
    ]
    if name == "freight":
        work.charges = [expense_item("Fracht", Decimal("38.50"), rule, "320")]


def _expense(work: Work, rule: str) -> Item:
    if work.case.name == "landed_cost":
        orders = [each["OrderNumber"] for each in work.made.purchases.values() if not each["IsServiceOnly"]]
        reference = orders[-1] if orders else ""
        return expense_item("Seefracht und Zoll", work.price(42_000), rule, "320", reference)
    text, account = work.random.choice(vocabulary().words.expenses)
    return expense_item(text, work.price(36_500), rule, account)


def _line(work: Work, tax: int, rule: str) -> Item:
    product = work.products(tax, 1)[0]
    quantity = Decimal(work.random.randrange(5, 60))
    return product_item(product, quantity, work.price(product.cost), rule, work.head["InventoryAccount"])


def _invoices(work: Work) -> None:
    parts = [work.lines]
    if work.case.name == "several_invoices":
        extra = _line(work, 19, work.lines[0]["TaxRule"])
        put_prices([extra], False)
        parts.append([extra])
    for place, lines in enumerate(parts):
        day = work.day + timedelta(days=5 * place)
        made = invoice(work.head, _number(work), day, lines, work.charges if place == 0 else [])
        work.created(day)
        if lines and work.case.name not in ("draft", "drop_ship"):
            receive(work.head, made, day - timedelta(days=work.random.randrange(3)))


def _number(work: Work) -> str | None:
    if work.case.name == "no_number":
        return None
    if work.case.name == "same_number":
        return _number_of_another(work)
    return supplier_number(work)


def _number_of_another(work: Work) -> str:
    """The newest number of another supplier; without one, a number of its own."""
    for purchase in reversed(list(work.made.purchases.values())):
        for each in purchase["Invoice"]:
            if purchase["SupplierID"] != work.head["SupplierID"] and each["InvoiceNumber"]:
                return str(each["InvoiceNumber"])
    return supplier_number(work)


def _paid(work: Work) -> None:
    pay(work, work.head["Invoice"][0]["Total"])


def _partly_paid(work: Work) -> None:
    pay(work, work.head["Invoice"][0]["Total"] * work.random.randrange(20, 80) / 100)


def _deposit_used(work: Work) -> None:
    total = work.head["Invoice"][0]["Total"]
    amount = cents(total / 2)
    deposit: Row = {
        "DepositID": guid("deposit", work.head["ID"]),
        "SupplierID": work.head["SupplierID"],
        "SupplierName": work.head["Supplier"],
        "Account": "640",
        "Amount": amount,
        "RemainingAmount": Decimal(0),
        "Currency": work.head["SupplierCurrency"],
        "ConvRate": Decimal(1),
        "Date": day_text(_before(work.head)),
        "Description": "",
    }
    work.made.deposits.append(deposit)
    pay(work, amount, account="640", DepositID=deposit["DepositID"])


def _before(purchase: Row) -> date:
    return day_of(purchase["OrderDate"]) - timedelta(days=6)


def _draft(work: Work) -> None:
    draft = work.head["Invoice"][0]
    draft |= {"Status": "DRAFT", "InvoiceNumber": None}
    if work.random.random() < 0.5:
        draft |= {"Status": "NOT AVAILABLE", "Lines": []}
        put_totals(draft, False)


def _voided(work: Work) -> None:
    work.head["Invoice"][0]["Status"] = "VOIDED"


_AFTER: dict[str, Callable[[Work], None]] = {
    "paid": _paid,
    "partial_payment": _partly_paid,
    "import_usd": _partly_paid,
    "deposit_used": _deposit_used,
    "draft": _draft,
    "voided": _voided,
}
