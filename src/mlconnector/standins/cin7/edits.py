"""What a person does in the original's user interface after the account was generated."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal

from mlconnector.standins.cin7.account import Account
from mlconnector.standins.cin7.amounts import cents, plain
from mlconnector.standins.cin7.identities import guid
from mlconnector.standins.cin7.papers import content
from mlconnector.standins.cin7.payments import (
    money,
    purchase_payment,
    put_purchase_payments,
    put_sale_payments,
    sale_payment,
)
from mlconnector.standins.cin7.pricing import is_inclusive, put_prices, put_totals
from mlconnector.standins.cin7.records import File, Row
from mlconnector.standins.cin7.statuses import put_purchase_statuses, put_sale_statuses

Edit = Callable[[Row], None]


def update_sale(
    account: Account, sale_id: str, edit: Edit, moves: bool = True, at: datetime | None = None
) -> None:
    """Edit a sale in place; what the edit leaves is served as it is."""
    _update(account, account.sale(sale_id), edit, moves, at)


def update_purchase(
    account: Account, purchase_id: str, edit: Edit, moves: bool = True, at: datetime | None = None
) -> None:
    """Edit a purchase in place; what the edit leaves is served as it is."""
    _update(account, account.purchase(purchase_id), edit, moves, at)


def add_sale(account: Account, like: str, at: datetime | None = None) -> str:
    """Add a sale with the lines of another one, under new numbers, unpaid; gives its id."""
    place = 1 + max(int(sale["Order"]["SaleOrderNumber"][3:]) for sale in account.sales.values())
    sale_id, number = guid("added sale", place), f"SO-{place:05d}"
    sale = deepcopy(account.sale(like)) | {"ID": sale_id, "CreditNotes": [], "Fulfilments": []}
    sale["Order"]["SaleOrderNumber"] = number
    sale["Quote"]["Prepayments"] = []
    for order, invoice in enumerate(sale["Invoices"], start=1):
        task = sale_id if sale["Type"] != "Advanced Sale" else guid("added task", sale_id, order)
        invoice |= {"TaskID": task, "InvoiceNumber": f"INV-N{place:04d}-{order}", "Status": "AUTHORISED"}
    account.sales[sale_id] = sale
    account.cases[sale_id] = "added"
    change(account, sale_id, lambda _: None)
    if at is not None:
        update_sale(account, sale_id, lambda _: None, at=at)
    return sale_id


def void_invoice(account: Account, record_id: str, task_id: str) -> None:
    """Void an invoice; it keeps its number."""

    def edit(record: Row) -> None:
        invoice_of(record, task_id)["Status"] = "VOIDED"

    change(account, record_id, edit)


def undo_invoice(account: Account, record_id: str, task_id: str, vanish: bool = False) -> None:
    """Take an authorisation back: the invoice is a draft without number, or no longer there."""

    def edit(record: Row) -> None:
        invoice = invoice_of(record, task_id)
        if vanish:
            _link(record, invoice["InvoiceNumber"], "")
            _invoices(record).remove(invoice)
            return
        if invoice["InvoiceNumber"]:
            _link(record, invoice["InvoiceNumber"], "")
            account.undone[_undone_key(record, task_id)] = invoice["InvoiceNumber"]
        invoice |= {"Status": "DRAFT", "InvoiceNumber": None}

    change(account, record_id, edit)


def reauthorise(account: Account, record_id: str, task_id: str, price: Decimal) -> None:
    """Authorise an invoice again, under the number it had, with another price of its first line."""

    def edit(record: Row) -> None:
        invoice = invoice_of(record, task_id)
        (invoice["Lines"] or invoice["AdditionalCharges"])[0]["Price"] = plain(price)
        put_prices([*invoice["Lines"], *invoice["AdditionalCharges"]], is_inclusive(record))
        put_totals(invoice, is_inclusive(record))
        number = account.undone.pop(_undone_key(record, task_id), invoice["InvoiceNumber"])
        if invoice["InvoiceNumber"] is None and "Fulfilments" in record:
            _link(record, "", number)
        invoice |= {"Status": "AUTHORISED", "InvoiceNumber": number}

    change(account, record_id, edit)


def add_payment(
    account: Account,
    record_id: str,
    task_id: str,
    amount: Decimal,
    day: date,
    bank: str = "090",
    *,
    rate: Decimal = Decimal(1),
    reference: str = "",
    credit_id: str | None = None,
) -> str:
    """Pay an invoice; gives the id of the payment. One from a credit or a deposit moves no money."""
    record = _record(account, record_id)
    moved = _moved(account, amount, day, bank, rate, reference)
    return _pay(account, record, invoice_of(record, task_id), "Payment", moved, credit_id)


def refund(
    account: Account,
    record_id: str,
    task_id: str,
    amount: Decimal,
    day: date,
    bank: str = "090",
    *,
    rate: Decimal = Decimal(1),
    reference: str = "",
) -> str:
    """Pay a credit note out; gives the id of the refund."""
    record = _record(account, record_id)
    credit_notes = record["CreditNotes"] if "CreditNotes" in record else record["CreditNote"]
    credit = _of_task(credit_notes, task_id)
    return _pay(account, record, credit, "Refund", _moved(account, amount, day, bank, rate, reference))


def change_payment(account: Account, record_id: str, payment_id: str, amount: Decimal) -> None:
    """Give a payment another amount; its id stays."""
    payment = _payment(account, record_id, payment_id)
    payment["Amount"] = cents(amount)
    change(account, record_id, lambda _: None)


def delete_payment(account: Account, record_id: str, payment_id: str) -> None:
    """Delete a payment; one that came from a credit gives it back."""
    payment = _payment(account, record_id, payment_id)
    _take_from_credit(account, payment.get("CreditID"), -payment["Amount"])
    account.payments[record_id].remove(payment)
    change(account, record_id, lambda _: None)


def change(account: Account, record_id: str, edit: Edit) -> None:
    """Edit a sale or a purchase, and let payments and statuses follow."""
    payments = account.payments.get(record_id, [])

    def edit_all(record: Row) -> None:
        edit(record)
        if "Invoices" in record:
            put_sale_payments(record, payments)
            put_sale_statuses(record)
        else:
            put_purchase_payments(record, payments)
            put_purchase_statuses(record)

    _update(account, _record(account, record_id), edit_all)


def add_attachment(account: Account, record_id: str, name: str, given: bytes, moves: bool = True) -> str:
    """Attach a file to a sale or a purchase; gives its id."""
    number = len(account.files.get(record_id, [])) + 1
    file = File(guid("added file", record_id, number, name), record_id, name, "added", [], given)
    account.add_file(file)
    _update(account, _record(account, record_id), lambda _: None, moves)
    return file.id


def lengthen_file(account: Account, file_id: str) -> None:
    """Give an attachment one byte more."""
    file = account.file(file_id)
    if file is None:
        raise LookupError(f"This account has no attachment {file_id}.")
    file.content, file.kind = content(file) + b"!", "added"
    account.edited.add(file.owner)


def update_party(account: Account, party_id: str, edit: Edit, moves: bool = True) -> None:
    """Edit a customer or a supplier in place; what the edit leaves is served as it is."""
    parties = account.customers if party_id in account.customers else account.suppliers
    if party_id not in parties:
        raise LookupError(f"This account has no party {party_id}.")
    edit(parties[party_id])
    account.edited.add(party_id)
    if moves:
        parties[party_id]["LastModifiedOn"] = account.now()


def rename_tax_rule(account: Account, old: str, new: str) -> None:
    """Rename a tax rule; documents keep the name they were written with."""
    rule = next((each for each in account.catalogue.tax_rules if each["Name"] == old), None)
    if rule is None:
        raise LookupError(f"This account has no tax rule {old}.")
    rule["Name"] = new


def invoice_of(record: Row, task_id: str) -> Row:
    """The invoice of a task; LookupError when there is none."""
    return _of_task(_invoices(record), task_id)


def _update(
    account: Account, record: Row, edit: Edit, moves: bool = True, at: datetime | None = None
) -> None:
    edit(record)
    account.edited.add(record["ID"])
    if moves:
        record["LastModifiedOn" if "Invoices" in record else "LastUpdatedDate"] = account.now(at)


def _invoices(record: Row) -> list[Row]:
    found: list[Row] = record["Invoices"] if "Invoices" in record else record["Invoice"]
    return found


def _of_task(documents: list[Row], task_id: str) -> Row:
    for document in documents:
        if document["TaskID"] == task_id:
            return document
    raise LookupError(f"The record has no document of task {task_id}.")


def _record(account: Account, record_id: str) -> Row:
    return account.sale(record_id) if record_id in account.sales else account.purchase(record_id)


def _payment(account: Account, record_id: str, payment_id: str) -> Row:
    for payment in account.payments.get(record_id, []):
        if payment["ID"] == payment_id:
            return payment
    raise LookupError(f"The record has no payment {payment_id}.")


def _moved(account: Account, amount: Decimal, day: date, bank: str, rate: Decimal, reference: str) -> Row:
    return money(amount, day, bank, rate, account.now()) | {"Reference": reference}


def _pay(
    account: Account, record: Row, document: Row, kind: str, moved: Row, taken_from: str | None = None
) -> str:
    record_id = record["ID"]
    payment_id = guid("added payment", record_id, moved["DateCreated"])
    if record_id in account.sales:
        _take_from_credit(account, taken_from, moved["Amount"])
        made = sale_payment(record, document, kind, payment_id, **moved, CreditID=taken_from)
    else:
        made = purchase_payment(record, document, kind, payment_id, **moved, DepositID=taken_from)
    account.payments.setdefault(record_id, []).append(made)
    change(account, record_id, lambda _: None)
    return payment_id


def _take_from_credit(account: Account, credit_id: str | None, amount: Decimal) -> None:
    for credit in account.credits:
        if credit["CreditID"] == credit_id:
            credit["RemainingAmount"] -= amount


def _link(record: Row, old: str | None, new: str | None) -> None:
    """Let the fulfilment of an invoice know its number, or that there is none."""
    for fulfilment in record.get("Fulfilments", []):
        if fulfilment["LinkedInvoiceNumber"] == old:
            fulfilment["LinkedInvoiceNumber"] = new


def _undone_key(record: Row, task_id: str) -> str:
    return f"{record['ID']} {task_id}"
