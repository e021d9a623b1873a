"""DATEV's own sample files are read without loss and have no finding that would say DATEV refuses them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from mlconnector.flow.agree.check_settings import of_file
from mlconnector.formats.extf import REJECTED, ClientSettings, check, read, write
from tests.formats.extf.examples import SAMPLES, as_bytes
from tests.specifications import located, needs

CANONICAL = located(SAMPLES)
# Without the samples one name stands for them, so that what is skipped can be seen.
FILES = sorted(located("extf/samples").glob("datev-official-*/EXTF_*.csv")) or [located("extf/samples")]

pytestmark = needs(SAMPLES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_read_and_written_back_byte_for_byte(path: Path) -> None:
    content = path.read_bytes()
    file = read(content)
    assert as_bytes(file) == content
    assert len(list(file.rows)) == len(content.splitlines()) - 2
    assert file.header.consultant == 29098


def checked(path: Path) -> set[tuple[str, int, int]]:
    """What is found with the client that the header states, seeded accounts included."""
    with path.open("rb") as stream:
        found = list(check(stream, file_name=path.name, settings=of_file(stream, ClientSettings())))
    assert [finding for finding in found if finding.severity in REJECTED] == []
    return {(finding.rule, finding.line, finding.column) for finding in found}


# The headers of master data that DATEV wrote itself mark their origin and quote other fields than a
# Buchungsstapel does.
HEADER_OF_DATEV = {"EXTF-H-37", "EXTF-H-38"}
DOUBTFUL = {
    "EXTF_Buchungsstapel.csv": {
        ("EXTF-V-07", 3, 19),  # an empty number in quotes
        ("EXTF-V-07", 3, 44),
        ("EXTF-V-07", 39, 108),
        ("EXTF-B-202", 5, 1),  # 64083 without decimal places
        ("EXTF-B-215", 3, 105),  # Geschäftspartnerbank without SEPA-Mandatsreferenz
        ("EXTF-B-218", 46, 116),  # Leistungsdatum without Steuerperiode
        ("EXTF-B-227", 9, 40),  # a German VAT id on an intra-community supply
        ("EXTF-B-227", 10, 40),
        ("EXTF-B-241", 3, 11),  # debtors booked without an invoice number
        ("EXTF-B-241", 4, 11),
        ("EXTF-B-241", 19, 11),
        ("EXTF-B-248", 46, 115),  # Leistungsdatum of 2018 in a batch of 2024
        ("EXTF-B-248", 47, 115),
    },
    "EXTF_DebKred_Stamm.csv": {("EXTF-V-09", 3, 134)},  # columns that hold nothing any more
    "EXTF_Div-Adressen.csv": {("EXTF-V-09", 3, 58), ("EXTF-V-09", 5, 102)},
    "EXTF_Sachkontobeschriftungen.csv": set(),
    "EXTF_Wiederkehrende-Buchungen.csv": {
        ("EXTF-H-27", 1, 27),  # the chart as 3
        ("EXTF-W-105", 4, 79),  # due in April, but begins in August
    },
    "EXTF_Zahlungsbedingungen.csv": {("EXTF-Z-102", 3, 4)},  # 2200 where the name says 2,0 %
    "EXTF_Naturalstapel.csv": set(),
}
# The other folder has the samples as published: lines end with LF, two files are UTF-8 without a mark.
OF_THE_PUBLISHED_FILES = {"EXTF-F-11", "EXTF-F-14"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_in_a_sample_nothing_is_rejected_and_every_doubt_has_its_reason(path: Path) -> None:
    found = checked(path)
    of_the_file = {place for place in found if place[0] in OF_THE_PUBLISHED_FILES}
    of_the_header = {place for place in found if place[0] in HEADER_OF_DATEV}
    assert found - of_the_file - of_the_header == DOUBTFUL[path.name]
    if path.parent == CANONICAL:
        assert of_the_file == set()
    else:
        assert "EXTF-F-14" in {rule for rule, _, _ in of_the_file}
    if path.name in ("EXTF_Buchungsstapel.csv", "EXTF_DebKred_Stamm.csv"):
        assert of_the_header == set()


@pytest.mark.parametrize(
    ("name", "rounded"), [("EXTF_Buchungsstapel.csv", {"64083": "64083,00"}), ("EXTF_DebKred_Stamm.csv", {})]
)
def test_our_writer_writes_a_sample_as_datev_did(name: str, rounded: dict[str, str]) -> None:
    content = (CANONICAL / name).read_bytes()
    file = read(content)
    rows = []
    for row in file.rows:
        values = row.values()
        values.pop("Leerfeld 134", None)
        rows.append({column: rounded.get(value, value) for column, value in values.items()})
    assert rows
    written = read(write(file.header, rows, encoding="windows-1252").content)
    assert written.preamble == file.preamble
    for ours, theirs in zip(written.rows, file.rows, strict=True):
        differing = [pair for pair in zip(ours.cells, theirs.cells, strict=True) if pair[0] != pair[1]]
        assert [pair for pair in differing if pair != ("", '""')] in (
            [],
            [("64083,00", "64083")],
            [('""', '"1"')],
        )


def test_the_corrections_of_the_sample_cancel_what_they_correct() -> None:
    rows = list(read((CANONICAL / "EXTF_Buchungsstapel.csv").read_bytes()).rows)
    corrected = [row for row in rows if row["Belegfeld 1"] in ("363", "364", "365", "366")]
    sides = {"S": 1, "H": -1}
    amounts = [
        sides[row["Soll/Haben-Kennzeichen"]] * Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
        for row in corrected
    ]
    assert len(amounts) == 8
    assert sum(amounts) == 0


def test_columns_of_other_categories_are_read_by_their_headings() -> None:
    first = next(read((CANONICAL / "EXTF_Zahlungsbedingungen.csv").read_bytes()).rows)
    assert (first["Nummer"], first["Bezeichnung"]) == ("10", "30 Tage 2,0%; 60 Tage netto")
