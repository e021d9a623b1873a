"""Tables of people: CSV as spreadsheet programs and DATEV write it, XLSX, and no formulas."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from mlconnector.mapping import sheets
from mlconnector.mapping.sheets import UnreadableTable, guarded, read_table, unguarded


def cells(content: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_table(content)]


def xlsx(*rows: list[Any]) -> bytes:
    book = Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_csv_is_read_whatever_program_wrote_it(separator: str, encoding: str) -> None:
    text = f"Konto{separator}Bezeichnung\r\n8400{separator}Erlöse\r\n"
    assert cells(text.encode(encoding)) == [("Konto", "Bezeichnung"), ("8400", "Erlöse")]


@pytest.mark.parametrize("name", ["Schröder & Groß KG", "Bäcker GmbH", "Müller", "Özdemir Bau"])
def test_csv_of_dos_is_told_by_its_umlauts(name: str) -> None:
    assert cells(f"Konto;Name\r\n10001;{name}\r\n".encode("cp850"))[1] == ("10001", name)


@pytest.mark.parametrize("name", ["„Der Bäcker“ GmbH", "Málaga Öl™", "Žižka šéf"])
def test_quotes_and_foreign_letters_of_windows_are_not_taken_for_those_of_dos(name: str) -> None:
    assert cells(f"Konto;Name\r\n10001;{name}\r\n".encode("windows-1252"))[1] == ("10001", name)


def test_a_file_in_both_encodings_is_refused_with_its_line() -> None:
    content = "Konto;Name\n1;Bäcker\n".encode("windows-1252") + "2;Schröder\n".encode("cp850")
    with pytest.raises(UnreadableTable, match="line 3: table_encoding"):
        read_table(content)


def test_the_headings_decide_which_separator_holds() -> None:
    assert cells(b"Konto;Name\n1;Meier, Sohn, Enkel\n")[1] == ("1", "Meier, Sohn, Enkel")


def test_rows_keep_the_line_on_which_they_begin() -> None:
    rows = read_table(b'Konto;Name\n\n1;"two\nlines"\n;;\n2;x\n')
    assert [(row.line, row[0]) for row in rows] == [(1, "Konto"), (3, "1"), (6, "2")]


def test_a_missing_cell_is_empty() -> None:
    assert read_table(b"a;b\n1\n")[1][1] == ""


def test_xlsx_is_read_as_it_would_be_typed() -> None:
    content = xlsx(["Konto", "Tag"], [8400, date(2026, 1, 31)], ["0420", 0.5], [None, None], [True, "x "])
    assert cells(content) == [
        ("Konto", "Tag"),
        ("8400", "2026-01-31"),
        ("0420", "0.5"),
        ("true", "x"),
    ]


@pytest.mark.parametrize(
    ("content", "reason", "line"),
    [
        (b'Konto;Name\n1;"open\n', "table_quotes", 2),
        (b"Konto\n\x81\n", "table_encoding", 2),
        (b"Konto\n1\x002\n", "table_encoding", 2),
        (b"PK\x03\x04 and nothing else", "table_not_xlsx", None),
    ],
)
def test_what_cannot_be_read_says_why_and_where(content: bytes, reason: str, line: int | None) -> None:
    with pytest.raises(UnreadableTable) as refused:
        read_table(content)
    assert (refused.value.reason, refused.value.line) == (reason, line)


def test_another_kind_of_archive_is_no_table() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UnreadableTable, match="table_not_xlsx"):
        read_table(stream.getvalue())


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_LARGEST", 10)
    with pytest.raises(UnreadableTable, match="table_too_large"):
        read_table(xlsx(["Konto"]))


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-5", "@SUM(A1)", "\tx", "\rx"])
def test_what_would_be_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@given(st.text())
def test_guarding_loses_nothing_and_leaves_no_formula(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    if not text.startswith("'"):
        assert unguarded(guarded(text)) == text
