from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mlconnector.systems.kit.fields import clean, day_in, document_number, number_in

BERLIN = ZoneInfo("Europe/Berlin")


def test_texts_have_one_normal_form() -> None:
    assert clean(" Mu\u0308ller ") == "Müller"
    assert clean(None) == ""


@pytest.mark.parametrize("text", ["RE-1", "0815", "X1", "NA-17", "K.A. 5", "12.10", "none-7", "№ 5"])
def test_a_document_has_the_number_that_stands_there(text: str) -> None:
    assert document_number(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "0", "000", "-", "--", " – ", "?", "."),
        *("n/a", "N/A", "n. a.", "NA", "tbd", "T.B.D.", "None", "k.A.", "k. A.", "ohne", "Keine", "x", "X"),
    ],
)
def test_what_stands_there_instead_of_a_number_is_none(text: str | None) -> None:
    assert document_number(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("19", "19"), ("1,0842", "1.0842"), ("1.0842", "1.0842"), ("-7,50", "-7.5"), ("+3", "3")],
)
def test_numbers_have_a_point_or_a_comma(text: str, number: str) -> None:
    assert number_in(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "1.234,50", "1,234.50", "1 000", "7 %", "1e5", "NaN", "Infinity"])
def test_what_could_be_two_numbers_or_none_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        number_in(text)


@pytest.mark.parametrize("text", ["2026-11-03", "3.11.2026", "03.11.2026"])
def test_days_are_written_as_the_standard_or_as_germans_do(text: str) -> None:
    assert day_in(text) == date(2026, 11, 3)
    assert day_in(text, BERLIN) == date(2026, 11, 3)


@pytest.mark.parametrize("text", ["", "31.2.2026", "11/03/2026", "3.11.26", "morgen"])
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S| "):
        day_in(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-10-31T23:00:00Z", date(2026, 11, 1)),
        ("2026-06-30T22:00:00Z", date(2026, 7, 1)),
        ("2026-11-03T23:30:00", date(2026, 11, 3)),
    ],
)
def test_the_day_of_a_moment_is_the_one_that_people_there_see(text: str, day: date) -> None:
    assert day_in(text, BERLIN) == day


def test_without_a_zone_a_moment_is_no_day() -> None:
    with pytest.raises(ValueError, match="2026-10-31T23"):
        day_in("2026-10-31T23:00:00Z")
