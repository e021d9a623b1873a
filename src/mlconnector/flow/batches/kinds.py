"""The kinds of batches that there are, in the order in which they are frozen and sent."""

from __future__ import annotations

from mlconnector.flow.agree.released import is_released
from mlconnector.flow.batches.bookings import Bookings
from mlconnector.flow.batches.kind import BatchKind
from mlconnector.flow.batches.master_data import MasterData
from mlconnector.flow.batches.suggestions import Suggestions
from mlconnector.flow.context.context import Context
from mlconnector.store.batches import BatchFormat

# Debtors and creditors come first, so that they are there when the bookings that use them arrive.
_IN_ORDER: tuple[BatchKind, ...] = (MasterData(), Bookings(), Suggestions())
_BY_FORMAT: dict[BatchFormat, BatchKind] = {kind.format: kind for kind in _IN_ORDER}


def kind_of(data_format: BatchFormat) -> BatchKind:
    """The kind of a batch by what it is stored as."""
    return _BY_FORMAT[data_format]


def freeze_next(context: Context) -> str | None:
    """Freeze what waits, a file at a time, and return the batch's id; None when nothing waits.

    Nothing is frozen as long as nobody has released the connection.
    """
    if not is_released(context):
        return None
    for kind in _IN_ORDER:
        frozen = kind.freeze(context)
        if frozen is not None:
            return frozen
    return None
