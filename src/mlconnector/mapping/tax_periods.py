"""Tax periods: which day decides the period of the VAT return in which a line is declared."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import msgspec

from mlconnector.mapping.charts import TaxCase, tax_cases
from mlconnector.mapping.regions import region
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, EntryLine
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind, Voucher

_PARAGRAPHS = {
    "period_by_supply": "§ 13 Abs. 1 Nr. 1 Buchst. a, § 13b Abs. 1, § 18b Satz 3 UStG",
    "period_by_invoice": "§ 13 Abs. 1 Nr. 6, § 13b Abs. 2, § 18b Satz 2 UStG",
    "period_by_month_after": "§ 13 Abs. 1 Nr. 6, § 13b Abs. 2, § 18b Satz 2 UStG",
    "period_after_invoice": "§ 13 Abs. 1 Nr. 6, § 13b Abs. 2, § 18b Satz 2 UStG; Art. 68 MwStSystRL",
    "period_by_later": "§ 15 Abs. 1 Satz 1 Nr. 1 UStG",
    "period_by_credit_note": "§ 17 Abs. 1 Satz 8 UStG",
}


@dataclass(frozen=True, slots=True)
class TaxPeriod:
    """The day whose month decides, and the rule that gave it: a key of the texts."""

    day: date
    rule: str


def tax_period(case: TaxCase, voucher: Voucher) -> TaxPeriod | Literal["unclear"] | None:
    """The day that decides the period of a voucher's line by its tax case.

    None where the voucher states no day of supply: then DATEV takes the document date. `unclear` is a matter
    of § 13b UStG that may be one of Abs. 1 or of Abs. 2 where they lead to different months.
    """
    supplied, invoiced = voucher.service_date, voucher.document_date
    if supplied is None:
        return None
    if voucher.kind == Kind.CREDIT_NOTE:
        return TaxPeriod(invoiced, "period_by_credit_note")
    if case.period == "supply":
        return TaxPeriod(supplied, "period_by_supply")
    if case.period == "later":
        return TaxPeriod(max(supplied, invoiced), "period_by_later")
    by_invoice = _by_invoice(supplied, invoiced)
    if case.period == "invoice" or voucher.party is None or region(voucher.party) != "eu":
        return by_invoice
    same = (supplied.year, supplied.month) == (by_invoice.day.year, by_invoice.day.month)
    return TaxPeriod(supplied, "period_by_supply") if same else "unclear"


def _by_invoice(supplied: date, invoiced: date) -> TaxPeriod:
    """The day of the invoice, but neither before the supply nor after the month that follows it."""
    latest = _end_of_next_month(supplied)
    if invoiced < supplied:
        return TaxPeriod(supplied, "period_after_invoice")
    if invoiced > latest:
        return TaxPeriod(latest, "period_by_month_after")
    return TaxPeriod(invoiced, "period_by_invoice")


def dated(
    voucher: Voucher, lines: Sequence[EntryLine], rules: Rules
) -> tuple[list[EntryLine], list[Because]] | Problem:
    """The lines with their tax periods where the client's books have days of supply, and why."""
    if not rules.books.service_date:
        return list(lines), []
    made, because = [], []
    for number, line in enumerate(lines, start=1):
        found = tax_period(tax_cases()[line.tax_case], voucher)
        if found == "unclear":
            return _unclear(voucher, line)
        made.append(msgspec.structs.replace(line, tax_period=found.day) if found else line)
        if found:
            facts = {
                "tax_case": line.tax_case,
                "supplied": (voucher.service_date or found.day).isoformat(),
                "invoiced": voucher.document_date.isoformat(),
                "source": _PARAGRAPHS[found.rule],
            }
            because.append(Because("tax_period", found.day.isoformat(), found.rule, facts, line=number))
    return made, because


def _unclear(voucher: Voucher, line: EntryLine) -> Problem:
    supplied = voucher.service_date or voucher.document_date
    facts = {
        "tax_case": line.tax_case,
        "number": voucher.number or "",
        "supplied": supplied.isoformat(),
        "invoiced": voucher.document_date.isoformat(),
    }
    return Problem("tax_period_unclear", facts, ("tax_case", "number"))


def _end_of_next_month(day: date) -> date:
    next_month = day.replace(day=monthrange(day.year, day.month)[1]) + timedelta(days=1)
    return next_month.replace(day=monthrange(next_month.year, next_month.month)[1])
