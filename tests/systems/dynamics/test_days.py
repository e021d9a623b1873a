"""Rules: DateTimeBehavior, https://learn.microsoft.com/power-apps/developer/data-platform/behavior-format-date-time-attribute."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mlconnector.systems.dynamics.days import Days, Unclear
from mlconnector.systems.dynamics.shapes import FORMATTED

BERLIN = ZoneInfo("Europe/Berlin")
LATE = "2026-07-31T22:30:00Z"
JULY, AUGUST = date(2026, 7, 31), date(2026, 8, 1)


def day(value: Any, behaviours: dict[str, dict[str, str]], shown: str | None = None) -> date:
    return Days(BERLIN, behaviours).day({"x": value, f"x{FORMATTED}": shown}, "invoice", "x")


@pytest.mark.parametrize(
    ("behaviour", "value", "expected"),
    [
        ("UserLocal", LATE, AUGUST),
        ("UserLocal", "2026-07-31T22:00:00Z", AUGUST),
        ("UserLocal", "2026-01-31T23:00:00Z", date(2026, 2, 1)),
        ("UserLocal", "2026-01-31T22:00:00Z", date(2026, 1, 31)),
        ("UserLocal", "2026-08-01T00:00:00Z", AUGUST),
        ("TimeZoneIndependent", LATE, JULY),
        ("TimeZoneIndependent", "2026-07-31T22:00:00Z", JULY),
        ("TimeZoneIndependent", "2026-08-01T00:00:00Z", AUGUST),
        ("DateOnly", "2026-06-01", date(2026, 6, 1)),
    ],
)
def test_the_behaviour_of_a_column_says_what_its_moments_mean(
    behaviour: str, value: str, expected: date
) -> None:
    assert day(value, {"invoice": {"x": behaviour}}) == expected


@pytest.mark.parametrize("shown", [None, "01.08.2026 00:30", "31.07.2026 22:30"])
def test_an_hour_after_midnight_in_a_column_of_ones_own_may_be_an_evening(shown: str | None) -> None:
    days, row = Days(BERLIN, {"invoice": {"new_x": "UserLocal"}}), {"new_x": LATE, f"new_x{FORMATTED}": shown}
    with pytest.raises(Unclear) as caught:
        days.day(row, "invoice", "new_x")
    assert (caught.value.written, caught.value.local, caught.value.at_night) == (JULY, AUGUST, True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-31T22:00:00Z", AUGUST),
        ("2026-01-31T23:00:00Z", date(2026, 2, 1)),
        ("2026-07-31T21:30:00Z", JULY),
        ("2026-08-01T00:30:00Z", AUGUST),
    ],
)
def test_midnight_and_all_hours_with_one_day_are_clear_in_a_column_of_ones_own(
    value: str, expected: date
) -> None:
    days = Days(BERLIN, {"invoice": {"new_x": "UserLocal"}})
    assert days.day({"new_x": value}, "invoice", "new_x") == expected


def test_what_a_column_with_a_behaviour_shows_to_the_app_decides_nothing() -> None:
    assert day(LATE, {"invoice": {"x": "UserLocal"}}, "31.07.2026 22:30") == AUGUST


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-07-31", JULY),
        ("31.7.2026", JULY),
        ("2026-11-03T08:00:00", date(2026, 11, 3)),
        (LATE, AUGUST),
    ],
)
def test_a_text_says_what_it_says(value: str, expected: date) -> None:
    assert day(value, {"invoice": {"another": "UserLocal"}}) == expected


class TestWithoutMetadata:
    @pytest.mark.parametrize("value", ["2026-07-31", "2026-07-31T21:30:00Z", "2026-07-31T22:30:00"])
    def test_a_value_that_means_the_same_day_either_way_is_that_day(self, value: str) -> None:
        assert day(value, {}) == JULY

    @pytest.mark.parametrize(
        "shown", ["01.08.2026 00:30", "8/1/2026 12:30 AM", "01/08/2026", "2026-08-01 00:30"]
    )
    def test_a_day_that_users_are_shown_confirms_a_moment_in_utc(self, shown: str) -> None:
        assert day(LATE, {}, shown) == AUGUST

    @pytest.mark.parametrize(
        "shown",
        [None, "", "31.07.2026 22:30", "7/31/2026 10:30 PM", "1. August", "01.08.2026 bis 31.07.2026"],
    )
    def test_what_confirms_neither_day_lets_it_open(self, shown: str | None) -> None:
        """Shown as written, it may be independent of the zone, or the app's own user lives by UTC."""
        with pytest.raises(Unclear) as caught:
            day(LATE, {}, shown)
        assert (caught.value.written, caught.value.local) == (JULY, AUGUST)

    def test_only_the_table_of_the_column_counts(self) -> None:
        with pytest.raises(Unclear):
            day(LATE, {"invoicedetail": {"x": "UserLocal"}})
