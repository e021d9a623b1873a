"""Tables for spreadsheet programs: CSV and XLSX files that open as they are meant and carry no formulas."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from mlconnector.commands import document
from mlconnector.commands.output import language, phrase, say, visible
from mlconnector.mapping.sheets import guarded
from mlconnector.texts import notation
from mlconnector.texts.language import Language

Cell = str | int | Decimal | date | None
AsCsv = Annotated[Path | None, typer.Option("--csv")]
AsXlsx = Annotated[Path | None, typer.Option("--xlsx")]

_STANDARD_OUTPUT = Path("-")
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


def write_csv(
    target: Path | TextIO,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    spoken: Language | None = None,
) -> None:
    """Write a CSV file as spreadsheet programs of this language expect it.

    German has semicolons, decimal commas and days such as 31.12.2026; English commas, points and ISO days.
    A file is UTF-8 with a byte order mark, without which Excel reads another encoding; `-` is standard
    output, which has none.
    """
    used = spoken or language()
    written = [[_plain(cell, used) for cell in row] for row in (headings, *rows)]
    if target == _STANDARD_OUTPUT:
        _write(sys.stdout, [[visible(cell) for cell in row] for row in written], used)
    elif isinstance(target, Path):
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            _write(file, written, used)
    else:
        _write(target, written, used)


def write_xlsx(
    path: Path,
    sheet: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    spoken: Language | None = None,
) -> None:
    """Write an XLSX file with one sheet; see `write_sheets`."""
    write_sheets(path, [Sheet(sheet, headings, rows)], spoken=spoken)


def export(
    csv: Path | None, xlsx: Path | None, sheet: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> bool:
    """Write the files that a command was asked for, and say so; whether it was asked for any."""
    if csv == _STANDARD_OUTPUT and document.current().wanted:
        raise typer.BadParameter(phrase("preview_one_output"))
    if csv is not None:
        write_csv(csv, headings, rows)
        say_written(csv)
    if xlsx is not None:
        write_xlsx(xlsx, sheet, headings, rows)
        say_written(xlsx)
    return csv is not None or xlsx is not None


def write_sheets(path: Path, sheets: Iterable[Sheet], *, spoken: Language | None = None) -> None:
    """Write an XLSX file: texts stay texts, amounts and days are numbers and days.

    Account numbers keep their zeros, since they are texts. The row of headings stays in sight.
    """
    # Every command would take a tenth of a second longer to start, and hardly one writes XLSX.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    used = spoken or language()
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
            page.append([_xlsx_cell(page, cell, used) for cell in row])
    book.save(path)


def say_written(target: Path) -> None:
    """Say that a file was written, unless it is standard output, where nothing else may stand."""
    if target != _STANDARD_OUTPUT:
        say("wrote", file=target)


def _write(file: TextIO, rows: Iterable[Sequence[str]], spoken: Language) -> None:
    csv.writer(file, delimiter=";" if spoken == "de" else ",", lineterminator="\r\n").writerows(rows)


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
