from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from mlconnector.formats.extf import BadHeader, parse_header
from mlconnector.formats.extf.header import last_day
from mlconnector.formats.extf.lines import value_of
from tests.formats.extf.examples import header, master_data_header


def test_a_buchungsstapel_header_is_written_with_its_31_fields_as_datev_shows_it() -> None:
    assert ";".join(header().fields()) == (
        '"EXTF";700;21;"Buchungsstapel";13;20260731123456789;;"MC";"";"";29098;55003;20260101;4;20260701;20260731;'
        '"Rechnungen Juli 2026";"";1;0;0;"EUR";;"";;;"03";;;"";"ml-connector"'
    )


def test_master_data_leave_the_fields_of_bookings_empty() -> None:
    assert ";".join(master_data_header(label="", chart="").fields()) == (
        '"EXTF";700;16;"Debitoren/Kreditoren";5;20260731123456789;;"MC";"";"";29098;55003;20260101;4;;;'
        '"";"";;;;"";;"";;;"";;;"";"ml-connector"'
    )


def test_festschreibung_is_written_explicitly_both_ways() -> None:
    assert header(festschreibung=True).fields()[20] == "1"
    assert header(festschreibung=False).fields()[20] == "0"
    assert header().fields()[20] == "0"


def test_a_written_header_is_read_as_the_same_header() -> None:
    given = header(version=12, booking_type=2, purpose=30, festschreibung=True, currency="EUR")
    assert parse_header([value_of(cell) for cell in given.fields()]) == given


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"consultant": 1000}, 11),
        ({"consultant": 10_000_000}, 11),
        ({"client": 0}, 12),
        ({"client": 100_000}, 12),
        ({"account_length": 9}, 14),
        ({"date_from": None}, 15),
        ({"date_to": None}, 16),
        ({"date_from": date(2026, 8, 1)}, 15),
        ({"fiscal_year_start": date(2026, 7, 15)}, 15),
        ({"fiscal_year_start": date(2025, 7, 1)}, 15),
        ({"label": "x" * 31}, 17),
        ({"label": "Umsätze; Juli"}, 17),
        ({"dictation_code": "w"}, 18),
        ({"booking_type": 3}, 19),
        ({"purpose": 1}, 20),
        ({"currency": "euro"}, 22),
        ({"chart": "3"}, 27),
        ({"application_information": "x" * 17}, 31),
        ({"version": 9}, 5),
    ],
)
def test_what_datev_would_refuse_is_refused_with_the_number_of_the_field(
    changed: dict[str, Any], field: Any
) -> None:
    with pytest.raises(BadHeader) as caught:
        header(**changed).fields()
    assert caught.value.field == field


def test_a_period_over_two_calendar_years_is_refused_even_within_one_fiscal_year() -> None:
    with pytest.raises(BadHeader, match="two calendar years"):
        header(
            fiscal_year_start=date(2025, 7, 1), date_from=date(2025, 12, 1), date_to=date(2026, 1, 31)
        ).fields()


@pytest.mark.parametrize(
    ("position", "value", "field"),
    [
        (2, "x", 3),
        (3, "Buchungen", 4),
        (5, "2026", 6),
        (5, "20261301000000000", 6),
        (12, "20260230", 13),
        (10, "", 11),
    ],
)
def test_a_header_that_cannot_be_understood_names_the_field(position: int, value: Any, field: Any) -> None:
    values = [value_of(cell) for cell in header().fields()]
    values[position] = value
    with pytest.raises(BadHeader) as caught:
        parse_header(values)
    assert caught.value.field == field


def test_a_shifted_header_is_refused_by_its_number_of_fields() -> None:
    with pytest.raises(BadHeader, match="32 fields instead of 31"):
        parse_header([*(value_of(cell) for cell in header().fields()), ""])


def test_milliseconds_are_cut_not_rounded() -> None:
    moment = datetime.fromisoformat("2026-07-31T23:59:59.999999")
    assert header(created_at=moment).fields()[5] == "20260731235959999"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2025, 7, 1), date(2026, 6, 30)),
        (date(2023, 3, 1), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2025, 2, 28)),
    ],
)
def test_a_fiscal_year_ends_a_day_before_the_next_begins(start: date, end: date) -> None:
    assert last_day(start) == end
