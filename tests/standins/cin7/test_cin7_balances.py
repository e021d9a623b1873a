"""The open balances: computed again from what the API answers, and by hand for one customer."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from mlconnector.standins.cin7 import Cin7StandIn
from tests.standins.cin7.conftest import Api, of_case, purchase_of_case

DAY = date(2026, 10, 20)


@pytest.fixture
def records() -> int:
    return 180


def test_balances_are_what_the_answers_of_the_api_come_to(api: Api, standin: Cin7StandIn) -> None:
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for sale_id in standin.sales:
        sale = api.body("sale", ID=sale_id)
        owed[sale["CustomerID"]] += of_sale(sale, api.body("sale/payment", SaleID=sale_id))
    for purchase_id in standin.purchases:
        purchase = api.body("advanced-purchase", ID=purchase_id)
        payments = api.body("advanced-purchase/payment", PurchaseID=purchase_id)
        owed[purchase["SupplierID"]] += of_purchase(purchase, payments)
    found = {key: value for key, value in standin.balances().items() if value}
    assert found == {key: value for key, value in owed.items() if value}


def of_sale(sale: dict[str, Any], payments: list[dict[str, Any]]) -> Decimal:
    invoices = [each for each in sale["Invoices"] if each["Status"] in ("AUTHORISED", "PAID")]
    credit_notes = [each for each in sale["CreditNotes"] if each["Status"] == "AUTHORISED"]
    owed = sum((euros(each["Total"], each["CurrencyConversionRate"]) for each in invoices), Decimal(0))
    owed -= sum((euros(each["Total"], each["CreditNoteConversionRate"]) for each in credit_notes), Decimal(0))
    return owed + (paid(payments, "CreditID") if invoices or credit_notes else 0)


def of_purchase(purchase: dict[str, Any], payments: list[dict[str, Any]]) -> Decimal:
    owed, rate = Decimal(0), purchase["CurrencyRate"]
    for sign, documents in ((1, purchase["Invoice"]), (-1, purchase["CreditNote"])):
        booked = [each for each in documents if each["Status"] in ("AUTHORISED", "PAID")]
        owed += sign * sum((euros(each["Total"], rate) for each in booked), Decimal(0))
    return owed + paid(payments, "DepositID")


def paid(payments: list[dict[str, Any]], taken_from: str) -> Decimal:
    moved = Decimal(0)
    for payment in payments:
        if payment[taken_from] is None:
            sign = 1 if payment["Type"] == "Refund" else -1
            moved += sign * euros(payment["Amount"], payment["CurrencyRate"])
    return moved


def test_by_hand(standin: Cin7StandIn) -> None:
    sale = lonely(standin)
    task, customer = sale["Invoices"][0]["TaskID"], sale["CustomerID"]

    def open_() -> Decimal:
        return standin.balances()[customer]

    assert open_() == Decimal("119.00")
    first = standin.add_payment(sale["ID"], task, Decimal("19.00"), DAY)
    assert open_() == Decimal("100.00")
    standin.change_payment(sale["ID"], first, Decimal("29.00"))
    assert open_() == Decimal("90.00")
    standin.add_payment(sale["ID"], task, Decimal("50.00"), DAY, "850", credit_id="some credit")
    assert open_() == Decimal("90.00"), "the credit was counted when the money came"
    standin.delete_payment(sale["ID"], first)
    assert open_() == Decimal("119.00")
    standin.reauthorise(sale["ID"], task, Decimal("200.00"))
    assert open_() == Decimal("238.00")
    standin.undo_invoice(sale["ID"], task)
    assert open_() == Decimal("0.00"), "a draft does not count, nor what was paid on it"


def test_a_foreign_document_counts_at_its_rate_and_a_payment_at_its_own(standin: Cin7StandIn) -> None:
    sale = lonely(standin)
    task, customer = sale["Invoices"][0]["TaskID"], sale["CustomerID"]
    standin.update_sale(
        sale["ID"], lambda it: it["Invoices"][0].update(CurrencyConversionRate=Decimal("0.8532"))
    )
    assert standin.balances()[customer] == Decimal("101.53")
    standin.add_payment(sale["ID"], task, Decimal("119.00"), DAY, rate=Decimal("0.8611"))
    assert standin.balances()[customer] == Decimal("-0.94")


def test_a_refund_gives_back_what_a_credit_note_took(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "credit_standalone")
    credit, customer = sale["CreditNotes"][0], sale["CustomerID"]
    before = standin.balances()[customer]
    standin.refund(sale["ID"], credit["TaskID"], credit["Total"], DAY)
    assert standin.balances()[customer] == before + credit["Total"]


def test_a_prepayment_counts_from_when_there_is_an_invoice(standin: Cin7StandIn) -> None:
    sale = of_case(standin, "prepayment")
    with_it = standin.balances()
    standin.remove_sale(sale["ID"])
    assert standin.balances().get(sale["CustomerID"], Decimal(0)) == with_it[sale["CustomerID"]]


def test_a_payment_to_a_supplier_closes_the_invoice(standin: Cin7StandIn) -> None:
    purchase = purchase_of_case(standin, "goods_19")
    invoice, supplier = purchase["Invoice"][0], purchase["SupplierID"]
    before = standin.balances()[supplier]
    standin.add_payment(purchase["ID"], invoice["TaskID"], invoice["Total"], DAY)
    assert standin.balances()[supplier] == before - invoice["Total"]


def lonely(standin: Cin7StandIn) -> dict[str, Any]:
    """A sale of 100 euros net with 19 per cent, whose customer has nothing else."""
    sale = of_case(standin, "tax_office_number")
    for other in [each for each in standin.sales.values() if each["CustomerID"] == sale["CustomerID"]]:
        if other is not sale:
            standin.remove_sale(other["ID"])

    def simple(record: dict[str, Any]) -> None:
        line = record["Invoices"][0]["Lines"][0] | {"Quantity": Decimal(1), "Discount": Decimal(0)}
        record["Invoices"][0] |= {"Lines": [line], "AdditionalCharges": []}
        record["CreditNotes"].clear()

    standin.update_sale(sale["ID"], simple)
    standin.reauthorise(sale["ID"], sale["Invoices"][0]["TaskID"], Decimal("100.00"))
    return sale


def euros(amount: Decimal | int, rate: Decimal | int) -> Decimal:
    return (Decimal(amount) * Decimal(rate)).quantize(Decimal("0.01"), ROUND_HALF_UP)
