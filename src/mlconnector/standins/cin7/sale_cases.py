"""What each case of `account.toml` changes in a sale, before its lines are priced and after its invoice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from mlconnector.standins.cin7.amounts import HUNDRED, cents, four
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.payments import money, put_sale_payments, sale_payment
from mlconnector.standins.cin7.pricing import (
    Item,
    charge_item,
    percent_of,
    product_item,
    put_prices,
    put_totals,
)
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import credit_note, invoice, order, ship
from mlconnector.standins.cin7.times import day_of, day_text
from mlconnector.standins.cin7.vocabulary import Product, vocabulary
from mlconnector.standins.cin7.work import Work

_INCLUSIVE = frozenset({"consumer", "inclusive_cent", "inclusive_far"})
_FOUR_DIGITS = frozenset({"inclusive_cent", "inclusive_far", "four_digits"})
_SIMPLE = frozenset({"prepayment", "prepayment_invoiced"})
_UNNUMBERED = frozenset({"prepayment", "draft", "not_available"})
_OFF_BY = {"inclusive_cent": Decimal("0.01"), "inclusive_far": Decimal("0.12")}


def fill_sale(work: Work) -> None:
    """Give a sale its lines, order, invoices, shipments and payments, with what is special about its case."""
    name, sale = work.case.name, work.head
    if name in _INCLUSIVE:
        sale["TaxCalculation"] = "Inclusive"
    if name not in _SIMPLE and work.random.random() < 0.4:
        sale["Type"] = "Advanced Sale"
    _take_products(work)
    change = _BEFORE.get(name)
    if change is not None:
        change(work)
    _price(work)
    order(sale, work.lines, work.charges)
    if name == "drop_ship":
        for line in sale["Order"]["Lines"]:
            line["DropShip"] = True
    work.created(work.day)
    _invoice(work)
    after = _AFTER.get(name)
    if after is not None:
        after(work)
    put_sale_payments(sale, work.made.payments.get(sale["ID"], []))


def pay(
    work: Work, amount: Decimal, document: Row | None = None, kind: str = "Payment", **values: Any
) -> Row:
    """Keep a payment on the first invoice, or on another document."""
    on, day = document or work.head["Invoices"][0], values.pop("day", work.pay_day())
    rate = values.pop("rate", vocabulary().rate(work.head["CustomerCurrency"], 1))
    account = values.pop("account", work.bank())
    moved = money(amount, day, account, rate, work.created(day))
    made = sale_payment(work.head, on, kind, work.payment_id(), **moved, **values)
    work.note_payment(made)
    return made


def item(work: Work, product: Product, rule: str | None = None) -> Item:
    """A line of a product, at the tax rule of the customer where that is not the usual one."""
    usual = work.head["TaxRule"] == "19% USt"
    chosen = rule or (f"{product.tax}% USt" if usual else work.head["TaxRule"])
    price = work.price(product.price)
    if work.head["TaxCalculation"] == "Inclusive":
        price = cents(price * (HUNDRED + percent_of(chosen)) / HUNDRED)
    if work.case.name in _FOUR_DIGITS:
        price = four(price + Decimal(work.random.randrange(11, 99)) / 10_000)
    account = "205" if product.service else "200"
    return product_item(product, Decimal(work.random.randrange(1, 13)), price, chosen, account)


def _take_products(work: Work) -> None:
    name = work.case.name
    tax = 7 if name == "plain_7" else 19
    if name == "mixed_rates":
        chosen = [*work.products(19, 2), *work.products(7, 1)]
    else:
        chosen = work.products(tax, service=name == "service")
    work.lines = [item(work, product) for product in chosen]


def _price(work: Work) -> None:
    inclusive = work.head["TaxCalculation"] == "Inclusive"
    put_prices([*work.lines, *work.charges], inclusive, work.case.name in _FOUR_DIGITS)


def _invoice(work: Work) -> None:
    sale, name = work.head, work.case.name
    if name == "several_invoices":
        _several_invoices(work)
        return
    number = None if name in _UNNUMBERED else work.numbers.next_invoice()
    made = invoice(sale, number, work.day, work.lines, work.charges)
    if name in ("prepayment", "not_available"):
        made |= {"Status": "NOT AVAILABLE", "Lines": [], "AdditionalCharges": []}
        put_totals(made, False)
        return
    put_totals(made, sale["TaxCalculation"] == "Inclusive", _OFF_BY.get(name, Decimal(0)))
    if name != "service":
        ship(sale, made, work.day - timedelta(days=work.random.randrange(4)))


def _several_invoices(work: Work) -> None:
    parts = [work.lines[:1], work.lines[1:]] if len(work.lines) > 1 else [work.lines]
    while len(parts) < 2:
        extra = item(work, work.products(19, 1)[0])
        put_prices([extra], False)
        parts.append([extra])
    for number, lines in enumerate(parts):
        day = work.day + timedelta(days=7 * number)
        made = invoice(work.head, work.numbers.next_invoice(), day, lines, [])
        ship(work.head, made, day)
        work.created(day)


def _advanced(work: Work) -> None:
    work.head["Type"] = "Advanced Sale"


def _freight(work: Work) -> None:
    work.charges.append(charge_item("Versandkosten", Decimal("49.00"), work.lines[0]["TaxRule"], "210"))


def _line_discount(work: Work) -> None:
    work.lines[0]["Discount"] = work.random.choice((Decimal(3), Decimal(5), Decimal("7.5")))


def _document_discount(work: Work) -> None:
    first = work.lines[0]
    less = cents(first["Price"] * first["Quantity"] / 20)
    discount = first | {"Name": "Nachlass", "SKU": "NACHLASS", "Quantity": Decimal(1), "Price": -less}
    work.lines.append(discount | {"ProductID": guid("product", "NACHLASS"), "AverageCost": Decimal(0)})


def _free_line(work: Work) -> None:
    work.lines.append(item(work, vocabulary().products[5], "7% USt") | {"Discount": HUNDRED})


def _zero_invoice(work: Work) -> None:
    for line in work.lines:
        line["Discount"] = HUNDRED


def _rounding_charge(work: Work) -> None:
    work.charges.append(charge_item("Rounding", Decimal("0.02"), work.lines[0]["TaxRule"], "860"))


def _unknown_tax_rule(work: Work) -> None:
    for line in work.lines:
        line["TaxRule"] = "19% USt (alt)"


def _component_rule(work: Work) -> None:
    for line in work.lines:
        line["TaxRule"] = "19% USt mit Umlage"


def _service(work: Work) -> None:
    work.head |= {"Type": "Service Sale", "ServiceOnly": True}


def _line_without_account(work: Work) -> None:
    work.lines[0]["Account"] = ""


def _delivery_elsewhere(work: Work) -> None:
    here = work.head["BillingAddress"]["Country"]
    place = next(one for one in vocabulary().places if one.country in ("FR", "NL") and one.name != here)
    postcode, city = place.cities[0]
    address = {"Line1": "Rampe 3", "City": city, "Postcode": postcode, "Country": place.name}
    shown = {"DisplayAddressLine1": "Rampe 3", "DisplayAddressLine2": f"{postcode} {city}"}
    work.head["ShippingAddress"] = work.head["ShippingAddress"] | address | shown | {"ShipToOther": True}


def _paid(work: Work) -> None:
    pay(work, work.head["Invoices"][0]["Total"])


def _partly_paid(work: Work) -> None:
    pay(work, work.head["Invoices"][0]["Total"] * work.random.randrange(20, 80) / 100)


def _overpaid(work: Work) -> None:
    rest = Decimal(work.random.randrange(2_000, 9_000)) / 100
    made = pay(work, work.head["Invoices"][0]["Total"] + rest)
    work.made.credits.append(
        {
            "CreditID": guid("credit", work.head["ID"]),
            "CustomerID": work.head["CustomerID"],
            "CustomerName": work.head["Customer"],
            "Account": "850",
            "Amount": rest,
            "RemainingAmount": rest,
            "Currency": work.head["CustomerCurrency"],
            "ConvRate": Decimal(1),
            "Date": made["DatePaid"],
            "Description": "Überzahlung",
        }
    )


def _credit_used(work: Work) -> None:
    credit = next(one for one in work.made.credits if one["CustomerID"] == work.head["CustomerID"])
    total = work.head["Invoices"][0]["Total"]
    amount = min(credit["RemainingAmount"], total)
    credit["RemainingAmount"] -= amount
    day = max(work.pay_day(), day_of(credit["Date"]))
    pay(work, amount, day=day, account="850", CreditID=credit["CreditID"])


def _foreign(work: Work) -> None:
    sale = work.head
    pay(work, sale["Invoices"][0]["Total"] / 2)
    back = [work.lines[0] | {"Quantity": Decimal(1), "Discount": Decimal(0)}]
    put_prices(back, False)
    day = work.pay_day()
    credit_note(sale, work.numbers.next_credit(), day, back, [])
    work.created(day)


def _prepaid(work: Work) -> None:
    ahead = work.day - timedelta(days=9)
    work.head["Quote"]["Status"] = "AUTHORISED"
    work.head["SaleOrderDate"] = day_text(ahead)
    amount = cents(work.head["Order"]["Total"] * 3 / 10)
    pay(work, amount, {"InvoiceNumber": None}, "Prepayment", day=ahead)


def _voided(work: Work) -> None:
    work.head["Invoices"][0]["Status"] = "VOIDED"


_BEFORE: dict[str, Callable[[Work], None]] = {
    "several_invoices": _advanced,
    "freight": _freight,
    "line_discount": _line_discount,
    "document_discount": _document_discount,
    "free_line": _free_line,
    "zero_invoice": _zero_invoice,
    "rounding_charge": _rounding_charge,
    "unknown_tax_rule": _unknown_tax_rule,
    "component_rule": _component_rule,
    "service": _service,
    "line_without_account": _line_without_account,
    "delivery_elsewhere": _delivery_elsewhere,
}
_AFTER: dict[str, Callable[[Work], None]] = {
    "full_payment": _paid,
    "partial_payment": _partly_paid,
    "overpayment": _overpaid,
    "credit_used": _credit_used,
    "foreign_usd": _foreign,
    "foreign_chf": _foreign,
    "prepayment": _prepaid,
    "prepayment_invoiced": _prepaid,
    "voided": _voided,
}
