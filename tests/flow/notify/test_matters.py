"""What is worth telling, out of what is known of the connections."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mlconnector.flow.notify.matters import AskedFor, Known, Lasting, Matter, Month, Rejected, matters
from mlconnector.store.connections import ConnectionState

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FINE = Known("mine", "toyshop", "ready", NOW)


def told(*known: Known, months: tuple[Month, ...] = (), now: datetime = NOW) -> list[Matter]:
    return matters(known, months, now, DAY)


def test_of_a_connection_that_works_there_is_nothing_to_tell() -> None:
    assert told(FINE) == []


def test_what_is_urgent_comes_first() -> None:
    known = replace(
        FINE, state="needs_login", causes=("country_missing",), rejected=(Rejected("b", "EXTF_b.csv", False),)
    )
    found = told(known)
    assert [one.occasion for one in found] == ["login_needed", "batch_rejected", "new_cause"]
    assert [one.is_urgent for one in found] == [True, True, False]


def test_what_a_second_person_has_to_approve_is_told_at_once_and_each_request_anew() -> None:
    first = told(replace(FINE, asked=(AskedFor("release", "mine", NOW),)))
    second = told(replace(FINE, asked=(AskedFor("release", "mine", NOW + DAY),)))
    assert [(one.occasion, one.is_urgent) for one in first] == [("approval_asked", True)]
    assert first[0].identity != second[0].identity


@pytest.mark.parametrize(
    ("left", "days"),
    [(31, None), (30, "30"), (15, "30"), (14, "14"), (3, "3"), (0.1, "3"), (0, None), (-1, None)],
)
def test_a_login_that_ends_is_told_of_three_times(left: float, days: str | None) -> None:
    login = Lasting("sink", NOW + left * DAY, early=60 * DAY)
    found = told(replace(FINE, logins=(login,)))
    assert [one.facts["days"] for one in found] == ([days] if days else [])


def test_each_of_the_three_is_news_and_so_is_another_login() -> None:
    ends, heard = NOW + 30 * DAY, replace(FINE, heard_at=NOW + 30 * DAY)
    login = replace(heard, logins=(Lasting("sink", ends, early=60 * DAY),))
    renewed = replace(heard, logins=(Lasting("sink", ends + 30 * DAY, early=60 * DAY),))
    (first,), (second,) = told(login), told(login, now=NOW + 16 * DAY)
    (later,) = told(renewed, now=NOW + 30 * DAY)
    assert len({first.identity, second.identity, later.identity}) == 3


def test_that_a_short_login_ends_soon_is_no_news() -> None:
    login = Lasting("sink", NOW + timedelta(hours=11), early=timedelta(0))
    assert told(replace(FINE, logins=(login,))) == []


@pytest.mark.parametrize(
    ("state", "hours", "is_missed"),
    [("ready", 23, False), ("ready", 24, True), ("degraded", 30, True), ("needs_login", 30, False)],
)
def test_a_connection_is_missed_that_was_not_read_for_long(
    state: ConnectionState, hours: int, is_missed: bool
) -> None:
    known = replace(FINE, state=state, heard_at=NOW - timedelta(hours=hours))
    assert ("silent" in [one.occasion for one in told(known)]) == is_missed


def test_of_a_disconnected_connection_nothing_is_told() -> None:
    login = Lasting("sink", NOW + DAY, early=60 * DAY)
    assert told(replace(FINE, state="paused", heard_at=NOW - 9 * DAY, logins=(login,), causes=("x",))) == []


def test_the_month_before_is_told_of_in_the_first_days_of_a_month() -> None:
    month = Month("2026-02", "mine", 4, 120, 1)
    (found,) = told(FINE, months=(month,), now=datetime(2026, 3, 7, tzinfo=UTC))
    assert found.facts == {"month": "02/2026", "batches": "4", "vouchers": "120", "rejected": "1"}
    assert told(months=(month,), now=datetime(2026, 3, 8, tzinfo=UTC)) == []
