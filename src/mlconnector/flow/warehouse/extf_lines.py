"""EXTF files read back: rows of bookings, signed, with the kinds of their accounts; names of accounts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from mlconnector.flow.warehouse.read_file import ReadFile, Unreadable, kind_of
from mlconnector.formats import extf
from mlconnector.formats.extf.check_bookings import full_day, within_year
from mlconnector.formats.extf.client import ClientAccounts
from mlconnector.formats.extf.columns import Bookings, Labels
from mlconnector.formats.extf.dictionary import LABELS
from mlconnector.model.money import ZERO
from mlconnector.systems.warehouse import Row

EURO = "EUR"
_GUID = re.compile(r"BEDI \"([0-9A-Fa-f-]{36})\"")
_SIGNS = {"S": 1, "H": -1}
_NO_REVERSAL = frozenset({"", "0"})


def extf_file(content: bytes) -> ReadFile:
    """What a file says; raises Unreadable, also for a category that has nothing for the tables."""
    try:
        file = extf.read(content)
        header = file.header
    except (extf.Unreadable, extf.BadHeader) as error:
        raise Unreadable(str(error)) from error
    lines: tuple[Row, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    rows = list(file.rows)
    if header.category == extf.BOOKINGS:
        accounts = ClientAccounts(extf.ClientSettings(), extf.facts_of(io.BytesIO(content)))
        lines = tuple(_line(number, row, header, accounts) for number, row in enumerate(rows, start=1))
    elif header.category == LABELS:
        labels = tuple(_labels(rows))
    elif header.category != extf.MASTER_DATA:
        raise Unreadable(f"{extf.format_name(header.category)} ({header.category}) holds no bookings")
    return ReadFile(
        client=f"{header.consultant}-{header.client}",
        format="extf" if header.category == extf.BOOKINGS else "master",
        label=header.label,
        chart=header.chart,
        currency=header.currency or EURO,
        period_from=header.date_from,
        period_to=header.date_to,
        fiscal_year_start=header.fiscal_year_start,
        line_count=len(rows),
        lines=lines,
        labels=labels,
    )


def _line(number: int, row: extf.ParsedRow, header: extf.Header, accounts: ClientAccounts) -> Row:
    def text(column: str) -> str | None:
        return row[column].strip() or None

    side = row[Bookings.SIDE.name].strip().upper()
    day = within_year(row[Bookings.DOCUMENT_DATE.name].strip().zfill(4), header.fiscal_year_start)
    account, contra = row[Bookings.ACCOUNT.name].strip(), row[Bookings.CONTRA_ACCOUNT.name].strip()
    if side not in _SIGNS or day is None or not account or not contra:
        raise Unreadable("a row needs Soll/Haben, a day of the fiscal year, Konto and Gegenkonto", row.line)
    amount = _SIGNS[side] * (_decimal(row, Bookings.AMOUNT.name) or ZERO)
    books, length = header.currency or EURO, header.account_length
    currency = text(Bookings.CURRENCY.name) or books
    base = amount if currency == books else _decimal(row, Bookings.BASE_AMOUNT.name, _SIGNS[side])
    discount = _decimal(row, Bookings.DISCOUNT.name, _SIGNS[side])
    link = _GUID.search(row[Bookings.DOCUMENT_LINK.name])
    return {
        "line_no": number,
        "booking_date": day,
        "period": f"{day:%Y-%m}",
        "amount": amount,
        "debit_credit": side,
        "is_reversal": row[Bookings.REVERSAL.name].strip() not in _NO_REVERSAL,
        "currency": currency,
        "fx_rate": _decimal(row, Bookings.EXCHANGE_RATE.name),
        "base_amount": base,
        "base_currency": books,
        "account": account,
        "contra_account": contra,
        "account_kind": kind_of(account, length, accounts.kind),
        "contra_kind": kind_of(contra, length, accounts.kind),
        "discount": discount,
        "tax_code": text(Bookings.TAX_KEY.name),
        "cost_center": text(Bookings.COST_CENTRE_1.name),
        "cost_object": text(Bookings.COST_CENTRE_2.name),
        "document_number": text(Bookings.DOCUMENT_FIELD_1.name),
        "document_field_2": text(Bookings.DOCUMENT_FIELD_2.name),
        "document_id": link[1].lower() if link else None,
        "booking_text": text(Bookings.TEXT.name),
        "service_date": full_day(row[Bookings.SERVICE_DATE.name].strip()),
        "due_date": _due(row),
    }


def _due(row: extf.ParsedRow) -> date | None:
    return (
        full_day(row[Bookings.DUE_DATE.name].strip())
        if Bookings.DUE_DATE.name in row.preamble.positions
        else None
    )


def _decimal(row: extf.ParsedRow, column: str, sign: int = 1) -> Decimal | None:
    written = row[column].strip()
    if not written:
        return None
    try:
        return sign * Decimal(written.replace(",", "."))
    except InvalidOperation as error:
        raise Unreadable(f"{column} is no amount as DATEV writes it: {written}", row.line) from error


def _labels(rows: list[extf.ParsedRow]) -> Iterator[tuple[str, str]]:
    for row in rows:
        number = row[Labels.ACCOUNT.name].strip()
        if number:
            yield number, row[Labels.LONG.name].strip() or row[Labels.SHORT.name].strip()
