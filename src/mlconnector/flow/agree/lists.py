"""Lists that a client hands over: CSV and XLSX tables, and DATEV's own files of master data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mlconnector.flow.context.settings import ClientBooks
from mlconnector.formats.extf import BadHeader, ExtfFile, Header, ParsedRow, Unreadable, read
from mlconnector.formats.extf.columns import Labels, Parties
from mlconnector.mapping.list_entries import Fault, Record, records
from mlconnector.mapping.sheets import UnreadableTable, read_table

LABELS, PERSONS = 20, 16

_MARKS = (b"EXTF", b"DTVF")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GERMAN = frozenset({"", "de-DE"})
_NAMES = tuple(column.name for column in (Parties.COMPANY, Parties.SURNAME, Parties.NAME))


@dataclass(frozen=True, slots=True)
class Listed:
    """What a file has; `labels_only` says that it is DATEV's list of account labels, which knows no more."""

    records: tuple[Record, ...]
    faults: tuple[Fault, ...]
    unknown_columns: tuple[str, ...] = ()
    labels_only: bool = False


def read_list(content: bytes, columns: Sequence[str], category: int, books: ClientBooks) -> Listed:
    """The lines of a table with these columns, or of a DATEV file of this category that is for the client."""
    if content.removeprefix(_BYTE_ORDER_MARK).lstrip(b'"').startswith(_MARKS):
        return _datev_file(content, category, books)
    try:
        rows = read_table(content)
    except UnreadableTable as error:
        return Listed((), (Fault(error.line or 1, error.reason),))
    found, faults, unknown = records(rows, columns)
    if not found and not faults:
        faults = [Fault(1, "no_rows")]
    return Listed(tuple(found), tuple(faults), unknown)


def _datev_file(content: bytes, category: int, books: ClientBooks) -> Listed:
    try:
        file = read(content)
        header = file.header
    except Unreadable as error:
        return Listed((), (Fault(error.line, "file_unreadable", {"reason": error.reason}),))
    except BadHeader as error:
        return Listed((), (Fault(1, "file_unreadable", {"reason": str(error)}),))
    faults = tuple(_about_header(header, category, books))
    if faults:
        return Listed((), faults)
    found = tuple(_labels(file) if category == LABELS else map(_person, file.rows))
    empty = () if found else (Fault(1, "no_rows"),)
    return Listed(found, empty, labels_only=category == LABELS)


def _about_header(header: Header, category: int, books: ClientBooks) -> Iterator[Fault]:
    """Why a file of DATEV is not the one that is wanted, or is of another client."""
    if header.category != category:
        yield Fault(1, "other_category", {"found": str(header.category), "wanted": str(category)})
        return
    client = f"{header.consultant}-{header.client}"
    if client != books.client:
        yield Fault(1, "other_client", {"found": client, "client": books.client})
    if header.account_length != books.books.account_length:
        lengths = {"found": str(header.account_length), "digits": str(books.books.account_length)}
        yield Fault(1, "header_account_length", lengths)
    chart = books.books.chart
    if header.chart and chart != "own" and header.chart.zfill(2) != chart.removeprefix("SKR"):
        yield Fault(1, "other_chart", {"found": f"SKR{header.chart.zfill(2)}", "chart": chart})


def _labels(file: ExtfFile) -> Iterable[Record]:
    for row in file.rows:
        if row[Labels.LANGUAGE.name] in _GERMAN:
            name = row[Labels.SHORT.name] or row[Labels.LONG.name]
            yield Record(row.line, {"number": row[Labels.ACCOUNT.name], "name": name})


def _person(row: ParsedRow) -> Record:
    name = next((row[column] for column in _NAMES if row[column]), row[Parties.SHORT_NAME.name])
    first = row[Parties.FIRST_NAME.name]
    number = row[Parties.EU_VAT_ID.name]
    vat_id = row[Parties.EU_COUNTRY.name] + number if number else ""
    whole = f"{first} {name}".strip()
    return Record(row.line, {"number": row[Parties.ACCOUNT.name], "name": whole, "vat_id": vat_id})
