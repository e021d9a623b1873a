"""DXSO packages read back: those that we froze, and those of other software by their management file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from lxml import etree

from mlconnector.flow.warehouse.read_file import ReadFile, Unreadable, kind_of
from mlconnector.formats import dxso
from mlconnector.formats.dxso import xml
from mlconnector.formats.dxso.structure import LEDGERS, MANAGEMENT_FILE, as_day
from mlconnector.formats.extf import ClientSettings, HeaderFacts
from mlconnector.formats.extf.client import ClientAccounts
from mlconnector.model.money import rounded
from mlconnector.systems.warehouse import Row

EURO = "EUR"
_LARGEST = 512 * 1024 * 1024
# A debtor's row has what it debits the debtor, a creditor's what it credits the creditor.
_SIGNS = {"receivable": 1, "payable": -1}


@dataclass(frozen=True, slots=True)
class _Part:
    """A ledger file with the document that it books: its GUID where it has one, and which booking it is."""

    content: bytes
    name: str
    document: str | None = None
    content_key: str = ""


def own_package(content: bytes, chart: str = "") -> ReadFile:
    """What a package says that we froze; `chart` is the client's, `03` or `04`. Raises Unreadable."""
    try:
        package = dxso.thaw(content)
    except dxso.Unreadable as error:
        raise Unreadable(str(error)) from error
    parts = [
        _Part(
            package.files[one.ledger_file],
            one.ledger_file,
            str(one.images[0].document) if one.images else None,
            one.content_key,
        )
        for one in package.documents
    ]
    return _read(package.client, package.description, parts, package.account_length, chart)


def foreign_package(content: bytes) -> ReadFile:
    """What a package of other software says, by DATEV's management file. Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                raise Unreadable("the package is larger than any that DATEV takes")
            root = _root(archive.read(MANAGEMENT_FILE), MANAGEMENT_FILE)
            parts = [_Part(archive.read(name), name, guid) for guid, name in _ledger_files(root)]
    except (zipfile.BadZipFile, KeyError) as error:
        raise Unreadable(f"no package with {MANAGEMENT_FILE}: {error}") from error
    numbers = [_text(root, name) for name in ("consultantNumber", "clientNumber")]
    if not all(number.isdigit() for number in numbers):
        raise Unreadable(f"{MANAGEMENT_FILE} names no client")
    # The management file does not say how long accounts are: a debtor's or creditor's number does.
    return _read(
        "-".join(str(int(number)) for number in numbers), _text(root, "description"), parts, None, ""
    )


def _ledger_files(root: etree._Element) -> Iterator[tuple[str | None, str]]:
    for document in root.iter("{*}document"):
        guid = document.get("guid")
        for extension in document.iter("{*}extension"):
            name = extension.get("datafile")
            if name:
                yield (guid.lower() if guid else None), name


def _read(client: str, label: str, parts: list[_Part], length: int | None, chart: str) -> ReadFile:
    roots = [(part, _root(part.content, part.name)) for part in parts]
    known = length or _length_by(roots)
    accounts = ClientAccounts(ClientSettings(chart=chart), HeaderFacts(account_length=known))
    lines: list[Row] = []
    keys: list[str] = []
    for part, root in roots:
        for element in root.iter("{*}accountsReceivableLedger", "{*}accountsPayableLedger"):
            lines.append(_line(len(lines) + 1, element, part, known, accounts.kind))
            keys.append(part.content_key)
    days = [line["booking_date"] for line in lines]
    return ReadFile(
        client=client,
        format="dxso",
        label=label,
        chart=chart,
        currency=EURO,
        period_from=min(days, default=None),
        period_to=max(days, default=None),
        fiscal_year_start=None,
        line_count=len(lines),
        lines=tuple(lines),
        content_keys=tuple(keys),
    )


def _line(number: int, element: etree._Element, part: _Part, length: int, kind: Callable[[str], str]) -> Row:
    def text(name: str) -> str | None:
        return _text(element, name) or None

    sign = _SIGNS[LEDGERS[xml.local_name(element)]]
    day, account, contra = as_day(text("date") or ""), text("bpAccountNo"), text("accountNo")
    if day is None or account is None or contra is None:
        raise Unreadable(
            f"{part.name}: a row needs a date, an account and its counterpart", xml.line_of(element)
        )
    written = _decimal(element, "amount", part)
    if written is None:
        raise Unreadable(f"{part.name}: a row needs an amount", xml.line_of(element))
    amount, rate, currency = (
        sign * written,
        _decimal(element, "exchangeRate", part),
        text("currencyCode") or EURO,
    )
    return {
        "line_no": number,
        "booking_date": day,
        "period": f"{day:%Y-%m}",
        "amount": amount,
        "debit_credit": "S" if amount >= 0 else "H",
        "is_reversal": False,
        "currency": currency,
        "fx_rate": rate,
        "base_amount": amount if currency == EURO else rounded(amount / rate) if rate else None,
        "base_currency": EURO,
        "account": account,
        "contra_account": contra,
        "account_kind": kind_of(account, length, kind),
        "contra_kind": kind_of(contra, length, kind),
        "discount": None,
        "tax_code": text("buCode"),
        "cost_center": text("costCategoryId"),
        "cost_object": text("costCategoryId2"),
        "document_number": text("invoiceId"),
        "document_field_2": None,
        "document_id": part.document,
        "booking_text": text("bookingText"),
        "service_date": _day(element, "deliveryDate"),
        "due_date": _day(element, "dueDate"),
    }


def _length_by(roots: list[tuple[_Part, etree._Element]]) -> int:
    """The length of general ledger accounts: person accounts are one digit longer."""
    numbers = [one.text or "" for _, root in roots for one in root.iter("{*}bpAccountNo")]
    return max((len(number.strip()) for number in numbers), default=5) - 1


def _root(content: bytes, name: str) -> etree._Element:
    try:
        return xml.parse(content)
    except xml.NotXml as error:
        raise Unreadable(f"{name}: {error}", error.line) from error


def _text(element: etree._Element, name: str) -> str:
    found = next(element.iter(f"{{*}}{name}"), None)
    return (found.text or "").strip() if found is not None else ""


def _day(element: etree._Element, name: str) -> date | None:
    return as_day(_text(element, name)) if _text(element, name) else None


def _decimal(element: etree._Element, name: str, part: _Part) -> Decimal | None:
    written = _text(element, name)
    if not written:
        return None
    try:
        return Decimal(written)
    except InvalidOperation as error:
        raise Unreadable(f"{part.name}: {name} is no number: {written}", xml.line_of(element)) from error
