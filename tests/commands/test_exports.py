"""Tables for spreadsheet programs keep their types and carry no formulas."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from mlconnector.commands.exports import write_csv, write_xlsx
from mlconnector.flow.report.spreadsheets import Cell
from mlconnector.texts.language import Language

HEADINGS = ["Konto", "Text", "Betrag", "Tag", "Anzahl"]
ROWS: list[list[Cell]] = [
    ["0420", "=1+1", Decimal("-1234.5"), date(2026, 1, 31), 3],
    ["8400", None, None, None, None],
]


def written(spoken: Language, rows: list[list[Cell]] = ROWS) -> list[str]:
    stream = io.StringIO()
    write_csv(stream, HEADINGS, rows, spoken=spoken)
    return stream.getvalue().split("\r\n")


def test_csv_is_written_as_the_language_reads_it() -> None:
    assert written("de")[:3] == [
        "Konto;Text;Betrag;Tag;Anzahl",
        "0420;'=1+1;-1234,50;31.01.2026;3",
        "8400;;;;",
    ]
    assert written("en")[1] == "0420,'=1+1,-1234.50,2026-01-31,3"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_text_never_becomes_a_formula(text: str, tmp_path: Path) -> None:
    line = written("en", [["1", text]])[1]
    assert line.removeprefix("1,").lstrip('"').startswith(f"'{text[0]}")
    write_xlsx(tmp_path / "x.xlsx", "x", HEADINGS, [["1", text]])
    cell = load_workbook(tmp_path / "x.xlsx").worksheets[0]["B2"]
    assert (cell.data_type, cell.quotePrefix, cell.number_format) == ("s", True, "@")


def test_a_heading_is_guarded_too() -> None:
    stream = io.StringIO()
    write_csv(stream, ["=x"], [], spoken="de")
    assert stream.getvalue() == "'=x\r\n"


def test_xlsx_keeps_numbers_days_and_leading_zeros(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    write_xlsx(file, "Konten/2026", HEADINGS, ROWS, spoken="de")
    page = load_workbook(file).worksheets[0]
    assert page.title == "Konten 2026"
    assert page.freeze_panes == "A2"
    assert (page["A2"].value, page["A2"].data_type) == ("0420", "s")
    assert (page["C2"].value, page["C2"].number_format) == (-1234.5, "0.00")
    assert (page["D2"].value, page["D2"].number_format) == (datetime(2026, 1, 31), "DD.MM.YYYY")  # noqa: DTZ001
    assert page["E2"].value == 3
    assert page["B3"].value is None
    assert page["A1"].font.bold
    assert page.column_dimensions["C"].width >= 8


def test_a_moment_is_written_as_its_day(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert written("de", [[moment]])[1] == "31.01.2026"
    write_xlsx(tmp_path / "x.xlsx", "x", ["Tag"], [[moment]])
    assert load_workbook(tmp_path / "x.xlsx").worksheets[0]["A2"].value == datetime(2026, 1, 31)  # noqa: DTZ001


def test_characters_that_a_file_cannot_carry_are_blanks(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "x", ["Text"], [["a\x01b"]])
    assert load_workbook(tmp_path / "x.xlsx").worksheets[0]["A2"].value == "a b"


def test_an_error_value_stays_a_text(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", "x", ["Text"], [["#N/A"]])
    assert load_workbook(tmp_path / "x.xlsx").worksheets[0]["A2"].data_type == "s"


def test_standard_output_gets_no_byte_order_mark(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_csv(Path("-"), ["Konto"], [["1"]], spoken="de")
    assert capsys.readouterr().out == "Konto\r\n1\r\n"
    write_csv(tmp_path / "x.csv", ["Konto"], [["1"]], spoken="de")
    assert (tmp_path / "x.csv").read_bytes() == b"\xef\xbb\xbfKonto\r\n1\r\n"
