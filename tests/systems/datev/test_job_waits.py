from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlconnector.systems.datev.job_waits import next_wait

ATTEMPTS = st.integers(1, 8)
DRAWS = st.floats(0, 1)
ASKED = st.none() | st.floats(0, 600)


def test_the_longest_waits_grow_from_what_was_asked_for_to_five_minutes() -> None:
    waits = [next_wait(attempt, 5.0, 1.0) for attempt in range(1, 10)]
    assert waits == [5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 300.0, 300.0, None]


def test_the_first_query_waits_exactly_as_long_as_was_asked_for() -> None:
    assert next_wait(1, 2.0, 1.0) == 2.0
    assert next_wait(1, None, 1.0) == 5.0


@given(ATTEMPTS, ASKED, DRAWS)
def test_no_wait_is_shorter_than_what_was_asked_for(attempt: int, asked: float | None, draw: float) -> None:
    wait = next_wait(attempt, asked, draw)
    assert wait is not None
    assert wait >= (5.0 if asked is None else asked)


@given(ATTEMPTS, st.floats(0, 5), DRAWS)
def test_no_wait_is_longer_than_five_minutes(attempt: int, asked: float, draw: float) -> None:
    assert (next_wait(attempt, asked, draw) or 0) <= 300


@given(ATTEMPTS, ASKED, st.tuples(DRAWS, DRAWS))
def test_waits_are_spread_by_the_drawn_number(
    attempt: int, asked: float | None, draws: tuple[float, float]
) -> None:
    short, long = (next_wait(attempt, asked, draw) for draw in sorted(draws))
    assert short is not None
    assert long is not None
    assert short <= long


@given(st.integers(9, 10**6), ASKED, DRAWS)
def test_after_eight_queries_the_job_is_put_aside(attempt: int, asked: float | None, draw: float) -> None:
    assert next_wait(attempt, asked, draw) is None
