"""Sales and purchases of Cin7 on the whole way: what is corrected there is corrected at DATEV."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.standins.cin7.sales import BOOKED
from mlconnector.store.vouchers import VoucherRow
from tests.flow.cin7_rig import Cin7FlowRig, MakeRig

PAID_ON = date(2026, 10, 20)
EUR = "EUR"

Row = dict[str, Any]


@pytest.fixture
def rig(make_cin7_rig: MakeRig) -> Cin7FlowRig:
    made = make_cin7_rig(34)
    made.work()
    return made


def of_case(rig: Cin7FlowRig, case: str) -> Row:
    id_ = next(id_ for id_, shown in rig.cin7.cases().items() if shown == case)
    return rig.cin7.sales.get(id_) or rig.cin7.purchases[id_]


def invoice(record: Row) -> Row:
    papers: list[Row] = record["Invoices"] if "CustomerID" in record else record["Invoice"]
    return papers[0]


def only(rig: Cin7FlowRig, record: Row, part: str) -> VoucherRow:
    (row,) = [row for name, row in rig.of_record(record).items() if name.startswith(part)]
    return row


def again(rig: Cin7FlowRig) -> None:
    """A day later everything is read and sent that changed."""
    rig.outside.clock.advance(3_600)
    rig.work()


def test_undone_and_authorised_again_under_the_same_number_is_taken_back_and_booked_anew(
    rig: Cin7FlowRig,
) -> None:
    sale = of_case(rig, "plain_19")
    task, number = invoice(sale)["TaskID"], invoice(sale)["InvoiceNumber"]
    assert rig.outside.sums()[number] == invoice(sale)["Total"]
    rig.cin7.undo_invoice(sale["ID"], task)
    rig.cin7.reauthorise(sale["ID"], task, Decimal("11.11"))
    again(rig)
    assert invoice(sale)["InvoiceNumber"] == number
    assert rig.outside.sums()[number] == invoice(sale)["Total"]
    assert [row.number for row in rig.outside.rows() if row.number == number] == [number] * 3


@pytest.mark.parametrize("how", ["void", "undo", "vanish"])
def test_voided_undone_or_vanished_after_sending_is_taken_back(rig: Cin7FlowRig, how: str) -> None:
    sale = of_case(rig, "plain_19")
    task, number = invoice(sale)["TaskID"], invoice(sale)["InvoiceNumber"]
    if how == "void":
        rig.cin7.void_invoice(sale["ID"], task)
    else:
        rig.cin7.undo_invoice(sale["ID"], task, how == "vanish")
    again(rig)
    assert rig.outside.sums()[number] == 0
    assert only(rig, sale, "invoice").is_reversed


def test_a_payment_clears_its_invoice(rig: Cin7FlowRig) -> None:
    sale = of_case(rig, "plain_19")
    task, number, total = (invoice(sale)[name] for name in ("TaskID", "InvoiceNumber", "Total"))
    rig.cin7.add_payment(sale["ID"], task, total, PAID_ON)
    again(rig)
    assert rig.outside.sums()[number] == 0


def test_an_edited_payment_is_corrected_and_a_deleted_one_taken_back(rig: Cin7FlowRig) -> None:
    sale = of_case(rig, "plain_19")
    task, number, total = (invoice(sale)[name] for name in ("TaskID", "InvoiceNumber", "Total"))
    paid = rig.cin7.add_payment(sale["ID"], task, total, PAID_ON)
    again(rig)
    rig.cin7.change_payment(sale["ID"], paid, total - 5)
    again(rig)
    assert rig.outside.sums()[number] == 5
    rig.cin7.delete_payment(sale["ID"], paid)
    again(rig)
    assert rig.outside.sums()[number] == total
    assert only(rig, sale, "payment").is_reversed


def test_the_invoice_of_a_payment_may_be_corrected(rig: Cin7FlowRig) -> None:
    sale = of_case(rig, "plain_19")
    task, number, total = (invoice(sale)[name] for name in ("TaskID", "InvoiceNumber", "Total"))
    rig.cin7.add_payment(sale["ID"], task, total, PAID_ON)
    again(rig)
    rig.cin7.undo_invoice(sale["ID"], task)
    rig.cin7.reauthorise(sale["ID"], task, Decimal("11.11"))
    again(rig)
    assert rig.outside.sums()[number] == invoice(sale)["Total"] - total


def test_more_than_the_invoice_leaves_a_credit_that_pays_another_without_money(rig: Cin7FlowRig) -> None:
    first, second = of_case(rig, "plain_19"), of_case(rig, "plain_7")
    task, number, total = (invoice(first)[name] for name in ("TaskID", "InvoiceNumber", "Total"))
    rig.cin7.add_payment(first["ID"], task, total + 10, PAID_ON)
    credit = "0f8fad5b-d9cb-469f-a165-70867728950e"
    rig.cin7.add_payment(
        second["ID"], invoice(second)["TaskID"], Decimal(10), PAID_ON, "850", credit_id=credit
    )
    again(rig)
    sums = rig.outside.sums()
    assert sums[number] == -10
    assert sums[invoice(second)["InvoiceNumber"]] == invoice(second)["Total"] - 10
    assert sums["CR-0f8fad5b"] == 10
    banks = [row.contra_account for row in rig.outside.rows() if row.number == "CR-0f8fad5b"]
    assert banks == ["1590"]


def test_a_prepayment_is_no_revenue_and_waits(rig: Cin7FlowRig) -> None:
    row = only(rig, of_case(rig, "prepayment"), "payment")
    assert row.state == "needs_human"


def test_a_sale_that_cannot_be_seen_any_more_takes_nothing_back(rig: Cin7FlowRig) -> None:
    sale = of_case(rig, "plain_19")
    number, before = invoice(sale)["InvoiceNumber"], rig.outside.sums()
    name = only(rig, sale, "invoice").external_id
    rig.cin7.remove_sale(sale["ID"])
    reread(rig)
    assert rig.outside.sums() == before
    assert number in before
    assert name


def reread(rig: Cin7FlowRig) -> None:
    rig.outside.clock.advance(3_600)
    rig.work()


@pytest.mark.parametrize("records", [200])
def test_open_items_are_what_cin7_says_is_open(make_cin7_rig: MakeRig, records: int) -> None:
    rig = make_cin7_rig(records)
    rig.work()
    equal_to_the_cent(rig, of_at_least=records // 10)
    correct_some(rig, records // 20)
    again(rig)
    equal_to_the_cent(rig, of_at_least=records // 10)


def correct_some(rig: Cin7FlowRig, count: int) -> None:
    """Pay, pay otherwise, void, and authorise again under the same number, in turn."""
    sales = [
        sale
        for sale in rig.cin7.sales.values()
        if sale["CustomerCurrency"] == EUR and any(one["Status"] == "AUTHORISED" for one in sale["Invoices"])
    ]
    for number, sale in enumerate(sales[: 4 * count]):
        one = next(one for one in sale["Invoices"] if one["Status"] == "AUTHORISED")
        match number % 4:
            case 0:
                rig.cin7.add_payment(
                    sale["ID"], one["TaskID"], (one["Total"] / 2).quantize(Decimal("0.01")), PAID_ON
                )
            case 1:
                rig.cin7.void_invoice(sale["ID"], one["TaskID"])
            case 2:
                rig.cin7.undo_invoice(sale["ID"], one["TaskID"])
                rig.cin7.reauthorise(sale["ID"], one["TaskID"], Decimal("77.70"))
            case _:
                paid = rig.cin7.add_payment(sale["ID"], one["TaskID"], Decimal(3), PAID_ON)
                rig.cin7.change_payment(sale["ID"], paid, Decimal("4.50"))


def equal_to_the_cent(rig: Cin7FlowRig, of_at_least: int) -> None:
    """The report of open items against Cin7's own documents and payments, and its stand-in's own balances."""
    ours, held = rig.open_balances(), rig.held_parties()
    theirs = open_in_cin7(rig)
    compared = {key for key in (*ours, *theirs) if key[0] not in held}
    assert {key: ours.get(key, Decimal(0)) for key in compared} == {
        key: theirs.get(key, Decimal(0)) for key in compared
    }
    assert len(compared) >= of_at_least
    own = {id_.lower(): amount for id_, amount in rig.cin7.balances().items()}
    in_euro = {party for party, _ in compared} - {party for party, currency in compared if currency != EUR}
    assert {party: ours.get((party, EUR), Decimal(0)) for party in in_euro} == {
        party: own[party] for party in in_euro
    }


def open_in_cin7(rig: Cin7FlowRig) -> dict[tuple[str, str], Decimal]:
    """Invoices less credit notes less what was paid, in the currency of the documents."""
    found: dict[tuple[str, str], Decimal] = {}
    for record in (*rig.cin7.sales.values(), *rig.cin7.purchases.values()):
        is_sale = "CustomerID" in record
        key = (
            str(record["CustomerID" if is_sale else "SupplierID"]).lower(),
            str(record["CustomerCurrency" if is_sale else "SupplierCurrency"]),
        )
        invoices = [one for one in record["Invoices" if is_sale else "Invoice"] if one["Status"] in BOOKED]
        notes = [one for one in record["CreditNotes" if is_sale else "CreditNote"] if one["Status"] in BOOKED]
        amount = sum((one["Total"] for one in invoices), Decimal(0)) - sum(
            (one["Total"] for one in notes), Decimal(0)
        )
        for paid in rig.cin7.payments(record["ID"]):
            if paid.get("CreditID") is None and paid.get("DepositID") is None:
                amount += paid["Amount"] if paid["Type"] == "Refund" else -paid["Amount"]
        found[key] = found.get(key, Decimal(0)) + amount
    return found
