"""Entries as rows of a ledger: signs, dates, texts and codes as Belege online takes them.

What has to be shortened, rounded or left out is listed; nothing that decides the booking is ever shortened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from mlconnector.formats.codes import countries
from mlconnector.formats.dxso.accounts import plain
from mlconnector.formats.dxso.eligible import plain_key
from mlconnector.formats.dxso.structure import items
from mlconnector.formats.extf.text import Change, booking_text, clean, document_field
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.money import ZERO

BOOKING_TEXT_LENGTH = 30
PAYMENT_BLOCK = "9"
_CENT = Decimal("0.01")
_RATE_STEP = Decimal("0.000001")
_HIGHEST_RATE = Decimal("9999.999999")
_HIGHEST_TAX = Decimal("99.99")
_EARLIEST = date(1753, 1, 1)
_PUNCTUATION = re.compile(r"[\s.\-/]")
_ORDER = tuple(items("row", "element"))


@dataclass(slots=True)
class RowValues:
    """The rows of one entry as values by element, and what was changed on the way."""

    number: str
    delivery_date: str
    rows: list[dict[str, str]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def rows_of(entry: Entry) -> RowValues:
    """One row for each line; `not_for_dxso` must have found nothing.

    An invoice has positive amounts in both ledgers, a correction negative ones: the amount of a debtor's line
    is what the line debits, that of a creditor's what it credits.
    """
    number, changes = document_field(entry.number, "invoiceId")
    noted = list(changes)
    common = {
        "date": entry.posted_on.isoformat(),
        "currencyCode": entry.currency,
        "invoiceId": number,
        "exchangeRate": _exchange_rate(entry, noted),
        "partyId": _identifier("partyId", entry.party_id, noted),
        **_party(entry, noted),
        **_dates(entry, noted),
    }
    result = RowValues(number, common["deliveryDate"], changes=noted)
    sign = 1 if entry.ledger == "receivable" else -1
    for line in entry.lines:
        values = {
            **common,
            **_line(entry, line, noted),
            "amount": f"{(sign * line.amount).quantize(_CENT):f}",
        }
        result.rows.append({name: values[name] for name in _ORDER if values.get(name)})
    return result


def _line(entry: Entry, line: EntryLine, changes: list[Change]) -> dict[str, str]:
    numbers = (entry.number, line.number)
    text, found = booking_text(
        line.text.strip(), entry.party_name, numbers, BOOKING_TEXT_LENGTH, "bookingText"
    )
    changes.extend(found)
    return {
        "accountNo": plain(line.contra_account),
        "bpAccountNo": line.account,
        "buCode": plain_key(line.tax_key) if line.tax_key else "",
        "costCategoryId": _trimmed("costCategoryId", line.cost_centre_1, changes),
        "costCategoryId2": _trimmed("costCategoryId2", line.cost_centre_2, changes),
        "tax": _tax(line, changes),
        "bookingText": text.strip(),
        **_abroad(line, changes),
    }


def _tax(line: EntryLine, changes: list[Change]) -> str:
    """The rate as information beside the booking; not where the tax comes on top of the amount."""
    rate = line.tax_rate if line.eu_rate is None else line.eu_rate
    if line.tax_added or not ZERO <= rate <= _HIGHEST_TAX or rate != rate.quantize(_CENT):
        changes.append(Change("tax", f"{rate:f}", "", "dropped"))
        return ""
    return f"{rate.quantize(_CENT):f}"


def _abroad(line: EntryLine, changes: list[Change]) -> Mapping[str, str]:
    """VAT ids, and the countries of the one-stop shop, to which a destination without a VAT id belongs."""
    destination, origin = _compact(line.eu_vat_id), _compact(line.origin_vat_id)
    one_stop = line.eu_rate is not None or len(destination) == len("FR")
    values = {
        "vatId": _vat_id("vatId", line.eu_vat_id, changes) if len(destination) > len("FR") else "",
        "ownVatId": _vat_id("ownVatId", line.origin_vat_id, changes) if len(origin) > len("DE") else "",
        "shipToCountry": _country("shipToCountry", destination, changes) if one_stop else "",
        "shipFromCountry": _country("shipFromCountry", origin, changes),
    }
    if line.origin_rate is not None:
        changes.append(Change("origin_rate", f"{line.origin_rate:f}", "", "dropped"))
    return values


def _vat_id(name: str, given: str, changes: list[Change]) -> str:
    item = items("row", "element")[name]
    written = _compact(given)
    if item.fault(written):
        changes.append(Change(name, given, "", "dropped"))
        return ""
    if written != given:
        changes.append(Change(name, given, written, "replaced"))
    return written


def _compact(vat_id: str) -> str:
    written = _PUNCTUATION.sub("", vat_id).upper()
    return f"EL{written[2:]}" if written.startswith("GR") else written


def _country(name: str, vat_id: str, changes: list[Change]) -> str:
    if not vat_id:
        return ""
    country = "GR" if vat_id.startswith("EL") else vat_id[:2]
    if country in countries():
        return country
    changes.append(Change(name, vat_id, "", "dropped"))
    return ""


def _exchange_rate(entry: Entry, changes: list[Change]) -> str:
    """Foreign units for 1 EUR; a rate that does not fit is left out, and DATEV takes its own table's."""
    rate = entry.exchange_rate
    if rate is None:
        return ""
    written = rate.quantize(_RATE_STEP) if ZERO < rate <= _HIGHEST_RATE else ZERO
    if written == ZERO:
        changes.append(Change("exchangeRate", f"{rate:f}", "", "dropped"))
        return ""
    if written != rate:
        changes.append(Change("exchangeRate", f"{rate:f}", f"{written:f}", "rounded"))
    return f"{written:f}"


def _party(entry: Entry, changes: list[Change]) -> Mapping[str, str]:
    who = "customer" if entry.ledger == "receivable" else "supplier"
    values = {f"{who}Name": entry.party_name, f"{who}City": entry.party_city}
    return {name: _trimmed(name, value, changes) for name, value in values.items()}


def _dates(entry: Entry, changes: list[Change]) -> Mapping[str, str]:
    """Dates that DATEV would ignore or refuse are left out.

    Terms of payment exclude a due date. Of both the due date is written, because DATEV hands it on to the
    bookkeeping; only the payment block (9) goes before it.
    """
    due = _day("dueDate", entry.due_date, changes, after=entry.posted_on)
    delivery = _day("deliveryDate", entry.service_date, changes, until=entry.posted_on)
    terms = plain(entry.payment_terms)
    if terms == PAYMENT_BLOCK and due:
        changes.append(Change("dueDate", due, "", "dropped"))
        due = ""
    if terms and (due or items("row", "element")["paymentConditionsId"].fault(terms)):
        changes.append(Change("paymentConditionsId", entry.payment_terms, "", "dropped"))
        terms = ""
    return {"dueDate": due, "deliveryDate": delivery, "paymentConditionsId": terms}


def _day(
    name: str,
    day: date | None,
    changes: list[Change],
    after: date | None = None,
    until: date | None = None,
) -> str:
    if day is None:
        return ""
    fits = day >= _EARLIEST and (after is None or day > after) and (until is None or day <= until)
    if not fits:
        changes.append(Change(name, day.isoformat(), "", "dropped"))
    return day.isoformat() if fits else ""


def _identifier(name: str, given: str, changes: list[Change]) -> str:
    """An identifier that is too long is left out: cut off it would be another one."""
    limit = items("row", "element")[name].max_length or 0
    written = _trimmed(name, given, changes, len(given))
    if len(written) > limit:
        changes.append(Change(name, given, "", "dropped"))
        return ""
    return written


def _trimmed(name: str, given: str, changes: list[Change], limit: int | None = None) -> str:
    longest = limit if limit is not None else items("row", "element")[name].max_length or 0
    written, found = clean(given.strip(), name, longest, "utf-8-bom")
    changes.extend(found)
    return written.strip()
