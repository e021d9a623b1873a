"""A Buchungstext keeps what a booking is known by, however long the name in it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from mlconnector.formats.booking_text import fitted
from mlconnector.formats.dxso.rows import BOOKING_TEXT_LENGTH
from mlconnector.formats.extf.text import booking_text
from mlconnector.model.entries import reversed_entry
from tests.formats.extf.examples import booked, entry, line

LONG = "Gesellschaft zur Förderung des nachhaltigen Bauens mit nachwachsenden Rohstoffen mbH"
NUMBER = "RE-2026-00815"
EXTF = 60


@pytest.mark.parametrize("longest", [EXTF, BOOKING_TEXT_LENGTH])
@pytest.mark.parametrize("before", ["", "Skonto ", "Storno "])
def test_the_name_gives_way_to_the_number(before: str, longest: int) -> None:
    short = fitted(f"{before}{LONG} {NUMBER}", LONG, (NUMBER,), longest)
    assert len(short) <= longest
    assert short.startswith(f"{before}Gesel")
    assert short.endswith(f" {NUMBER}")


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [
        (f"Müller GmbH {NUMBER}", 60, f"Müller GmbH {NUMBER}"),
        (
            f"{LONG} {NUMBER} zu RE-2026-00001",
            60,
            f"Gesellschaft zur Förderung de {NUMBER} zu RE-2026-00001",
        ),
        (f"Storno 15.07.2026 {LONG} {NUMBER}", 30, f"Storno {NUMBER}"),
        (f"{LONG} {NUMBER} zu RE-2026-00001", 30, f"{NUMBER} zu RE-2026-00001"),
        (f"Storno {LONG} {NUMBER} zu RE-2026-00001", 30, f"Storno {NUMBER}"),
        ("x" * 70, 60, "x" * 60),
    ],
)
def test_what_says_most_stays_longest(text: str, longest: int, expected: str) -> None:
    assert fitted(text, LONG, (NUMBER,), longest) == expected


def test_a_number_longer_than_the_field_keeps_its_end_and_a_reversal_its_word() -> None:
    number = "PROJEKT-HAFENCITY-BAUABSCHNITT-3-ABSCHLAGSRECHNUNG-0007"
    short = fitted(f"Storno {LONG} {number}", LONG, (number,), BOOKING_TEXT_LENGTH)
    assert short.startswith("Storno ")
    assert short.endswith("-ABSCHLAGSRECHNUNG-0007")
    assert len(short) <= BOOKING_TEXT_LENGTH


def test_there_is_room_for_what_becomes_longer_in_the_other_encoding() -> None:
    name = "Œ" * 50
    text, changes = booking_text(f"{name} {NUMBER}", name, (NUMBER,), EXTF)
    assert text.endswith(NUMBER)
    assert [change.reason for change in changes] == ["shortened"]
    other = "Ǆ" * 50
    text, _ = booking_text(f"{other} {NUMBER}", other, (NUMBER,), EXTF)
    assert len(text.replace("Ǆ", "DŽ")) <= EXTF
    assert text.endswith(NUMBER)


def test_a_reversal_of_a_booking_with_a_long_name_says_storno_and_the_number() -> None:
    text = f"{LONG} {NUMBER}"
    made = msgspec.structs.replace(entry(line(text=text), number=NUMBER), party_name=LONG)
    back = reversed_entry(made, revision="r2", turn=1, open_from=date(2099, 1, 1))
    (row,) = booked(back).rows
    assert str(row["Buchungstext"]).startswith("Storno ")
    assert str(row["Buchungstext"]).endswith(NUMBER)
    assert len(str(row["Buchungstext"])) <= EXTF
    assert row["Umsatz (ohne Soll/Haben-Kz)"] == Decimal("119.00")
