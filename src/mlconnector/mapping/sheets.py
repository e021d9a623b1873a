"""Tables that people keep in CSV and XLSX files: read as rows of text, and kept from becoming formulas.

Spreadsheet programs run what begins with one of a few characters as a formula. What we write for people gets
an apostrophe before it, and what we read loses it again.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ZIP_MARK = b"PK\x03\x04"
_SEPARATORS = ";,\t"
LARGEST_FILE = 16 * 1024 * 1024
"""Bytes of a table; some three hundred thousand debtors as CSV."""
# As much again as the largest table: what an XLSX file has more, gaps included, was made to fill the memory.
_LARGEST_UNPACKED = 32 * 1024 * 1024
_LARGEST_OF_THE_REST = 2 * 1024 * 1024
_LARGEST_ROW = 1024 * 1024
_MOST_CELLS = 3_000_000
_MOST_TEXTS = 500_000
# Beyond column ZZ and row 999999 there is no list of accounts; all that is before them would be made, too.
_FAR_AWAY = re.compile(rb"""\br\s*=\s*["'](?:[A-Za-z]{3,}\d|[A-Za-z]*\d{7,})""")
_NEXT_ROW = re.compile(rb"<(?:\w+:)?row\b")
_TEXT = re.compile(rb"<(?:\w+:)?si\b")
# ü, ä, ö within a word and Ö at its beginning, as DOS wrote them; in Windows they are quotes, ™ or nothing.
_DOS_UMLAUT = re.compile(rb"[A-Za-z][\x81\x84\x94][A-Za-z]|\x99[A-Za-z]")
_WINDOWS_UMLAUT = re.compile(rb"[A-Za-z][\xe4\xf6\xfc\xdf][A-Za-z]")


class UnreadableTable(ValueError):
    """A file that cannot be read as a table: `reason` is a key of the texts, `line` says where, if known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that is not blank: the line where it begins, and its cells without spaces around."""

    line: int
    cells: tuple[str, ...]

    def __getitem__(self, position: int) -> str:
        return self.cells[position] if position < len(self.cells) else ""


def guarded(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def unguarded(text: str) -> str:
    """A text as it was before it was guarded."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_BEGINS_A_FORMULA) else text


def read_table(content: bytes) -> list[SheetRow]:
    """All rows of a CSV file (separated by semicolon, comma or tab) or of the first sheet of an XLSX file.

    A CSV file is in UTF-8, Windows-1252, or the encoding of DOS (cp850). Raises UnreadableTable, also where
    it is in two of them.
    """
    if len(content) > LARGEST_FILE:
        raise UnreadableTable("table_too_large")
    rows = _xlsx_rows(content) if content.startswith(_ZIP_MARK) else _csv_rows(_decoded(content))
    trimmed = ((line, _trimmed(cells)) for line, cells in rows)
    return [SheetRow(line, cells) for line, cells in trimmed if cells]


def _trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells without spaces around, up to the last one that says something."""
    trimmed = [unguarded(cell.strip()) for cell in cells]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return tuple(trimmed)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    dos = _DOS_UMLAUT.search(content)
    if dos is not None:
        if _WINDOWS_UMLAUT.search(content):
            raise UnreadableTable("table_encoding", content[: dos.start()].count(b"\n") + 1)
        return content.decode("cp850")
    try:
        return content.decode("windows-1252")
    except UnicodeDecodeError as error:
        raise UnreadableTable("table_encoding", content[: error.start].count(b"\n") + 1) from error


def _csv_rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    if "\x00" in text:
        raise UnreadableTable("table_encoding", text[: text.index("\x00")].count("\n") + 1)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableTable("table_quotes", line) from error


def _xlsx_rows(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    # Every command would take a tenth of a second longer to start, and hardly one reads XLSX.
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        _refuse_what_swells(content)
        sheets = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets
        if not sheets:
            raise UnreadableTable("table_not_xlsx")
        # What a sheet says of its own size may be anything.
        sheets[0].reset_dimensions()
        read = 0
        for line, cells in enumerate(sheets[0].iter_rows(values_only=True), start=1):
            read += max(len(cells), 1)
            if read > _MOST_CELLS:
                raise UnreadableTable("table_too_large")
            yield line, [_text(cell) for cell in cells]
    except UnreadableTable:
        raise
    except (
        zipfile.BadZipFile, InvalidFileException, zlib.error, SyntaxError,
        ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RuntimeError,
        TypeError, ValueError,
    ) as error:  # fmt: skip
        # What a damaged file makes of openpyxl is written nowhere; a file that it cannot read is all it is.
        raise UnreadableTable("table_not_xlsx") from error


def _refuse_what_swells(content: bytes) -> None:
    """Raise UnreadableTable for a workbook that becomes more than any list of accounts when it is read."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = [part for part in packed.infolist() if part.filename.endswith((".xml", ".rels"))]
        sheets = [part for part in parts if part.filename.startswith("xl/worksheets/")]
        texts = [part for part in parts if part.filename.startswith("xl/sharedStrings")]
        rest = [part.file_size for part in parts if part not in sheets and part not in texts]
        unpacked = sum(part.file_size for part in (*sheets, *texts))
        if unpacked > _LARGEST_UNPACKED or sum(rest) > _LARGEST_OF_THE_REST:
            raise UnreadableTable("table_too_large")
        if any(sum(1 for _ in _TEXT.finditer(packed.read(part))) > _MOST_TEXTS for part in texts):
            raise UnreadableTable("table_too_large")
        for part in sheets:
            sheet = packed.read(part)
            begins = [0, *(row.start() for row in _NEXT_ROW.finditer(sheet)), len(sheet)]
            longest = max(end - begin for begin, end in pairwise(begins))
            if longest > _LARGEST_ROW or _FAR_AWAY.search(sheet):
                raise UnreadableTable("table_too_wide")


def _text(value: Any) -> str:
    """A cell as it would be typed: whole numbers without a decimal point, days in ISO form."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return f"{Decimal(str(value)):f}"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value)
