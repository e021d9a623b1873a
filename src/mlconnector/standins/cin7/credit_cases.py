"""Credit notes: in a sale or a purchase that is there already, and standalone ones without a sale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, cycle

from mlconnector.standins.cin7 import purchase_cases, sale_cases
from mlconnector.standins.cin7.payments import put_purchase_payments, put_sale_payments
from mlconnector.standins.cin7.pricing import Item, put_prices
from mlconnector.standins.cin7.purchases import credit_note as purchase_credit_note
from mlconnector.standins.cin7.records import Row
from mlconnector.standins.cin7.sales import BOOKED, credit_note
from mlconnector.standins.cin7.times import day_of
from mlconnector.standins.cin7.vocabulary import vocabulary
from mlconnector.standins.cin7.work import Work

_SALES = frozenset(
    {"plain_19", "plain_7", "mixed_rates", "full_payment", "freight", "consumer", "several_invoices"}
)
_PURCHASES = frozenset({"goods_19", "goods_7", "paid", "eu_acquisition", "partial_payment"})


def targets(made_cases: dict[str, str], records: dict[str, Row], key: str) -> Iterator[Row]:
    """The records that fit, those without a credit note under `key` once, then all again and again."""
    wanted = _SALES if key == "CreditNotes" else _PURCHASES
    fitting = [record for record_id, record in records.items() if made_cases[record_id] in wanted]
    return chain([record for record in fitting if not record[key]], cycle(fitting))


def fill_standalone(work: Work) -> None:
    """Give a credit note without a sale its lines."""
    sale = work.head
    work.lines = [sale_cases.item(work, work.products(19, 1)[0])]
    put_prices(work.lines, False)
    sale |= {"Type": "Credit Note", "Status": "CREDITED"}
    sale["Order"]["Status"], sale["Quote"]["Status"] = "NOT AVAILABLE", ""
    credit_note(sale, work.numbers.next_credit(), work.day, work.lines, [])
    sale["CreditNotes"][0]["Restock"] = []
    work.created(work.day)


def add_credit(work: Work) -> str:
    """Add a credit note to the record; gives its number, or that of the record for a draft."""
    return _KINDS[work.case.name](work)


def _in_sale(work: Work) -> str:
    _sale_credit(work, work.numbers.next_credit())
    return str(work.head["CreditNotes"][-1]["CreditNoteNumber"])


def _draft(work: Work) -> str:
    _sale_credit(work, None)
    return ""


def _refunded(work: Work) -> str:
    made = _sale_credit(work, work.numbers.next_credit())
    sale_cases.pay(work, made["Total"], made, "Refund")
    put_sale_payments(work.head, work.made.payments[work.head["ID"]])
    return str(made["CreditNoteNumber"])


def _sale_credit(work: Work, number: str | None) -> Row:
    invoice = next(each for each in work.head["Invoices"] if each["Status"] in BOOKED)
    day = _day_after(work, invoice)
    return credit_note(work.head, number, day, _one_back(work, invoice), [])


def _purchase_credit(work: Work) -> str:
    invoice = work.head["Invoice"][0]
    number = f"GS{invoice['InvoiceNumber'] or work.head['OrderNumber']}"
    day = _day_after(work, invoice)
    made = purchase_credit_note(work.head, number, day, _one_back(work, invoice))
    return str(made["CreditNoteNumber"])


def _purchase_refunded(work: Work) -> str:
    number = _purchase_credit(work)
    made = work.head["CreditNote"][-1]
    purchase_cases.pay(work, made["Total"], made, "Refund")
    put_purchase_payments(work.head, work.made.payments[work.head["ID"]])
    return number


def _day_after(work: Work, invoice: Row) -> date:
    later = day_of(invoice["InvoiceDate"]) + timedelta(days=work.random.randrange(2, 12))
    work.day = min(later, vocabulary().company.last_payment)
    work.created(work.day)
    return work.day


def _one_back(work: Work, invoice: Row) -> list[Item]:
    """One piece of the first line goes back."""
    lines = [invoice["Lines"][0] | {"Quantity": Decimal(1)}]
    put_prices(lines, work.head["TaxCalculation"] == "Inclusive")
    return lines


_KINDS: dict[str, Callable[[Work], str]] = {
    "credit_in_sale": _in_sale,
    "credit_refunded": _refunded,
    "credit_draft": _draft,
    "purchase_credit": _purchase_credit,
    "purchase_credit_refunded": _purchase_refunded,
}
