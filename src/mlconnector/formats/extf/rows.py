"""Entries as rows of a Buchungsstapel (category 21): signed amounts become Umsatz and S/H here alone."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

from mlconnector.formats.extf.columns import Bookings, Column
from mlconnector.formats.extf.dictionary import BOOKINGS, category
from mlconnector.formats.extf.text import Change, booking_text, document_field
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.euro import EURO, euro_amounts
from mlconnector.model.money import ZERO, rounded

Value = str | int | Decimal | date
Row = Mapping[str, Value]
TaxPeriod = Literal["service_date", "document_date"]
DueDate = Literal["column", "document_field_2"]
Reversed = Literal["reversal", "credit_note"]

_HIGHEST_AMOUNT = Decimal(10**10)
_CENT = Decimal("0.01")
_RATE_STEP = Decimal("0.000001")
_HIGHEST_RATE = Decimal(10_000)
_VAT_ID_PUNCTUATION = re.compile(r"[\s.\-]")


class NotBookable(ValueError):
    """An entry that a Buchungsstapel cannot express: `field` is DATEV's column, `reason` says why."""

    def __init__(self, column: Column, value: str, reason: str) -> None:
        super().__init__(f"{column.name}: {value!r}: {reason}")
        self.field = column.name
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BookingRows:
    """The rows of one entry, which stay together in one file, and what was changed on the way.

    Rows are values by DATEV's column names; a column without a value is left out.
    """

    content_key: str
    rows: tuple[Row, ...]
    changes: tuple[Change, ...]


def booking_rows(
    entry: Entry,
    *,
    account_length: int,
    festschreibung: bool,
    tax_period: TaxPeriod | None = None,
    generalumkehr: frozenset[Reversed] = frozenset(),
    due_date: DueDate = "column",
) -> BookingRows:
    """One row for each line of the entry; raises `NotBookable`.

    `account_length` is the client's Sachkontenlänge: person accounts are one digit longer, and only their
    rows carry the due date. It goes to `Fälligkeit` (column 117), which DATEV reads before Belegfeld 2 and
    which leaves no doubt about the century, or with `due_date` into Belegfeld 2; the number of the terms of
    payment goes to Belegfeld 2 and takes the place of both, but for a line with a day of its own. With
    `tax_period` the service date is written together with the day that decides the tax period, as DATEV
    requires; the client's settings must provide for it; that day is the line's own where it has one.
    `generalumkehr` names what is marked as Generalumkehr: by the tax key's correction key where there is one,
    else in column 118. Without it such a row is an ordinary booking with the sides swapped; both swap the
    sides, as DATEV's samples do.
    """
    number, changes = document_field(entry.number)
    common: dict[str, Value] = {
        Bookings.DOCUMENT_DATE.name: entry.posted_on,
        Bookings.DOCUMENT_FIELD_1.name: number,
        Bookings.LOCK.name: int(festschreibung),
    }
    if entry.document is not None:
        common[Bookings.DOCUMENT_LINK.name] = f'BEDI "{str(entry.document).upper()}"'
    decisive = entry.document_date
    if tax_period is not None and entry.service_date is not None:
        common[Bookings.SERVICE_DATE.name] = entry.service_date
        decisive = entry.service_date if tax_period == "service_date" else entry.document_date
        common[Bookings.TAX_PERIOD.name] = decisive
    marked = is_marked(entry, generalumkehr)
    noted = list(changes)
    rows = []
    for line, money in zip(entry.lines, _money(entry, noted), strict=True):
        row: dict[str, Value] = {**_line(entry, line, noted), **common, **money}
        if Bookings.TAX_PERIOD.name in row:
            row[Bookings.TAX_PERIOD.name] = _tax_period(entry, line, decisive)
        if line.number:
            row[Bookings.DOCUMENT_FIELD_1.name], cleaned = document_field(line.number)
            noted.extend(one for one in cleaned if one not in noted)
        if account_length + 1 in (len(line.account), len(line.contra_account)):
            row.update(_terms(entry, line, due_date))
        if marked:
            _mark(row)
        rows.append(row)
    return BookingRows(entry.content_key, tuple(rows), tuple(noted))


def _tax_period(entry: Entry, line: EntryLine, decisive: date) -> date:
    """The day that decides the period of the VAT return; never one before a correction is booked."""
    own = line.tax_period or decisive
    return own if entry.posting_date is None else max(own, entry.posting_date)


def is_marked(entry: Entry, generalumkehr: frozenset[Reversed]) -> bool:
    """Whether the rows are a Generalumkehr; what takes back a credit note that is one, is none."""
    is_credit = entry.voucher_kind == "credit_note" and "credit_note" in generalumkehr
    if entry.kind == "reversal":
        return "reversal" in generalumkehr and not is_credit
    return is_credit


def _mark(row: dict[str, Value]) -> None:
    correction = _correction_keys().get(str(row.get(Bookings.TAX_KEY.name, "")).lstrip("0"))
    if correction is None:
        row[Bookings.REVERSAL.name] = "1"
    else:
        row[Bookings.TAX_KEY.name] = correction


@cache
def _correction_keys() -> Mapping[str, str]:
    """By one- or two-digit tax key the key that is its Generalumkehr; other keys are marked in column 118."""
    text = (files(__package__) / "correction_keys.csv").read_text(encoding="utf-8")
    return {row["key"]: row["correction"] for row in csv.DictReader(text.splitlines())}


def _terms(entry: Entry, line: EntryLine, due_date: DueDate) -> dict[str, Value]:
    """When a row falls due: on its own day, by the terms of payment, or on the entry's day."""
    day = line.due_date or entry.due_date
    if entry.payment_terms and line.due_date is None:
        return {Bookings.DOCUMENT_FIELD_2.name: entry.payment_terms}
    if day is None:
        return {}
    if due_date == "document_field_2":
        return {Bookings.DOCUMENT_FIELD_2.name: f"{day:%d%m%y}"}
    return {Bookings.DUE_DATE.name: day}


def _line(entry: Entry, line: EntryLine, changes: list[Change]) -> dict[str, Value]:
    amount = abs(line.amount)
    if amount >= _HIGHEST_AMOUNT:
        raise NotBookable(Bookings.AMOUNT, str(line.amount), "DATEV takes ten digits before the comma")
    if amount != amount.quantize(_CENT):
        raise NotBookable(Bookings.AMOUNT, str(line.amount), "DATEV takes two decimal places")
    row: dict[str, Value] = {
        Bookings.AMOUNT.name: amount.quantize(_CENT),
        Bookings.SIDE.name: "S" if line.amount > ZERO else "H",
        Bookings.ACCOUNT.name: line.account,
        Bookings.CONTRA_ACCOUNT.name: line.contra_account,
    }
    numbers = (entry.number, line.number)
    text, text_changes = booking_text(line.text, entry.party_name, numbers, _TEXT_LENGTH)
    changes.extend(text_changes)
    vat_id = _vat_id(line.eu_vat_id, changes)
    optional: dict[str, Value | None] = {
        Bookings.TAX_KEY.name: line.tax_key,
        Bookings.TEXT.name: text,
        Bookings.COST_CENTRE_1.name: line.cost_centre_1,
        Bookings.COST_CENTRE_2.name: line.cost_centre_2,
        Bookings.EU_VAT_ID.name: vat_id,
        Bookings.EU_RATE.name: _percent(line.eu_rate),
        Bookings.ORIGIN_VAT_ID.name: _vat_id(line.origin_vat_id, changes, Bookings.ORIGIN_VAT_ID.name),
        Bookings.ORIGIN_RATE.name: _percent(line.origin_rate),
        Bookings.MATTER.name: line.matter,
        Bookings.MATTER_RATE.name: _tenths(line.matter_rate),
        Bookings.KEY_RATE.name: _percent(line.key_rate),
        Bookings.KEY_COUNTRY.name: line.key_country,
        Bookings.DISCOUNT.name: _discount(line),
        Bookings.DISCOUNT_ACCOUNT.name: line.discount_account,
    }
    row.update((name, value) for name, value in optional.items() if value)
    return row


def _percent(rate: Decimal | None) -> Decimal | None:
    return None if rate is None else rate.quantize(_CENT)


def _tenths(rate: Decimal | None) -> str:
    """A rate as DATEV's Funktionsergänzung has it: `190` for 19 %."""
    return "" if rate is None else f"{int(rate * 10)}"


def _discount(line: EntryLine) -> Decimal | None:
    if line.discount is None:
        return None
    if line.discount * line.amount < ZERO:
        raise NotBookable(
            Bookings.DISCOUNT, str(line.discount), "DATEV takes it on the side of the payment only"
        )
    return abs(line.discount).quantize(_CENT)


def _vat_id(given: str, changes: list[Change], column: str = Bookings.EU_VAT_ID.name) -> str:
    written = _VAT_ID_PUNCTUATION.sub("", given).upper()
    if written.startswith("GR"):
        written = f"EL{written[2:]}"
    if written != given:
        changes.append(Change(column, given, written, "replaced"))
    return written


def _money(entry: Entry, changes: list[Change]) -> list[dict[str, Value]]:
    """Currency, rate and amount in euro of each line."""
    if entry.exchange_rate is None:
        return [{Bookings.CURRENCY.name: entry.currency} for _ in entry.lines]
    for line in entry.lines:
        _check_rate(line.exchange_rate or entry.exchange_rate)
    return [
        {Bookings.CURRENCY.name: line.currency}
        if line.currency
        else _foreign(entry, line, amount.copy_sign(amount * line.amount), changes)
        for line, amount in zip(entry.lines, euro_amounts(entry.lines, entry.exchange_rate), strict=True)
    ]


def _check_rate(rate: Decimal) -> None:
    if not ZERO < rate < _HIGHEST_RATE:
        raise NotBookable(Bookings.EXCHANGE_RATE, str(rate), "DATEV takes rates above 0 and below 10000")
    if rate.quantize(_RATE_STEP) == ZERO:
        raise NotBookable(
            Bookings.EXCHANGE_RATE, str(rate), "is zero in the six decimal places that DATEV takes"
        )


def _foreign(entry: Entry, line: EntryLine, amount: Decimal, changes: list[Change]) -> dict[str, Value]:
    """The four columns of foreign money; `amount` is negative where the cents of roundings outweigh it."""
    rate = line.exchange_rate or entry.exchange_rate or ZERO
    written = rate.quantize(_RATE_STEP)
    change = Change(Bookings.EXCHANGE_RATE.name, str(rate), str(written), "rounded")
    if written != rate and change not in changes:
        changes.append(change)
    if rounded(abs(line.amount) / rate) == ZERO:
        raise NotBookable(
            Bookings.BASE_AMOUNT, str(line.amount), "less than half a cent in EUR cannot be booked"
        )
    if amount <= ZERO:
        raise NotBookable(
            Bookings.BASE_AMOUNT, str(amount), "the lines are too small to add up to the total in EUR"
        )
    return {
        Bookings.CURRENCY.name: entry.currency,
        Bookings.EXCHANGE_RATE.name: written,
        Bookings.BASE_AMOUNT.name: amount,
        Bookings.BASE_CURRENCY.name: EURO,
    }


_TEXT_LENGTH = category(BOOKINGS).by_name[Bookings.TEXT.name].max_length
