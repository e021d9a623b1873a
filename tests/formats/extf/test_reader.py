from __future__ import annotations

import codecs
from typing import Any

import pytest

from mlconnector.formats.extf import Unreadable, read
from tests.formats.extf.examples import as_bytes, bookings_file, header, parties_file

CONTENT = bookings_file()
TEXT = CONTENT.decode("utf-8-sig")
MARKS = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


def test_a_file_is_read_by_datevs_names_of_the_columns() -> None:
    file = read(CONTENT)
    first = next(file.rows)
    assert file.header.label == header().label
    assert (first.line, first["Belegfeld 1"], first["Buchungstext"]) == (3, "RE-2026-0001", "Montage Küche")
    assert first["Beleglink"] == 'BEDI "E0A08953-FBAA-4054-AF36-993D5D68F040"'
    assert first["Belegfeld 2"] == ""
    assert "Belegfeld 2" not in first.values()


def test_columns_are_found_by_position_even_if_a_program_spells_the_headings_differently() -> None:
    content = TEXT.replace("BU-Schlüssel;Belegdatum", "BU-Schluessel;Datum", 1).encode("utf-8-sig")
    assert next(read(content).rows)["Belegdatum"] == "1407"


@pytest.mark.parametrize("content", [CONTENT, parties_file()])
@pytest.mark.parametrize(
    ("codec", "mark", "encoding"),
    [
        ("utf-8", codecs.BOM_UTF8, "utf-8-bom"),
        ("utf-8", b"", "utf-8"),
        ("cp1252", b"", "windows-1252"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32-le"),
        ("utf-32-be", codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_all_encodings_and_line_ends_are_recognised_and_written_back_unchanged(
    content: bytes, codec: str, mark: bytes, encoding: Any, line_end: str
) -> None:
    text = content.decode("utf-8-sig").replace("\r\n", line_end)
    given = mark + text.encode(codec)
    file = read(given)
    assert file.encoding == encoding
    assert [row.values() for row in file.rows] == [row.values() for row in read(content).rows]
    assert as_bytes(file) == given


@pytest.mark.parametrize("codec", MARKS)
def test_wide_characters_whose_bytes_look_like_a_line_end_do_not_end_a_line(codec: str) -> None:
    inside = "\u0a05\u0100 \u0100\u0a05"
    content = MARKS[codec] + TEXT.replace("Montage Küche", inside).encode(codec)
    assert next(read(content).rows)["Buchungstext"] == inside
    assert as_bytes(read(content)) == content


@pytest.mark.parametrize("inside", ["a;b", 'Rohr 5"" lang', "a\r\nb", "a\nb;c", '"";""'])
def test_semicolons_doubled_quotes_and_line_ends_inside_quotes_belong_to_the_text(inside: str) -> None:
    content = TEXT.replace("Montage Küche", inside).encode("utf-8-sig")
    file = read(content)
    first, second = list(file.rows)[:2]
    assert first["Buchungstext"] == inside.replace('""', '"')
    assert second["Buchungstext"] == "Fachbuch"
    assert second.line == 4 + inside.count("\n")
    assert as_bytes(file) == content


def test_blank_lines_are_no_rows_but_are_kept() -> None:
    head, rest = TEXT.split("\r\n", 2)[:2], TEXT.split("\r\n", 2)[2]
    content = "\r\n".join([*head, rest.replace("\r\n", "\r\n\r\n")]).encode("utf-8-sig")
    assert len(list(read(content).rows)) == len(list(read(CONTENT).rows))
    assert as_bytes(read(content)) == content


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "empty"),
        (b"Konto;Umsatz\r\n1;2\r\n", 1, "no DATEV header"),
        (b'"EXTF";700\r\n', 1, "no DATEV header"),
        (TEXT.split("\r\n")[0].encode(), 2, "headings"),
        (TEXT.replace("\r\n", "\r\n\r\n", 1).encode(), 2, "headings"),
        ("\r\n".join([TEXT.split("\r\n")[0], *TEXT.split("\r\n")[2:]]).encode(), 2, "headings"),
        (TEXT.replace('"Fachbuch"', '"Fachbuch').encode(), 4, "quotes"),
        (TEXT.replace('"Fachbuch"', 'Fach"buch').encode(), 4, "quotes"),
        (TEXT.replace('"Fachbuch"', 'Fachbuch"').encode(), 4, "quotes"),
        (TEXT.replace('"Fachbuch"', '"Fachbuch";1').encode(), 4, "126 fields"),
        (TEXT.encode("cp1252").replace(b"Fachbuch", b"\x81"), 4, "bytes"),
        (CONTENT.replace(b"Fachbuch", b"\xff"), 4, "bytes"),
        (CONTENT.replace(b"Fachbuch", b"x" * 2_000_000), 4, "longer"),
    ],
)
def test_a_file_that_is_broken_says_where_and_why(content: bytes, line: int, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason) as caught:
        read(content)
    assert caught.value.line == line


def test_short_rows_read_as_if_the_rest_were_empty() -> None:
    lines = TEXT.split("\r\n")
    lines[2] = ";".join(lines[2].split(";")[:14])
    first = next(read("\r\n".join(lines).encode("utf-8-sig")).rows)
    assert (first["Konto"], first["Festschreibung"]) == ("10001", "")
