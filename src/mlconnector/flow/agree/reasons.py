"""Reasons: what a person decides about a voucher is kept with the reason for it."""

from __future__ import annotations

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem


def refuse_without(reason: str) -> None:
    """Raise NeedsHuman where a reason says nothing."""
    if not any(one.isalnum() for one in reason):
        raise NeedsHuman(Problem("reason_missing"))
