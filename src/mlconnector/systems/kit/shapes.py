"""What is raised where something has not the shape that is read, and who is to blame for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlconnector.errors import Broken


class UnknownShape(Broken):
    """A record, or something that belongs to it, is not in the shape that is read."""


@contextmanager
def shared_by_all() -> Iterator[None]:
    """Around what all records share: where it has an unknown shape, no record is to blame. Raises Broken."""
    try:
        yield
    except UnknownShape as error:
        raise Broken(str(error)) from error
