"""Tables of people: CSV as spreadsheet programs and DATEV write it, XLSX, and no formulas."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
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


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LARGEST_FILE", 10)
    with pytest.raises(UnreadableTable, match="table_too_large"):
        read_table(b"Konto;Name\n")


def altered(content: bytes, **changes: Callable[[bytes], bytes]) -> bytes:
    """A workbook in which some parts (by the beginning of their names) say something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    for part, change in changes.items():
        name = PARTS[part]
        parts[name] = change(parts.get(name, b""))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, xml in parts.items():
            packed.writestr(name, xml)
    return stream.getvalue()


PARTS = {
    "sheet": "xl/worksheets/sheet1.xml",
    "book": "xl/workbook.xml",
    "styles": "xl/styles.xml",
    "texts": "xl/sharedStrings.xml",
    "relations": "xl/_rels/workbook.xml.rels",
    "kinds": "[Content_Types].xml",
}
KIND = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
# As Excel writes it: texts stand in a part of their own.
LIST = altered(
    xlsx(["Konto", "Name"], [10001, "Meier"]),
    kinds=lambda xml: xml.replace(b"</Types>", KIND),
    texts=lambda _: (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<si><t>Konto</t></si><si><t>Name</t></si><si><t>Meier</t></si></sst>"
    ),
    sheet=lambda xml: re.sub(
        rb't="inlineStr"><is><t>(\w+)</t></is>',
        lambda found: b't="s"><v>%d</v>' % [b"Konto", b"Name", b"Meier"].index(found[1]),
        xml,
    ),
)
READ = [("Konto", "Name"), ("10001", "Meier")]


def sheet(change: Callable[[bytes], bytes]) -> bytes:
    return altered(LIST, sheet=change)


def with_row(row: bytes) -> bytes:
    return sheet(lambda xml: xml.replace(b"</sheetData>", row + b"</sheetData>"))


SWELLING = {
    "more than it unpacks to": sheet(lambda xml: xml + b" " * 33 * 1024 * 1024),
    "styles without end": altered(LIST, styles=lambda xml: xml + b" " * 3 * 1024 * 1024),
    "texts without end": altered(
        LIST, texts=lambda xml: xml.replace(b"</sst>", b"<si/>" * 500_001 + b"</sst>")
    ),
    "rows of hundreds of cells": with_row(b'<row><c r="ZZ3"><v>1</v></c></row>' * 7200),
}
WIDE = {
    "a row far below": with_row(b'<row r="999999999999"><c r="A999999999999"><v>1</v></c></row>'),
    "a cell far below": with_row(b'<row><c r="A9999999"><v>1</v></c></row>'),
    "a cell far right": with_row(b'<row r="3"><c r="XFD3"><v>1</v></c></row>'),
    "a row without end": with_row(b'<row r="3">' + b"<c><v>1</v></c>" * 70_000 + b"</row>"),
}


@pytest.mark.parametrize("content", SWELLING.values(), ids=SWELLING)
def test_a_file_that_swells_when_it_is_read_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTable, match="table_too_large"):
        read_table(content)


@pytest.mark.parametrize("content", WIDE.values(), ids=WIDE)
def test_a_sheet_that_is_wider_than_any_list_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableTable, match="table_too_wide"):
        read_table(content)


def test_texts_in_a_part_of_their_own_are_read() -> None:
    assert cells(LIST) == READ


@pytest.mark.parametrize("size", ["A1:XFD1048576", "A1:A1", "A1:B99999999999"])
def test_what_a_sheet_says_of_its_size_is_not_believed(size: str) -> None:
    assert cells(sheet(lambda xml: re.sub(rb'ref="A1:B2"', f'ref="{size}"'.encode(), xml))) == READ


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("sheet", lambda xml: xml[: len(xml) // 2]),
        ("sheet", lambda xml: b""),
        ("sheet", lambda xml: xml.replace(b'ref="A1:B2"', b'ref="nonsense"')),
        ("sheet", lambda xml: xml.replace(b'r="A2"', b'r="2A"')),
        ("sheet", lambda xml: xml.replace(b'r="2"', b'r="two"')),
        ("sheet", lambda xml: xml.replace(b"<v>0</v>", b"<v>99</v>")),
        ("book", lambda xml: xml[: len(xml) // 2]),
        ("book", lambda xml: b"<workbook/>"),
        ("styles", lambda xml: b"<styleSheet>"),
        ("texts", lambda xml: xml[: len(xml) // 2]),
        ("relations", lambda xml: b"<Relationships/>"),
        ("kinds", lambda xml: b""),
    ],
)
def test_a_damaged_workbook_is_refused(part: str, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UnreadableTable, match="table_not_xlsx"):
        read_table(altered(LIST, **{part: change}))


@given(st.data())
def test_a_workbook_whose_bytes_were_changed_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(LIST)
    for place in data.draw(st.lists(st.integers(4, len(LIST) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    with suppress(UnreadableTable):
        read_table(bytes(content))


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-5", "@SUM(A1)", "\tx", "\rx"])
def test_what_would_be_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@given(st.text())
def test_guarding_loses_nothing_and_leaves_no_formula(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    if not text.startswith("'"):
        assert unguarded(guarded(text)) == text
