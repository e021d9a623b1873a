"""Pauses between tries: they grow, keep to what was asked for, and end with the time that was given."""

from __future__ import annotations

from mlconnector.flow.engine.patience import Patience

PAUSES = (2.0, 5.0, 15.0)


def pauses(patience: Patience, after: float | None = None, tries: float = 0.0) -> list[float]:
    """All pauses where each try takes so many seconds."""
    found: list[float] = []
    while (pause := patience.pause(after)) is not None:
        found.append(pause)
        patience.spend(pause + tries)
    return found


def test_without_a_limit_the_pauses_are_as_many_as_there_are() -> None:
    assert pauses(Patience(PAUSES, None)) == [2.0, 5.0, 15.0]


def test_with_a_limit_the_last_try_comes_at_its_end() -> None:
    assert pauses(Patience(PAUSES, 10.0)) == [2.0, 5.0, 3.0]
    assert pauses(Patience(PAUSES, 50.0)) == [2.0, 5.0, 15.0, 15.0, 13.0]


def test_the_time_that_tries_take_counts() -> None:
    assert pauses(Patience(PAUSES, 50.0), tries=10.0) == [2.0, 5.0, 15.0]


def test_without_time_there_is_one_try() -> None:
    assert pauses(Patience(PAUSES, 0.0)) == []


def test_what_the_other_side_asks_for_is_kept_or_given_up() -> None:
    assert pauses(Patience(PAUSES, None), after=8.0) == [8.0, 8.0, 15.0]
    assert pauses(Patience(PAUSES, 30.0), after=8.0) == [8.0, 8.0, 14.0]
    assert pauses(Patience(PAUSES, 5.0), after=8.0) == []
