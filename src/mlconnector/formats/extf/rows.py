"""Entries as rows of a Buchungsstapel (category 21): signed amounts become Umsatz and S/H here alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from mlconnector.formats.extf.dictionary import category
from mlconnector.formats.extf.text import Change, clean, document_field
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.money import ZERO, rounded

Value = str | int | Decimal | date
Row = Mapping[str, Value]
TaxPeriod = Literal["service_date", "document_date"]

AMOUNT = "Umsatz (ohne Soll/Haben-Kz)"
SIDE = "Soll/Haben-Kennzeichen"
CONTRA_ACCOUNT = "Gegenkonto (ohne BU-Schlüssel)"
POSTING_TEXT = "Buchungstext"
EU_VAT_ID = "EU-Land u. UStID (Bestimmung)"
BASE_CURRENCY = "EUR"
_HIGHEST_AMOUNT = Decimal(10**10)
_CENT = Decimal("0.01")
_RATE_STEP = Decimal("0.000001")
_HIGHEST_RATE = Decimal(10_000)
_VAT_ID_PUNCTUATION = re.compile(r"[\s.\-]")


class NotBookable(ValueError):
    """An entry that a Buchungsstapel cannot express: `field` is DATEV's column, `reason` says why."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(f"{field}: {value!r}: {reason}")
        self.field = field
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
    generalumkehr: bool = False,
) -> BookingRows:
    """One row for each line of the entry; raises `NotBookable`.

    `account_length` is the client's Sachkontenlänge: person accounts are one digit longer, and only their
    rows carry the due date. It goes to `Fälligkeit` (column 117), which DATEV reads before Belegfeld 2 and
    which leaves no doubt about the century; Belegfeld 2 stays empty. With `tax_period` the service date is
    written together with the day that decides the tax period, as DATEV requires; the client's settings
    must provide for it. `generalumkehr` marks reversals in column 118; without it a reversal is an
    ordinary booking with the sides swapped. Both swap the sides, as DATEV's samples do.
    """
    number, changes = document_field(entry.number)
    common: dict[str, Value] = {
        "WKZ Umsatz": entry.currency,
        "Belegdatum": entry.document_date,
        "Belegfeld 1": number,
        "Festschreibung": int(festschreibung),
    }
    if entry.document is not None:
        common["Beleglink"] = f'BEDI "{str(entry.document).upper()}"'
    if tax_period is not None and entry.service_date is not None:
        common["Leistungsdatum"] = entry.service_date
        decisive = entry.service_date if tax_period == "service_date" else entry.document_date
        common["Datum Zuord. Steuerperiode"] = decisive
    if generalumkehr and entry.kind == "reversal":
        common["Generalumkehr (GU)"] = "1"
    noted = list(changes)
    bases = _base_amounts(entry, noted)
    rows = []
    for line, base in zip(entry.lines, bases, strict=True):
        row: dict[str, Value] = {**_line(line, noted), **common, **base}
        if entry.due_date is not None and account_length + 1 in (len(line.account), len(line.contra_account)):
            row["Fälligkeit"] = entry.due_date
        rows.append(row)
    return BookingRows(entry.content_key, tuple(rows), tuple(noted))


def _line(line: EntryLine, changes: list[Change]) -> dict[str, Value]:
    amount = abs(line.amount)
    if amount >= _HIGHEST_AMOUNT:
        raise NotBookable(AMOUNT, str(line.amount), "DATEV takes ten digits before the comma")
    if amount != amount.quantize(_CENT):
        raise NotBookable(AMOUNT, str(line.amount), "DATEV takes two decimal places")
    row: dict[str, Value] = {
        AMOUNT: amount.quantize(_CENT),
        SIDE: "S" if line.amount > ZERO else "H",
        "Konto": line.account,
        CONTRA_ACCOUNT: line.contra_account,
    }
    text, text_changes = clean(line.text, POSTING_TEXT, _TEXT_LENGTH, "utf-8-bom")
    changes.extend(text_changes)
    vat_id = _vat_id(line.eu_vat_id, changes)
    optional = {
        "BU-Schlüssel": line.tax_key,
        POSTING_TEXT: text,
        "KOST1 - Kostenstelle": line.cost_centre_1,
        "KOST2 - Kostenstelle": line.cost_centre_2,
        EU_VAT_ID: vat_id,
    }
    row.update((name, value) for name, value in optional.items() if value)
    return row


def _vat_id(given: str, changes: list[Change]) -> str:
    written = _VAT_ID_PUNCTUATION.sub("", given).upper()
    if written.startswith("GR"):
        written = f"EL{written[2:]}"
    if written != given:
        changes.append(Change(EU_VAT_ID, given, written, "replaced"))
    return written


def _base_amounts(entry: Entry, changes: list[Change]) -> list[dict[str, Value]]:
    rate = entry.exchange_rate
    if rate is None:
        return [{} for _ in entry.lines]
    if not ZERO < rate < _HIGHEST_RATE:
        raise NotBookable("Kurs", str(rate), "DATEV takes rates above 0 and below 10000")
    written_rate = rate.quantize(_RATE_STEP)
    if written_rate == ZERO:
        raise NotBookable("Kurs", str(rate), "is zero in the six decimal places that DATEV takes")
    if written_rate != rate:
        changes.append(Change("Kurs", str(rate), str(written_rate), "rounded"))
    amounts = [rounded(abs(line.amount) / rate) for line in entry.lines]
    if any(amount == ZERO for amount in amounts):
        raise NotBookable("Basis-Umsatz", str(min(amounts)), "less than half a cent in EUR cannot be booked")
    _level(entry, rate, amounts)
    return [
        {"Kurs": written_rate, "Basis-Umsatz": amount, "WKZ Basis-Umsatz": BASE_CURRENCY}
        for amount in amounts
    ]


def _level(entry: Entry, rate: Decimal, amounts: list[Decimal]) -> None:
    # the document's total in EUR is the truth; the cents of the single roundings go to the largest line
    signs = [1 if line.amount > ZERO else -1 for line in entry.lines]
    whole = rounded(entry.total / rate)
    missing = whole - sum((sign * amount for sign, amount in zip(signs, amounts, strict=True)), ZERO)
    largest = max(range(len(amounts)), key=amounts.__getitem__)
    amounts[largest] += signs[largest] * missing
    if amounts[largest] <= ZERO:
        raise NotBookable("Basis-Umsatz", str(whole), "the lines are too small to add up to the total in EUR")


_TEXT_LENGTH = category(21).by_name[POSTING_TEXT].max_length
