"""The limits on calls of a source's key, kept in the database for all workers and processes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from mlconnector.learnt_shapes import learnt
from mlconnector.store import call_budgets
from mlconnector.store.database import Database
from mlconnector.systems.kit import call_limits
from mlconnector.systems.kit.call_limits import CallLimit, CallsLeft, Spent


class StoredBudget:
    """The budgets of all keys; safe to share between threads and processes."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def take(self, limit: CallLimit) -> float:
        """Take one call, committed before this returns; else the seconds until it may be made."""
        with self._database.write() as db:
            spent = _read(call_budgets.hold(db, limit.name))
            spent, wait = call_limits.take(spent, limit, self._now().timestamp())
            call_budgets.keep(db, limit.name, _written(spent))
        return wait

    def close(self, limit: CallLimit, seconds: float) -> None:
        """Let nobody call with this key for so long."""
        with self._database.write() as db:
            spent = _read(call_budgets.hold(db, limit.name))
            spent = call_limits.close(spent, self._now().timestamp(), seconds)
            call_budgets.keep(db, limit.name, _written(spent))

    def left(self, limit: CallLimit) -> CallsLeft:
        """What is left now."""
        with self._database.read() as db:
            spent = _read(call_budgets.read(db, limit.name))
        return call_limits.left(spent, limit, self._now().timestamp())


def _read(text: str) -> Spent:
    return msgspec.json.decode(text, type=learnt(Spent)) if text else Spent()


def _written(spent: Spent) -> str:
    return msgspec.json.encode(spent).decode()
