"""A record that comes in a shape nobody agreed on costs itself alone: it is held, the others are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mlconnector.errors import Broken
from mlconnector.model.problems import Problem
from mlconnector.systems.kit.shapes import UnknownShape
from mlconnector.systems.source import Reading, Reference

MOST = 10


def read_apart(
    references: Sequence[Reference], read: Callable[[Sequence[Reference]], list[Reading]]
) -> list[Reading]:
    """What `read` gives for sets of records; where it raises UnknownShape, the smaller sets within are read.

    So it goes where their amounts cannot be reckoned with. A record that cannot be read on its own either
    gets a reading that is held and says what was expected. Raises Broken when that are more than `MOST` and
    all that were seen so far: then not the records are wrong, but what is known of them.
    """
    held = good = 0

    def readings(some: Sequence[Reference]) -> list[Reading]:
        nonlocal held, good
        try:
            found = read(some)
        except (UnknownShape, ArithmeticError) as error:
            if len(some) > 1:
                middle = len(some) // 2
                return [*readings(some[:middle]), *readings(some[middle:])]
            held += 1
            if held > MOST and not good:
                raise Broken(f"more than {MOST} records of a set cannot be read: {error}") from error
            reason = str(error) if isinstance(error, UnknownShape) else "amounts that cannot be reckoned with"
            facts = {"record": some[0].external_id, "reason": reason}
            return [Reading(some[0].external_id, None, (Problem("record_unreadable", facts),))]
        good += len(found)
        return found

    return readings(references)
