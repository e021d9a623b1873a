"""Files as a bookkeeper would look at them: the same entries give the same bytes, now and later."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.formats.extf import check, read, write
from mlconnector.model.entries import reversed_entry
from tests.formats.extf.examples import (
    GOLDEN,
    booked,
    bookings_file,
    entry,
    header,
    july,
    line,
    parties_file,
)


def every_option() -> bytes:
    """Locked, with service dates and a marked reversal, in version 12 and windows-1252."""
    corrected = entry(line(tax_key="3", contra_account="8050", text="Łódź – Öl 5 €"), number="AR 2026/07.1")
    entries = [*july()[4:5], corrected, reversed_entry(corrected, revision="r2", turn=2)]
    options = {
        "festschreibung": True,
        "tax_period": "document_date",
        "generalumkehr": frozenset({"reversal"}),
    }
    rows = [row for each in entries for row in booked(each, **options).rows]
    return write(header(version=12, festschreibung=True), rows, encoding="windows-1252").content


FILES = {
    "EXTF_Buchungsstapel_Juli.csv": bookings_file,
    "EXTF_Buchungsstapel_alle_Optionen.csv": every_option,
    "EXTF_Debitoren.csv": parties_file,
}


@pytest.mark.parametrize("name", FILES)
def test_the_bytes_are_those_that_were_looked_at(name: str) -> None:
    assert FILES[name]() == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_the_files_have_no_findings(name: str) -> None:
    assert list(check((GOLDEN / name).read_bytes(), file_name=name)) == []


def test_the_month_adds_up_to_what_was_booked() -> None:
    rows = read((GOLDEN / "EXTF_Buchungsstapel_Juli.csv").read_bytes()).rows
    sides = {"S": 1, "H": -1}
    total = sum(
        sides[row["Soll/Haben-Kennzeichen"]] * Decimal(row["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
        for row in rows
    )
    assert total == sum(each.total for each in july())
