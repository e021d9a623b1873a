"""Tables for spreadsheet programs: CSV and XLSX files that open as they are meant and carry no formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, TextIO

from mlconnector.mapping.sheets import guarded
from mlconnector.texts import notation
from mlconnector.texts.language import Language

Cell = str | int | Decimal | date | None
_XLSX_DAY = {"de": "DD.MM.YYYY", "en": "YYYY-MM-DD"}
_NARROWEST, _WIDEST = 8, 60
# What XML 1.0, and so XLSX, cannot carry.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of an XLSX file."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def csv_cells(row: Sequence[Cell], spoken: Language) -> list[str]:
    """A row as spreadsheet programs of a language read it: in German 1234,50 and 31.12.2026."""
    return [_plain(cell, spoken) for cell in row]


def write_lines(file: TextIO, rows: Iterable[Sequence[str]], spoken: Language) -> None:
    """Write rows as CSV: German with semicolons, English with commas."""
    csv.writer(file, delimiter=";" if spoken == "de" else ",", lineterminator="\r\n").writerows(rows)


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[Cell]], spoken: Language) -> str:
    """A table as CSV. A file of it needs a byte order mark, without which Excel reads another encoding."""
    out = io.StringIO(newline="")
    write_lines(out, (csv_cells(row, spoken) for row in (headings, *rows)), spoken)
    return out.getvalue()


def save_workbook(target: Path | IO[bytes], sheets: Iterable[Sheet], spoken: Language) -> None:
    """Write an XLSX file: texts stay texts, amounts and days are numbers and days.

    Account numbers keep their zeros, since they are texts. The row of headings stays in sight.
    """
    # Every command would take a tenth of a second longer to start, and hardly one writes XLSX.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook(write_only=True)
    for sheet in sheets:
        content = [list(row) for row in sheet.rows]
        page = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.title)[:31])
        page.freeze_panes = "A2"
        for position, width in enumerate(_widths([list(sheet.headings), *content]), start=1):
            page.column_dimensions[get_column_letter(position)].width = width
        titles = [_xlsx_cell(page, heading, "en") for heading in sheet.headings]
        for title in titles:
            title.font = Font(bold=True)
        page.append(titles)
        for row in content:
            page.append([_xlsx_cell(page, cell, spoken) for cell in row])
    book.save(target)


def _plain(cell: Cell, spoken: Language) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return notation.number(cell, spoken, notation.amount_places(cell), grouped=False)
        case date():
            return notation.day(cell, spoken)
        case int():
            return str(cell)
        case _:
            return guarded(cell)


def _xlsx_cell(page: Any, cell: Cell, spoken: Language) -> Any:
    """A cell that keeps its type; a text that would be a formula when typed is marked as text."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    value: Any = _UNWRITABLE.sub(" ", cell) if isinstance(cell, str) else cell
    value = value.date() if isinstance(value, datetime) else value
    made = WriteOnlyCell(page, value)
    match cell:
        case str():
            made.data_type = "s"
            made.number_format = "@"
            made.quotePrefix = guarded(cell) != cell
        case Decimal():
            made.number_format = f"0.{'0' * notation.amount_places(cell)}"
        case date():
            made.number_format = _XLSX_DAY[spoken]
    return made


def _widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    columns = max(map(len, rows))
    longest = [max(_length(row[at]) for row in rows if at < len(row)) for at in range(columns)]
    return [min(max(one + 2, _NARROWEST), _WIDEST) for one in longest]


def _length(cell: Cell) -> int:
    return 10 if isinstance(cell, date) else len(str(cell or ""))
