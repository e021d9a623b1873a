"""Timetables: which rows of a table hold on a day, where rows with the same facts follow each other.

Of rows with the same facts the one that has begun last holds, in the place of the first of them, and the
others are over: a row that follows another one changes nothing of the order in which rows decide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import Generic, TypeVar

from mlconnector.mapping.row_names import Facts, FollowingRow

R = TypeVar("R", bound=FollowingRow)


class Timetable(Generic[R]):
    """The rows of a table by day, each with its number, which counts from 1."""

    def __init__(self, rows: Sequence[R]) -> None:
        self._rows = tuple(enumerate(rows, start=1))
        self._beginnings = sorted({row.valid_from for row in rows if row.valid_from is not None})
        self._known: dict[int, tuple[tuple[int, R], ...]] = {}

    def on(self, day: date) -> Sequence[tuple[int, R]]:
        """The rows that hold on a day, in the order in which they decide."""
        begun = bisect_right(self._beginnings, day)
        if begun not in self._known:
            self._known[begun] = _in_force(self._rows, day)
        return self._known[begun]

    def after(self, day: date) -> Sequence[tuple[int, R]]:
        """The rows that begin after a day, the next one first."""
        later = [(row.valid_from, number, row) for number, row in self._rows if row.valid_from is not None]
        return [(number, row) for begins, number, row in sorted(later, key=_by_day) if begins > day]


def _in_force(rows: Sequence[tuple[int, R]], day: date) -> tuple[tuple[int, R], ...]:
    latest: dict[Facts, tuple[int, R] | None] = {}
    for number, row in rows:
        known = latest.setdefault(row.facts, None)
        begins = row.valid_from or date.min
        if begins <= day and (known is None or begins > (known[1].valid_from or date.min)):
            latest[row.facts] = number, row
    return tuple(one for one in latest.values() if one is not None)


def _by_day(later: tuple[date, int, object]) -> tuple[date, int]:
    return later[:2]
