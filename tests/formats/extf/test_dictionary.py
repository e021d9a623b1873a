from __future__ import annotations

import csv
from typing import Any

import pytest

from mlconnector.formats.extf import Field, accepted_versions, category, format_name, header_fields, read
from tests.formats.extf.examples import SAMPLES
from tests.specifications import required


def test_a_buchungsstapel_has_125_columns_in_version_13_and_the_first_124_of_them_in_version_12() -> None:
    newest, older = category(21), category(21, 12)
    assert (newest.version, len(newest.fields), len(older.fields)) == (13, 125, 124)
    assert older.headings == newest.headings[:-1]
    assert newest.headings[-1] == "Abw. Skontokonto"


def test_84_of_the_125_columns_are_text_and_quoted() -> None:
    fields = category(21).fields
    assert sum(field.quoted for field in fields) == 84
    assert all(field.quoted == (field.type == "Text") for field in fields)


def test_master_data_have_254_columns_and_the_header_31_fields() -> None:
    assert len(category(16).fields) == 254
    assert len(header_fields()) == 31


DESCRIBED = [16, 20, 21, 46, 48, 65]


@pytest.mark.parametrize("fields", [*(category(number).fields for number in DESCRIBED), header_fields()])
def test_columns_are_numbered_without_gaps_and_their_names_are_unique(fields: tuple[Field, ...]) -> None:
    assert [field.index for field in fields] == list(range(1, len(fields) + 1))
    assert len({field.name for field in fields}) == len(fields)


def test_headings_that_repeat_get_their_column_number_as_name_but_are_written_alike() -> None:
    unused = [field for field in category(16).fields if field.heading == "Leerfeld"]
    assert unused[0].name == "Leerfeld 46"
    assert {field.heading for field in unused} == {"Leerfeld"}


def test_datevs_uneven_spelling_of_headings_is_kept() -> None:
    headings = category(21).headings
    assert "Zusatzinformation - Art 1" in headings
    assert "Zusatzinformation- Inhalt 1" in headings
    assert "KOST1 - Kostenstelle" in headings
    assert "Buchungs GUID" in headings


@pytest.mark.parametrize(
    ("number", "version", "columns"), [(21, 7, 116), (21, 8, 117), (21, 9, 120), (21, 11, 122)]
)
def test_older_buchungsstapel_have_a_layout_but_are_not_accepted(
    number: Any, version: int, columns: int
) -> None:
    assert len(category(number, version).fields) == columns
    assert version not in accepted_versions(number)


def test_an_unknown_category_or_version_is_refused_with_what_is_known() -> None:
    with pytest.raises(ValueError, match="category 99 is not in the dictionary"):
        category(99)
    with pytest.raises(ValueError, match=r"Buchungsstapel has no version 14; known are \[13, 12\]"):
        category(21, 14)


def test_categories_without_columns_are_known_by_name_and_version() -> None:
    assert format_name(66) == "Natural-Stapel"
    assert accepted_versions(66) == (2,)
    assert category(66).fields == ()


@pytest.mark.parametrize(
    ("number", "columns", "sample"),
    [
        (20, 4, "EXTF_Sachkontobeschriftungen.csv"),
        (46, 31, "EXTF_Zahlungsbedingungen.csv"),
        (48, 191, "EXTF_Div-Adressen.csv"),
        (65, 101, "EXTF_Wiederkehrende-Buchungen.csv"),
    ],
)
def test_a_category_has_the_headings_and_the_quotes_of_datevs_sample(
    number: int, columns: int, sample: str
) -> None:
    fields = category(number).fields
    assert len(fields) == columns
    file = read(required(f"{SAMPLES}/{sample}").read_bytes())
    assert file.preamble.headings == category(number).headings
    rows = list(file.rows)
    assert rows
    for row in rows:
        filled = [(cell, field) for cell, field in zip(row.cells, fields, strict=True) if cell]
        assert filled
        assert all(cell.startswith('"') == field.quoted for cell, field in filled)


def test_percentages_of_payment_terms_have_two_implied_decimal_places() -> None:
    field = category(46).by_name["Skonto 1%"]
    assert (field.fault("300"), field.fault("3,00"), field.fault("000")) == (None, "form", None)


def test_headings_of_other_categories_keep_their_own_spelling() -> None:
    assert {"Kontobeschriftung", "SprachId", "Kontenbeschriftung lang"} <= set(category(20).headings)
    assert {"Skonto 1%", "Skonto 2 %", "Skonto1 Monat / Zeitraum 3"} <= set(category(46).headings)
    assert {"WKZ (Umsatz)", "Belegfeld1", "KOST1-Kostenstelle", "EndeTyp"} <= set(category(65).headings)
    assert category(48).headings.count("Leerfeld") == 10


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("Umsatz (ohne Soll/Haben-Kz)", "119,00", None),
        ("Umsatz (ohne Soll/Haben-Kz)", "0,00", "form"),
        ("Umsatz (ohne Soll/Haben-Kz)", "119.00", "form"),
        ("Umsatz (ohne Soll/Haben-Kz)", "١١٩,00", "form"),
        ("Kurs", "0,830000", None),
        ("Kurs", "0,00", "form"),
        ("Belegdatum", "2902", None),
        ("Belegdatum", "3002", "date"),
        ("Belegdatum", "0503\n", "form"),
        ("Leistungsdatum", "29022026", "date"),
        ("Leistungsdatum", "28022026", None),
        ("Buchungstext", "x" * 60, None),
        ("Buchungstext", "x" * 61, "long"),
        ("Beleglink", 'BEDI "E0A08953-FBAA-4054-AF36-993D5D68F040"', None),
        ("Beleglink", "E0A08953-FBAA-4054-AF36-993D5D68F040", "form"),
    ],
)
def test_a_field_knows_what_is_wrong_with_a_value(column: str, value: Any, fault: str | None) -> None:
    assert category(21).by_name[column].fault(value) == fault


@pytest.mark.parametrize(
    ("table", "heading", "fields"),
    [
        ("header_columns.csv", "name_de", header_fields()),
        ("buchungsstapel_columns.csv", "name_de", category(21).fields),
        ("debitoren_kreditoren_columns.csv", "heading_in_official_sample", category(16).fields),
    ],
)
def test_the_dictionary_agrees_with_the_collected_facts(
    table: str, heading: str, fields: tuple[Field, ...]
) -> None:
    rows = list(csv.DictReader(required(f"extf/{table}").read_text(encoding="utf-8").splitlines()))
    assert [field.heading for field in fields] == [row[heading] for row in rows]
    assert [field.type for field in fields] == [row["type"] for row in rows]
    quoted = [row["regex"].startswith(('^"', '^("')) or row["name_de"].startswith("Leerfeld") for row in rows]
    assert [field.quoted for field in fields] == quoted
