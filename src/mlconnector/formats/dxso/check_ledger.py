"""Checking what the rows of one ledger file say together: sums, dates, accounts, discounts, payment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from lxml import etree

from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.accounts import is_general, person_ledger
from mlconnector.formats.dxso.rows import BOOKING_TEXT_LENGTH, PAYMENT_BLOCK
from mlconnector.formats.dxso.rules import Finding, found
from mlconnector.formats.dxso.structure import LEDGERS, as_day
from mlconnector.model.entries import Ledger
from mlconnector.model.money import ZERO

_TOGETHER = {
    "DXSO-L-02": ("consolidatedDate", "date"),
    "DXSO-L-03": ("consolidatedInvoiceId", "invoiceId"),
    "DXSO-L-04": ("consolidatedCurrencyCode", "currencyCode"),
    "DXSO-L-05": ("consolidatedDeliveryDate", "deliveryDate"),
    "DXSO-L-06": ("consolidatedOrderId", "orderId"),
}
_DISCOUNTS = {
    "DXSO-L-11": ("discountAmount", "discountPercentage", "discountPaymentDate"),
    "DXSO-L-12": ("discountAmount2", "discountPercentage2", "discountPaymentDate2"),
}
_EXCLUDED_BY_TERMS = (*(name for names in _DISCOUNTS.values() for name in names), "dueDate")
_GERMAN_BANK = re.compile(r"[0-9]{8} / [0-9]{1,10}")
_NUMBER = re.compile(r"[+-]?[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Books:
    """What is known of the client's books; None is not known and not checked."""

    account_length: int | None = None
    fiscal_year: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values by element, and where it stands."""

    line: int
    values: dict[str, str]

    def number(self, name: str) -> Decimal | None:
        """A value as a number, None where it is none."""
        value = self.values.get(name, "")
        return Decimal(value) if _NUMBER.fullmatch(value) else None

    def day(self, name: str) -> date | None:
        """A value as a day, None where it is none."""
        return as_day(self.values.get(name, ""))


def check_ledger(
    file: str, root: etree._Element, ledger: Ledger, month: str, books: Books
) -> Iterator[Finding]:
    """The faults across a ledger file that belongs to `ledger` and `month` (`YYYY-MM`, empty: not known)."""
    for consolidate in root:
        kinds = [LEDGERS.get(xml.local_name(row)) for row in consolidate]
        line = xml.line_of(consolidate)
        if len(set(kinds)) != 1 or kinds[0] is None:
            yield found("DXSO-L-07", file, line, "consolidate")
        elif kinds[0] != ledger:
            yield found("DXSO-L-08", file, line, "consolidate", kinds[0], ledger)
        attributes = {str(name): str(value) for name, value in consolidate.attrib.items()}
        rows = [_row(row) for row in consolidate]
        yield from _together(file, line, attributes, rows)
        for row in rows:
            yield from _dates(file, row, month, books)
            yield from _discounts(file, row)
            yield from _payment(file, row)
            yield from _accounts(file, row, ledger, books)
            yield from _doubtful(file, row)


def _row(element: etree._Element) -> Row:
    return Row(xml.line_of(element), {xml.local_name(child): (child.text or "").strip() for child in element})


def _together(file: str, line: int, attributes: dict[str, str], rows: list[Row]) -> Iterator[Finding]:
    amounts = [row.number("amount") for row in rows]
    stated = attributes.get("consolidatedAmount", "")
    if _NUMBER.fullmatch(stated) and all(amount is not None for amount in amounts):
        total = sum((amount for amount in amounts if amount is not None), ZERO)
        if total != Decimal(stated):
            yield found("DXSO-L-01", file, line, "consolidatedAmount", stated, f"{total:f}")
        if total == ZERO and rows:
            yield found("DXSO-L-09", file, line, "consolidatedAmount", stated)
    for rule, (attribute, name) in _TOGETHER.items():
        # an element that a row leaves out goes by the document; whether it may be left out is its form
        given = [(row.line, row.values[name]) for row in rows if name in row.values]
        expected = attributes.get(attribute, given[0][1] if given else "")
        for row_line, value in given:
            if value != expected:
                yield found(rule, file, row_line, name, value, expected)


def _dates(file: str, row: Row, month: str, books: Books) -> Iterator[Finding]:
    day = row.day("date")
    if day is None:
        return
    if month and f"{day:%Y-%m}" != month:
        yield found("DXSO-L-13", file, row.line, "date", day.isoformat(), month)
    if books.fiscal_year is not None and not books.fiscal_year[0] <= day <= books.fiscal_year[1]:
        expected = "–".join(bound.isoformat() for bound in books.fiscal_year)
        yield found("DXSO-L-14", file, row.line, "date", day.isoformat(), expected)
    delivery, due = row.day("deliveryDate"), row.day("dueDate")
    if delivery is not None and delivery > day:
        yield found("DXSO-L-15", file, row.line, "deliveryDate", delivery.isoformat(), f"≤ {day}")
    if due is not None and due <= day:
        yield found("DXSO-L-16", file, row.line, "dueDate", due.isoformat(), f"> {day}")


def _discounts(file: str, row: Row) -> Iterator[Finding]:
    for rule, names in _DISCOUNTS.items():
        given = [name for name in names if name in row.values]
        if given and len(given) < len(names):
            missing = ", ".join(name for name in names if name not in given)
            yield found(rule, file, row.line, given[0], row.values[given[0]], missing)
    first, second = row.number("discountAmount"), row.number("discountAmount2")
    if first is not None and "bpAccountNo" not in row.values:
        yield found("DXSO-L-17", file, row.line, "discountAmount", f"{first:f}", "bpAccountNo")
    amount = row.number("amount")
    together = (first or ZERO) + (second or ZERO)
    if amount is not None and together and together >= abs(amount):
        yield found("DXSO-L-18", file, row.line, "discountAmount", f"{together:f}", f"< {abs(amount):f}")
    if second is not None and (first is None or second >= first):
        yield found("DXSO-L-19", file, row.line, "discountAmount2", f"{second:f}", "< discountAmount")
    rates = row.number("discountPercentage"), row.number("discountPercentage2")
    if rates[0] is not None and rates[1] is not None and rates[0] <= rates[1]:
        expected = "< discountPercentage"
        yield found("DXSO-L-19", file, row.line, "discountPercentage2", f"{rates[1]:f}", expected)
    days = [row.day(name) for name in ("date", "discountPaymentDate", "discountPaymentDate2", "dueDate")]
    known = [day for day in days if day is not None]
    if (days[1] or days[2]) and any(later <= earlier for earlier, later in pairwise(known)):
        value = " / ".join(day.isoformat() for day in known)
        yield found("DXSO-L-20", file, row.line, "discountPaymentDate", value)


def _payment(file: str, row: Row) -> Iterator[Finding]:
    values = row.values
    excluded = [name for name in _EXCLUDED_BY_TERMS if name in values]
    if "paymentConditionsId" in values and excluded:
        terms = values["paymentConditionsId"]
        yield found("DXSO-L-21", file, row.line, "paymentConditionsId", terms, ", ".join(excluded))
    if values.get("paymentOrder") in {"true", "1"} and values.get("paymentConditionsId") == PAYMENT_BLOCK:
        yield found("DXSO-L-22", file, row.line, "paymentOrder", values["paymentOrder"])
    code, account = values.get("bankCode"), values.get("bankAccount")
    if (code is None) != (account is None):
        given, missing = ("bankCode", "bankAccount") if account is None else ("bankAccount", "bankCode")
        yield found("DXSO-L-23", file, row.line, given, values[given], missing)
    elif code and account and values.get("bankCountry", "DE") == "DE":
        written = f"{code} / {account}"
        if not _GERMAN_BANK.fullmatch(written):
            yield found("DXSO-L-24", file, row.line, "bankCode", written, "8 / ≤ 10")


def _accounts(file: str, row: Row, ledger: Ledger, books: Books) -> Iterator[Finding]:
    person, contra = row.values.get("bpAccountNo", ""), row.values.get("accountNo", "")
    length = books.account_length
    if person and person.isdigit():
        digits = len(person) - 1 if length is None else length
        if person_ledger(person, digits) != ledger:
            expected = f"{'1–6' if ledger == 'receivable' else '7–9'}, {'' if length is None else length + 1}"
            yield found("DXSO-L-25", file, row.line, "bpAccountNo", person, expected.rstrip(", "))
    if (
        length is not None
        and contra.isdigit()
        and not (is_general(contra, length) or person_ledger(contra, length))
    ):
        yield found("DXSO-L-26", file, row.line, "accountNo", contra, f"≤ {length}")


def _doubtful(file: str, row: Row) -> Iterator[Finding]:
    text, amount = row.values.get("bookingText", ""), row.values.get("amount", "")
    if len(text) > BOOKING_TEXT_LENGTH:
        yield found("DXSO-L-27", file, row.line, "bookingText", text, f"≤ {BOOKING_TEXT_LENGTH}")
    if amount.startswith("+"):
        yield found("DXSO-L-28", file, row.line, "amount", amount)
    if row.values.get("invoiceId") == "":
        yield found("DXSO-L-29", file, row.line, "invoiceId")
