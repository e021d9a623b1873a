"""Series of document numbers: which of them belong together, and which are missing between first and last."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

# What has more digits is no number that somebody counts.
_DIGITS = re.compile(r"(?<![0-9])[0-9]{1,18}(?![0-9])")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are missing one after the other, from `first` to `last`."""

    first: str
    last: str
    count: int


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers that differ in one group of digits alone, between the same `prefix` and `suffix`."""

    prefix: str
    suffix: str
    first: str
    last: str
    count: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The series among some numbers, and the numbers that are in none that could be recognised."""

    series: tuple[Series, ...]
    alone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Numbers by the series that each may belong to, those without digits, and what each may be read as."""

    members: dict[_Key, dict[int, str]]
    alone: tuple[str, ...]
    readings: Mapping[str, Sequence[tuple[_Key, int]]]


def series_of(numbers: Sorted, known: Collection[str] = ()) -> Found:
    """Sort numbers into series and find the gaps inside each.

    Each number belongs to the series that most others share with it. What is `known` from elsewhere, another
    period for example, is not missing. Where more is missing than is there it is no series: numbers that
    count days or customers look like this.
    """
    alone = list(numbers.alone)
    elsewhere = _values(known, numbers)
    found: list[Series] = []
    for key in sorted(numbers.members):
        one = _series(key, numbers.members[key], elsewhere.get(key, set()))
        if one is None:
            alone += numbers.members[key].values()
        else:
            found.append(one)
    return Found(tuple(found), tuple(sorted(alone)))


def beginnings(numbers: Sorted) -> list[str]:
    """With what the numbers begin that may be in a series with some of these; none is in several."""
    several = sorted({prefix for (prefix, _), values in numbers.members.items() if len(values) > 1})
    return [
        one
        for place, one in enumerate(several)
        if not any(one.startswith(shorter) for shorter in several[:place])
    ]


def sorted_numbers(numbers: Iterable[str]) -> Sorted:
    """Each number under the series that most others share with it."""
    readings = {number: list(_readings(number)) for number in sorted(set(numbers))}
    shared = Counter(key for its in readings.values() for key, _ in its)
    members: dict[_Key, dict[int, str]] = {}
    alone: list[str] = []
    for number, its in readings.items():
        if not its:
            alone.append(number)
            continue
        # Of equals the last group of digits: that is where most people count.
        key, value = its[0]
        for other in its[1:]:
            if shared[other[0]] >= shared[key]:
                key, value = other
        members.setdefault(key, {})[value] = number
    return Sorted(members, tuple(alone), readings)


def _readings(number: str) -> Iterator[tuple[_Key, int]]:
    """Each group of digits of a number with what stands before and behind it."""
    for group in _DIGITS.finditer(number):
        yield (number[: group.start()], number[group.end() :]), int(group[0])


def _values(known: Collection[str], numbers: Sorted) -> dict[_Key, set[int]]:
    found: dict[_Key, set[int]] = {}
    for number in known:
        for key, value in numbers.readings.get(number) or _readings(number):
            if key in numbers.members:
                found.setdefault(key, set()).add(value)
    return found


def _series(key: _Key, members: dict[int, str], known: set[int]) -> Series | None:
    """The series of these numbers; None where they are too few, or too far from each other, to be one."""
    values = sorted(members)
    first, last = values[0], values[-1]
    there = sorted({*values, *(one for one in known if first < one < last)})
    missing = last - first + 1 - len(there)
    if len(values) == 1 or missing > len(there):
        return None
    width = _width(key, members)
    gaps = [
        Gap(_written(key, low + 1, width), _written(key, high - 1, width), high - low - 1)
        for low, high in pairwise(there)
        if high - low > 1
    ]
    return Series(*key, members[first], members[last], len(values), tuple(gaps))


def _width(key: _Key, members: dict[int, str]) -> int:
    """To how many digits numbers are filled up with zeros; 0 where they are not."""
    digits = [number[len(key[0]) : len(number) - len(key[1])] for number in members.values()]
    return min(map(len, digits)) if any(one.startswith("0") for one in digits) else 0


def _written(key: _Key, value: int, width: int) -> str:
    return f"{key[0]}{value:0{width}d}{key[1]}" if width else f"{key[0]}{value}{key[1]}"
