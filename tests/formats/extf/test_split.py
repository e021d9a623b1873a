from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlconnector.formats.extf import BookingRows, TooLarge, limit, split, write
from mlconnector.model.entries import Entry
from tests.formats.extf.examples import booked, entry, header, line, unhurried

dates = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def on(day: date, key: str = "1") -> Entry:
    return entry(voucher=f"invoice/{key}", document_date=day)


def test_entries_are_grouped_by_month_oldest_first_and_keep_their_order() -> None:
    days = [date(2026, 8, 1), date(2026, 7, 31), date(2026, 7, 1)]
    july, august = split(on(day, str(index)) for index, day in enumerate(days))
    assert (july.date_from, july.date_to) == (date(2026, 7, 1), date(2026, 7, 31))
    assert [each.voucher for each in july.entries] == ["invoice/1", "invoice/2"]
    assert [each.voucher for each in august.entries] == ["invoice/0"]


def test_the_fiscal_year_begins_in_its_month() -> None:
    june, july = split([on(date(2026, 6, 30)), on(date(2026, 7, 1))], fiscal_year_start_month=7)
    assert june.fiscal_year_start == date(2025, 7, 1)
    assert july.fiscal_year_start == date(2026, 7, 1)


def test_february_of_a_leap_year_ends_on_the_29th() -> None:
    (february,) = split([on(date(2028, 2, 29))])
    assert february.date_to == date(2028, 2, 29)


def test_a_thirteenth_month_is_refused() -> None:
    with pytest.raises(ValueError, match="13 is not a month"):
        split([], fiscal_year_start_month=13)


@unhurried
@given(st.lists(dates, max_size=20), st.integers(1, 12))
def test_every_entry_is_in_exactly_one_group_whose_header_can_be_written(
    days: list[date], start_month: int
) -> None:
    entries = [on(day, str(index)) for index, day in enumerate(days)]
    periods = split(entries, start_month)
    assert sorted(each.voucher for period in periods for each in period.entries) == sorted(
        each.voucher for each in entries
    )
    for period in periods:
        assert all(period.date_from <= each.document_date <= period.date_to for each in period.entries)
        header(
            fiscal_year_start=period.fiscal_year_start, date_from=period.date_from, date_to=period.date_to
        ).fields()


def bookings(*sizes: int) -> list[BookingRows]:
    return [
        booked(
            entry(*[line(amount=Decimal(number + 1)) for number in range(size)], voucher=f"invoice/{index}")
        )
        for index, size in enumerate(sizes)
    ]


def test_files_hold_at_most_the_allowed_rows_and_no_entry_is_torn_apart() -> None:
    groups = list(limit(header(), bookings(2, 2, 3, 1, 4), max_rows=4))
    assert [[len(each.rows) for each in group] for group in groups] == [[2, 2], [3, 1], [4]]


def test_an_entry_with_more_rows_than_a_file_may_hold_is_refused_by_name() -> None:
    with pytest.raises(TooLarge, match="invoice/1@r1:original:1 alone has 5 rows"):
        list(limit(header(), bookings(1, 5), max_rows=4))


@pytest.mark.parametrize("encoding", ["utf-8-bom", "windows-1252"])
def test_files_stay_within_the_allowed_bytes_to_the_byte(encoding: Any) -> None:
    made = bookings(1, 1, 1)
    two = len(write(header(), [row for each in made[:2] for row in each.rows], encoding=encoding).content)
    exact = list(limit(header(), made, encoding=encoding, max_bytes=two))
    below = list(limit(header(), made, encoding=encoding, max_bytes=two - 1))
    assert [len(group) for group in exact] == [2, 1]
    assert [len(group) for group in below] == [1, 1, 1]


def test_an_entry_larger_than_a_file_may_be_is_refused() -> None:
    with pytest.raises(TooLarge):
        list(limit(header(), bookings(1), max_bytes=100))


def test_without_entries_there_is_no_file() -> None:
    assert split([]) == ()
    assert list(limit(header(), [])) == []
