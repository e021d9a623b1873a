"""Explaining: for every field of a row why it has its value, in the order in which bookkeepers read them.

What the mapping decided is kept with the entry (`Entry.because`); what follows from the voucher alone is said
here. Rules are keys of the texts, so that each reader has them in their own language.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.withholding import KEPT_BACK
from mlconnector.model.entries import Because, Entry, EntryLine
from mlconnector.model.money import ZERO

_ORDER = (
    *("amount", "rounding", "side", "currency", "exchange_rate", "tax_case", "supply", "own_rate"),
    *("customer", "tax_key", "discount_key", "account", "contra_account", "number", "payment_terms"),
    *(
        "due_date",
        "date",
        "service_date",
        "tax_period",
        "debtor",
        "creditor",
        "statistical_account",
        "cost_centre_1",
        "cost_centre_2",
        "discount",
        "text",
    ),
    *("eu_vat_id", "eu_rate", "matter", "withholding", "reversal", "stated_total", "dropped"),
)
_PLACES = {field: place for place, field in enumerate(_ORDER)}


def explained(entry: Entry, number: int) -> tuple[Because, ...]:
    """Why each field of line `number` (counted from 1) has its value, and what was left out of the entry."""
    line = entry.lines[number - 1]
    decided = [one for one in entry.because if _is_about(one, line, number)]
    known = {one.field for one in decided}
    found = [*decided, *(one for one in _from_voucher(entry, line) if one.field not in known)]
    return tuple(sorted(found, key=lambda one: _PLACES.get(one.field, len(_ORDER))))


def _is_about(one: Because, line: EntryLine, number: int) -> bool:
    """Whether a reason holds for a line: said for it, or for the entry as far as the line has the value."""
    if one.line:
        return one.line == number
    match one.field:
        case "number":
            return one.value == line.number
        case "contra_account":
            return line.tax_case == PAYMENT
        case "discount":
            return one.value == line.contra_account
        case "discount_key":
            return one.value == line.tax_key
        case "debtor" | "creditor":
            return one.value == line.account
        case "exchange_rate":
            return not line.currency and line.exchange_rate is None
        case "eu_vat_id":
            return bool(line.eu_vat_id)
        case _:
            return True


def _from_voucher(entry: Entry, line: EntryLine) -> Iterator[Because]:
    """What needs no mapping: sides, numbers, days and texts."""
    side = "side_of_debit" if line.amount > ZERO else "side_of_credit"
    yield Because("side", "S" if line.amount > ZERO else "H", side, {"account": line.account})
    yield from _number(entry, line)
    yield Because("date", entry.document_date.isoformat(), "date_of_voucher")
    yield Because("text", line.text, "text_of_discount" if line.tax_case == DISCOUNT else "text_of_facts")
    if line.exchange_rate is not None:
        yield Because("exchange_rate", f"{line.exchange_rate:f}", "rate_of_document", {"number": line.number})
    if line.currency:
        yield Because("currency", line.currency, "currency_of_books")
    elif entry.currency != "EUR":
        yield Because("currency", entry.currency, "currency_of_voucher")
    if line.due_date is not None:
        yield Because("due_date", line.due_date.isoformat(), "due_date_of_instalment")
    elif entry.due_date is not None and not entry.payment_terms:
        yield Because("due_date", entry.due_date.isoformat(), "due_date_of_voucher")
    if entry.service_date is not None:
        yield Because("service_date", entry.service_date.isoformat(), "service_date_of_voucher")
    if line.eu_rate is not None:
        yield Because("eu_rate", f"{line.eu_rate:f}", "rate_of_destination")
    if line.matter:
        yield Because("matter", line.matter, "matter_of_row", {"tax_case": line.tax_case})
    if entry.kind == "original":
        yield from _money(line)


def _number(entry: Entry, line: EntryLine) -> Iterator[Because]:
    if line.number and entry.voucher_kind == "credit_note":
        yield Because("number", line.number, "number_of_invoice")
    elif not line.number:
        yield Because("number", entry.number, "number_of_voucher")


def _money(line: EntryLine) -> Iterator[Because]:
    """What payments and their Skonto say."""
    if line.tax_case == PAYMENT:
        yield Because("amount", f"{abs(line.amount):f}", "paid_amount")
        yield Because("tax_key", "", "no_key_on_money")
    if line.tax_case in KEPT_BACK:
        yield Because("tax_key", "", "no_key_on_kept_back")
    if line.tax_case == DISCOUNT:
        yield Because("amount", f"{abs(line.amount):f}", "taken_discount")
    if line.discount is not None:
        rule = "discount_of_setting" if line.discount_account else "discount_by_datev"
        yield Because("discount", f"{abs(line.discount):f}", rule)
