"""When a place is told what: at once, gathered, never in the silent hours, never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mlconnector.flow.notify.matters import OCCASIONS, Matter, Occasion
from mlconnector.flow.notify.planning import PAUSES, habits, next_try, plan
from mlconnector.store.notices import NoticeRow, PlaceRow

MORNING = datetime(2026, 3, 20, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACE = PlaceRow("books", "mail", " ".join(OCCASIONS), "de", MORNING, "admin")
USUAL = habits(7, "", 30)
LOGIN, CAUSE = Matter("login_needed", "mine", ""), Matter("new_cause", "mine", "country_missing")


def waits(*found: Matter, since: datetime) -> list[NoticeRow]:
    return [NoticeRow(one.identity, since) for one in found]


def test_what_is_urgent_goes_out_at_once_and_takes_the_rest_along() -> None:
    kept = waits(CAUSE, since=MORNING + HOUR)
    found = plan(PLACE, kept, [LOGIN, CAUSE], MORNING + 2 * HOUR, USUAL)
    assert found.new == [LOGIN.identity]
    assert found.message == [LOGIN, CAUSE]


def test_what_is_not_waits_for_the_next_morning() -> None:
    noon = MORNING + 5 * HOUR
    assert plan(PLACE, [], [CAUSE], noon, USUAL).message == []
    kept = waits(CAUSE, since=noon)
    assert plan(PLACE, kept, [CAUSE], MORNING + 23 * HOUR, USUAL).message == []
    assert plan(PLACE, kept, [CAUSE], MORNING + 24 * HOUR, USUAL).message == [CAUSE]


def test_nothing_is_told_twice_but_what_comes_anew_is() -> None:
    told = [NoticeRow(LOGIN.identity, MORNING, settled_at=MORNING)]
    assert plan(PLACE, told, [LOGIN], MORNING + 48 * HOUR, USUAL).message == []
    assert plan(PLACE, told, [], MORNING + 48 * HOUR, USUAL).over == [LOGIN.identity]
    assert plan(PLACE, [], [LOGIN], MORNING + 48 * HOUR, USUAL).message == [LOGIN]


def test_what_is_over_before_it_was_told_is_not_told() -> None:
    found = plan(PLACE, waits(LOGIN, since=MORNING), [], MORNING + HOUR, USUAL)
    assert (found.over, found.message) == ([LOGIN.identity], [])


def test_a_place_hears_only_of_its_occasions() -> None:
    place = replace(PLACE, occasions="month silent")
    assert plan(place, [], [LOGIN, CAUSE], MORNING, USUAL).new == []


@pytest.mark.parametrize(("minutes", "is_sent"), [(29, False), (30, True)])
def test_messages_to_a_place_are_apart(minutes: int, is_sent: bool) -> None:
    place = replace(PLACE, told_at=MORNING)
    found = plan(place, [], [LOGIN], MORNING + timedelta(minutes=minutes), USUAL)
    assert (found.new, bool(found.message)) == ([LOGIN.identity], is_sent)


@pytest.mark.parametrize(
    ("quiet", "hour", "is_sent"),
    [
        *(("20-7", 19, True), ("20-7", 20, False), ("20-7", 3, False), ("20-7", 7, True)),
        *(("12-14", 11, True), ("12-14", 13, False), ("12-14", 14, True)),
    ],
)
def test_in_the_silent_hours_nothing_is_sent(quiet: str, hour: int, is_sent: bool) -> None:
    found = plan(PLACE, [], [LOGIN], MORNING.replace(hour=hour), habits(7, quiet, 30))
    assert bool(found.message) == is_sent


def test_a_place_that_cannot_be_reached_is_tried_further_and_further_apart() -> None:
    pauses = [next_try(tries, MORNING) - MORNING for tries in range(8)]
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    place = replace(PLACE, tries=1, failing_since=MORNING, next_try_at=MORNING + HOUR)
    kept = waits(LOGIN, since=MORNING)
    assert plan(place, kept, [LOGIN], MORNING + HOUR / 2, USUAL).message == []
    assert plan(place, kept, [LOGIN], MORNING + HOUR, USUAL).message == [LOGIN]


def test_what_could_not_be_sent_before_it_was_over_is_missed() -> None:
    place = replace(PLACE, tries=9, failing_since=MORNING, next_try_at=MORNING)
    kept = [*waits(LOGIN, since=MORNING), NoticeRow(CAUSE.identity, MORNING, settled_at=MORNING)]
    found = plan(place, kept, [], MORNING + 400 * HOUR, USUAL)
    assert (found.over, found.missed) == ([LOGIN.identity, CAUSE.identity], [LOGIN.identity])
    assert plan(place, kept, [LOGIN], MORNING + 400 * HOUR, USUAL).message == [LOGIN]
    assert plan(PLACE, kept, [], MORNING + 400 * HOUR, USUAL).missed == []


def test_there_are_occasions_of_every_urgency() -> None:
    urgent: list[Occasion] = [one for one in OCCASIONS if Matter(one, "", "").is_urgent]
    assert urgent == ["login_needed", "batch_rejected", "approval_asked"]
