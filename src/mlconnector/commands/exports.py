"""Tables that commands write for spreadsheet programs, in the language of the program."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TextIO

import typer

from mlconnector.commands import document
from mlconnector.commands.output import language, phrase, say, visible
from mlconnector.flow.report.spreadsheets import Cell, Sheet, csv_cells, save_workbook, write_lines
from mlconnector.texts.language import Language

AsCsv = Annotated[Path | None, typer.Option("--csv")]
AsXlsx = Annotated[Path | None, typer.Option("--xlsx")]

_STANDARD_OUTPUT = Path("-")


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
    written = [csv_cells(row, used) for row in (headings, *rows)]
    if target == _STANDARD_OUTPUT:
        write_lines(sys.stdout, [[visible(cell) for cell in row] for row in written], used)
    elif isinstance(target, Path):
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            write_lines(file, written, used)
    else:
        write_lines(target, written, used)


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
    """Write an XLSX file in the language of the program; see `spreadsheets`."""
    save_workbook(path, sheets, spoken or language())


def say_written(target: Path) -> None:
    """Say that a file was written, unless it is standard output, where nothing else may stand."""
    if target != _STANDARD_OUTPUT:
        say("wrote", file=target)
