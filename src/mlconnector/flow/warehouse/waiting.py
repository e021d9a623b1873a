"""Waiting for a person: when a load that only a person can help is tried again by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from mlconnector.store.loads import LoadRow

_FIRST, _LONGEST = timedelta(minutes=30), timedelta(days=1)


def next_try(row: LoadRow) -> datetime | None:
    """When a load is tried again that waits for a person, each time later; None for all others."""
    if row.state != "failed" or not row.refusals:
        return None
    return row.changed_at + _FIRST * min(1 << (row.refusals - 1), _LONGEST // _FIRST)
