"""DATEV's own sample files are read without loss and have no finding that would say DATEV refuses them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from mlconnector.formats.extf import check, read, write, write_parsed
from tests.formats.extf.examples import SAMPLES

CANONICAL = SAMPLES / "datev-official-normalised-cp1252-crlf"
FILES = sorted(SAMPLES.glob("datev-official-*/EXTF_*.csv"))

pytestmark = pytest.mark.skipif(not FILES, reason="the conformance data are not beside this checkout")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_read_and_written_back_byte_for_byte(path: Path) -> None:
    content = path.read_bytes()
    file = read(content)
    assert write_parsed(file) == content
    assert len(list(file.rows)) == len(content.splitlines()) - 2
    assert file.header.consultant == 29098


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_in_a_sample_is_called_rejected(path: Path) -> None:
    findings = list(check(path.read_bytes(), file_name=path.name))
    assert [finding for finding in findings if finding.severity == "rejected"] == []
    if path.parent == CANONICAL:
        assert [finding for finding in findings if finding.severity == "changed"] == []


def test_the_liberties_of_the_sample_of_bookings_are_all_seen() -> None:
    findings = check((CANONICAL / "EXTF_Buchungsstapel.csv").read_bytes())
    assert {(finding.rule, finding.line, finding.column) for finding in findings} == {
        ("EXTF-V-07", 3, 19),  # an empty number in quotes
        ("EXTF-V-07", 3, 44),
        ("EXTF-B-215", 3, 105),  # Geschäftspartnerbank without SEPA-Mandatsreferenz
        ("EXTF-B-202", 5, 1),  # 64083 without decimal places
        ("EXTF-V-07", 39, 108),
        ("EXTF-B-218", 46, 116),  # Leistungsdatum without Steuerperiode
    }


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
