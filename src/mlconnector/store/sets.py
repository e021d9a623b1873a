"""Working in sets: databases take a limited number of values in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

SET_SIZE = 500


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in portions of at most `SET_SIZE`."""
    return (values[start : start + SET_SIZE] for start in range(0, len(values), SET_SIZE))
