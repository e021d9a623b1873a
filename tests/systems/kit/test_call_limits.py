"""A limit on calls that a whole key shares, by the clock alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlconnector.systems.kit.call_limits import DAY, CallLimit, Spent, close, left, take

LIMIT = CallLimit("shop", 3)


def spend(count: int, now: float, spent: Spent | None = None, limit: CallLimit = LIMIT) -> Spent:
    spent = spent or Spent()
    for _ in range(count):
        spent, wait = take(spent, limit, now)
        assert wait == 0
    return spent


def test_so_many_calls_may_be_made_in_a_minute_and_the_next_waits_for_the_oldest() -> None:
    spent = spend(2, 100.0, spend(1, 90.0))
    _, wait = take(spent, LIMIT, 110.0)
    assert wait == 40.0
    assert take(spent, LIMIT, 150.5)[1] == 0


def test_what_is_closed_lets_nobody_call_until_it_opens() -> None:
    spent = close(Spent(), 100.0, 60.0)
    assert take(spent, LIMIT, 130.0)[1] == 30.0
    assert left(spent, LIMIT, 130.0).closed_for == 30.0
    assert take(spent, LIMIT, 160.0)[1] == 0


def test_closing_for_less_opens_nothing_earlier() -> None:
    spent = close(close(Spent(), 100.0, 60.0), 100.0, 1.0)
    assert take(spent, LIMIT, 130.0)[1] == 30.0


def test_the_limit_of_a_day_ends_with_the_day() -> None:
    limit = CallLimit("shop", 100, 5)
    spent = spend(5, 10.0, limit=limit)
    assert left(spent, limit, 10.0).day == 0
    assert take(spent, limit, 10.0)[1] == DAY - 10.0
    assert take(spent, limit, DAY)[1] == 0


def test_what_is_left_is_told() -> None:
    told = left(spend(2, 100.0), LIMIT, 101.0)
    assert (told.minute, told.day, told.closed_for) == (1, None, 0.0)


def test_a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_was_asked() -> None:
    spent = close(Spent(), 10_000.0, 60.0)
    assert left(spent, LIMIT, 10_020.0).closed_for == 40.0
    spent, wait = take(spent, LIMIT, 6_400.0)
    assert wait == 60.0
    assert take(spent, LIMIT, 6_430.0)[1] == 30.0
    assert take(spent, LIMIT, 6_460.0)[1] == 0.0


def test_a_clock_that_was_set_back_makes_nobody_wait_for_long() -> None:
    spent = close(spend(3, 100_000.0), 10 * DAY, 60.0)
    assert take(spent, LIMIT, 1_000.0)[1] <= 60.0


@given(st.lists(st.floats(0, 5), max_size=80), st.integers(1, 5))
def test_never_more_calls_than_allowed_in_any_minute(gaps: list[float], per_minute: int) -> None:
    limit, now, spent, made = CallLimit("shop", per_minute), 1_000.0, Spent(), []
    for gap in gaps:
        now += gap
        spent, wait = take(spent, limit, now)
        while wait:
            now += wait
            spent, wait = take(spent, limit, now)
        made.append(now)
    for first, later in zip(made, made[per_minute:], strict=False):
        assert later - first > 59.999
