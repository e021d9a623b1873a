"""How each language writes numbers, days and moments (German: DIN 5008)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mlconnector.texts import zone
from mlconnector.texts.catalogue import filled
from mlconnector.texts.language import Language
from mlconnector.texts.notation import amount_places, day, exact_moment, moment, month, number


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        ("1234567.10", "1.234.567,10", "1,234,567.10"),
        ("0.00", "0,00", "0.00"),
        ("-12.5", "-12,5", "-12.5"),
        ("1000", "1.000", "1,000"),
        ("1E+3", "1.000", "1,000"),
        ("0.0000001", "0,0000001", "0.0000001"),
        ("0.9225", "0,9225", "0.9225"),
        ("99999999999999999999.99", "99.999.999.999.999.999.999,99", "99,999,999,999,999,999,999.99"),
        (
            f"{10**30}.5",
            "1.000.000.000.000.000.000.000.000.000.000,5",
            "1,000,000,000,000,000,000,000,000,000,000.5",
        ),
        ("NaN", "NaN", "NaN"),
    ],
)
def test_a_number_keeps_its_decimals(value: str, german: str, english: str) -> None:
    assert number(Decimal(value), "de") == german
    assert number(Decimal(value), "en") == english


@pytest.mark.parametrize(("value", "german"), [("5", "5,00"), ("1234.5", "1234,50"), ("0.92250", "0,9225")])
def test_an_amount_has_two_places_or_more_and_may_do_without_groups(value: str, german: str) -> None:
    amount = Decimal(value)
    assert number(amount, "de", amount_places(amount), grouped=False) == german


@pytest.mark.parametrize(("language", "written"), [("de", "03.02.2026"), ("en", "2026-02-03")])
def test_a_day(language: Language, written: str) -> None:
    assert day(date(2026, 2, 3), language) == written


@pytest.mark.parametrize(
    ("language", "winter", "summer"),
    [
        ("de", "01.01.2027 00:05 MEZ", "01.07.2026 01:05 MESZ"),
        ("en", "2027-01-01 00:05 CET", "2026-07-01 01:05 CEST"),
    ],
)
def test_a_moment_is_told_in_berlins_time_wherever_it_was_noted(
    language: Language, winter: str, summer: str
) -> None:
    assert moment(datetime(2026, 12, 31, 23, 5, 59, tzinfo=UTC), language) == winter
    assert moment(datetime(2027, 1, 1, 1, 5, 59, tzinfo=timezone(timedelta(hours=2))), language) == winter
    assert moment(datetime(2026, 6, 30, 23, 5, 59, tzinfo=UTC), language) == summer


def test_a_moment_is_told_in_the_zone_that_the_installation_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zone, "_shown_in", ZoneInfo("America/New_York"))
    at = datetime(2026, 7, 1, 3, 30, 15, tzinfo=UTC)
    assert moment(at, "de") == "30.06.2026 23:30 EDT"
    assert exact_moment(at, "en") == "2026-06-30 23:30:15 EDT"


def test_what_is_no_number_and_no_day_stays_as_it_is() -> None:
    template = "{a.number} {b.day} {c.moment} {d.size}"
    facts = {"a": "twelve", "b": "soon", "c": "now", "d": "big"}
    assert filled(template, facts, "de") == "twelve soon now big"


@pytest.mark.parametrize(("language", "written"), [("de", "1.234,5 MB"), ("en", "1,234.5 MB")])
def test_a_size_is_told_in_megabytes(language: Language, written: str) -> None:
    assert filled("{size.size}", {"size": str(1234 * 1024**2 + 512 * 1024)}, language) == written


def test_a_month_is_written_out() -> None:
    assert (month("2026-07", "de"), month("2026-07", "en")) == ("Juli 2026", "July 2026")
    assert month("2026", "de") == "2026"
    assert month("2026-13", "en") == "2026-13"
