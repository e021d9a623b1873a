from __future__ import annotations

import codecs
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.formats.extf import Unwritable, Written, category, check, read, write
from tests.formats.extf.examples import booked, entry, header, line, master_data_header

ROW = booked(entry()).rows[0]


def last_line(written: Written) -> str:
    return written.content.decode("utf-8-sig").split("\r\n")[-2]


def test_a_file_is_header_headings_and_rows_and_every_line_ends_with_crlf() -> None:
    written = write(header(), [ROW, ROW])
    lines = written.content.decode("utf-8-sig").split("\r\n")
    assert lines[0].startswith('"EXTF";700;21;"Buchungsstapel";13;')
    assert lines[1] == ";".join(category(21).headings)
    assert (len(lines), lines[-1], written.rows) == (5, "", 2)
    assert b"\n" not in written.content.replace(b"\r\n", b"")


def test_utf_8_has_a_byte_order_mark_and_windows_1252_has_none() -> None:
    assert write(header(), [ROW]).content.startswith(codecs.BOM_UTF8 + b'"EXTF"')
    narrow = write(header(), [ROW], encoding="windows-1252").content
    assert narrow.startswith(b'"EXTF"')
    assert "BU-Schlüssel".encode("cp1252") in narrow


def test_every_row_has_all_columns_and_text_is_quoted_even_when_empty() -> None:
    cells = last_line(write(header(), [ROW])).split(";")
    fields = category(21).fields
    assert len(cells) == 125
    assert all(
        cell.startswith('"') == field.quoted
        for cell, field in zip(cells, fields, strict=True)
        if field.quoted or cell
    )


def test_version_12_has_one_column_less() -> None:
    written = write(header(version=12), [ROW])
    assert len(last_line(written).split(";")) == 124
    assert list(check(written.content)) == []


def test_quotes_in_text_are_doubled() -> None:
    written = write(header(), [{**ROW, "Buchungstext": 'Rohr 5"; lang'}])
    assert ';"Rohr 5""; lang";' in last_line(written)


@pytest.mark.parametrize(
    ("column", "value", "cell"),
    [
        ("Umsatz (ohne Soll/Haben-Kz)", Decimal("1E+3"), "1000,00"),
        ("Umsatz (ohne Soll/Haben-Kz)", 5, "5,00"),
        ("Umsatz (ohne Soll/Haben-Kz)", "5,00", "5,00"),
        ("Kurs", Decimal("1.5"), "1,500000"),
        ("Belegdatum", date(2026, 3, 5), "0503"),
        ("Fälligkeit", date(2026, 3, 5), "05032026"),
        ("Festschreibung", True, "1"),
        ("BU-Schlüssel", "0009", '"0009"'),
        ("Beleglink", 'DORG "4711"', '"DORG ""4711"""'),
        ("Buchungstext", "", '""'),
    ],
)
def test_values_are_written_as_datev_expects_them(column: str, value: Any, cell: str) -> None:
    row = {**ROW, column: value}
    if column == "Kurs":
        row |= {"Basis-Umsatz": 1, "WKZ Basis-Umsatz": "EUR"}
    file = read(write(header(), [row]).content)
    (parsed,) = file.rows
    assert parsed.cells[file.preamble.positions[column]] == cell


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Umsatz (ohne Soll/Haben-Kz)", Decimal("0.00"), "must look like"),
        ("Umsatz (ohne Soll/Haben-Kz)", Decimal(-1), "must look like"),
        ("Umsatz (ohne Soll/Haben-Kz)", Decimal("1.005"), "more than 2 decimal places"),
        ("Umsatz (ohne Soll/Haben-Kz)", Decimal("NaN"), "must look like"),
        ("Umsatz (ohne Soll/Haben-Kz)", Decimal(10) ** 40, "must look like"),
        ("Umsatz (ohne Soll/Haben-Kz)", date(2026, 1, 1), "must look like"),
        ("Soll/Haben-Kennzeichen", "D", "must look like S|H"),
        ("Konto", "", "must be filled"),
        ("Konto", "0000", "must look like"),
        ("Konto", "1200;", "must look like"),
        ("Belegdatum", "3002", "must look like TTMM"),
        ("KOST1 - Kostenstelle", "A/B", "must look like"),
        ("Auftragsnummer", "x" * 31, "may not be cut"),
        ("Buchungstext", 5, "must be text"),
        ("Buchungs GUID", "x" * 37, "may not be cut"),
        ("Kundennummer", "1", "is no column"),
    ],
)
def test_a_value_that_datev_would_refuse_is_refused_with_line_and_column(
    column: str, value: Any, reason: str
) -> None:
    with pytest.raises(Unwritable, match=reason.replace("|", r"\|")) as caught:
        write(header(), [ROW, {**ROW, column: value}])
    assert (caught.value.line, caught.value.field) == (4, column)


def test_code_with_letters_that_windows_1252_does_not_have_is_refused_not_changed() -> None:
    with pytest.raises(Unwritable, match="windows-1252 does not know"):
        write(header(), [{**ROW, "KOST1 - Kostenstelle": "Łódź"}], encoding="windows-1252")


def test_unused_columns_of_master_data_stay_empty() -> None:
    with pytest.raises(Unwritable, match="stays empty"):
        write(master_data_header(), [{"Konto": "10001", "Leerfeld 46": "x"}])


def test_what_the_encoding_changes_is_listed_with_its_line() -> None:
    rows = [ROW, {**ROW, "Buchungstext": "Łódź"}]
    assert write(header(), rows).changes == ()
    (change,) = write(header(), rows, encoding="windows-1252").changes
    assert (change.line, change.field, change.before, change.after) == (4, "Buchungstext", "Łódź", "Lódz")


def test_a_number_that_only_fits_after_being_cut_by_transliteration_is_refused() -> None:
    row = {**ROW, "Auftragsnummer": "≠" * 20, "Buchungstyp": "AA"}
    assert write(header(), [row]).rows == 1
    with pytest.raises(Unwritable, match="may not be cut"):
        write(header(), [row], encoding="windows-1252")


def test_the_same_rows_give_the_same_bytes_whatever_was_written_before() -> None:
    first = write(header(), [ROW]).content
    write(header(), [{**ROW, "Konto": "10099", "Festschreibung": True}])
    assert write(header(), [ROW]).content == first


def test_categories_without_columns_in_the_dictionary_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no columns for category 66"):
        write(header(category=66, date_from=None, date_to=None), [])


def test_a_file_without_rows_can_be_written() -> None:
    assert write(header(), []).rows == 0


def test_foreign_currency_rows_have_no_findings() -> None:
    rows = booked(entry(line(), currency="CHF", exchange_rate=Decimal("0.95"))).rows
    assert list(check(write(header(), rows).content)) == []


@pytest.mark.parametrize("values", [(Decimal("1.5"), Decimal("1.50")), (True, 1), (1, True)])
def test_equal_values_are_written_alike_whichever_came_first(values: tuple[Any, Any]) -> None:
    column = "Kurs" if isinstance(values[0], Decimal) else "Festschreibung"
    foreign: dict[str, Any] = {
        "WKZ Umsatz": "CHF",
        "Kurs": Decimal(2),
        "Basis-Umsatz": Decimal(60),
        "WKZ Basis-Umsatz": "EUR",
    }
    both = [read(write(header(), [{**ROW, **foreign, column: value}]).content) for value in values]
    assert len({next(file.rows)[column] for file in both}) == 1
