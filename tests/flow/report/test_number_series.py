"""Gaps in number series: what is missing between the first and the last number, and when nobody can say."""

from __future__ import annotations

import pytest

from mlconnector.flow.report.number_series import Found, series_of, sorted_numbers


def series_of_all(numbers: list[str], known: set[str] | None = None) -> Found:
    return series_of(sorted_numbers(numbers), known or set())


def gaps(found: Found) -> list[str]:
    return [
        f"{gap.first} – {gap.last}: {gap.count}" if gap.count > 1 else gap.first
        for one in found.series
        for gap in one.gaps
    ]


def test_a_series_without_gaps_has_none() -> None:
    (one,) = series_of_all(["RE-2026-00001", "RE-2026-00003", "RE-2026-00002"]).series
    assert (one.prefix, one.first, one.last, one.count) == ("RE-2026-", "RE-2026-00001", "RE-2026-00003", 3)
    assert one.gaps == ()


def test_gaps_are_told_with_their_first_and_last_number() -> None:
    numbers = [f"RE-{number:03d}" for number in (7, 8, 10, 14, 15, 16)]
    assert gaps(series_of_all(numbers)) == ["RE-009", "RE-011 – RE-013: 3"]


def test_numbers_without_zeros_in_front_are_written_as_they_are() -> None:
    assert gaps(series_of_all([f"R{number}" for number in (8, 9, 11)])) == ["R10"]


def test_the_number_may_stand_before_the_year() -> None:
    found = series_of_all([f"{number}/2026" for number in (1, 2, 4, 5)])
    assert ([one.suffix for one in found.series], gaps(found)) == (["/2026"], ["3/2026"])


def test_two_series_do_not_make_gaps_in_each_other() -> None:
    found = series_of_all(["RE-1", "RE-2", "GS-7", "GS-8", "RE-3"])
    assert [(one.prefix, one.count) for one in found.series] == [("GS-", 2), ("RE-", 3)]
    assert gaps(found) == []


def test_what_is_known_from_another_period_is_not_missing_and_does_not_begin_the_series() -> None:
    found = series_of_all(["RE-5", "RE-7", "RE-8"], known={"RE-1", "RE-6", "RE-9"})
    (one,) = found.series
    assert (one.first, one.last, one.gaps) == ("RE-5", "RE-8", ())


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        (["RE-1"], "one number is no series"),
        (["Barverkauf", "Messe"], "nothing counts"),
        (["K-1001", "K-2044", "K-7310"], "more is missing than is there"),
        (["1" * 40], "nobody counts so far"),
    ],
)
def test_where_no_series_is_recognised_the_numbers_are_named_and_nothing_is_missing(
    numbers: list[str], why: str
) -> None:
    found = series_of_all(numbers)
    assert (found.series, list(found.alone)) == ((), sorted(numbers)), why
