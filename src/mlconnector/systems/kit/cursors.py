"""Cursors and positions of a source as texts, and the marks of places that a pass has been at."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from mlconnector.errors import Broken
from mlconnector.learnt_shapes import learnt

State = TypeVar("State", bound=msgspec.Struct)


def written(state: msgspec.Struct) -> str:
    """A cursor or position as the flow keeps it."""
    return msgspec.json.encode(state).decode()


def read(text: str, shape: type[State]) -> State:
    """A cursor or position as it was written. Raises Broken when it is none of ours."""
    try:
        return msgspec.json.decode(text, type=learnt(shape))
    except msgspec.DecodeError as error:
        raise Broken(f"a {shape.__name__.lower()} that is none of ours: {error}") from error


def fitting(text: str, shape: type[State]) -> State | None:
    """A cursor as it was written; None where it is none of ours, or of a version that wrote another shape."""
    try:
        return read(text, shape)
    except Broken:
        return None


def mark(text: str) -> str:
    """A short name for a long text; different texts have different ones."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def with_mark(seen: tuple[str, ...], place: str, what: str) -> tuple[str, ...]:
    """The marks of places that were seen, and that of the next one.

    Raises Broken when that was seen already; `what` says whose pages they are.
    """
    its = mark(place)
    if its in seen:
        raise Broken(f"{what} go round in a circle")
    return (*seen, its)
