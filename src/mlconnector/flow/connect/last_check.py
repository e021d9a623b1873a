"""Last check: the ping of a connection that somebody asked for in the console, kept until the next one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from mlconnector.flow.connect import ping
from mlconnector.flow.context.context import Context
from mlconnector.learnt_shapes import learnt
from mlconnector.store import connections
from mlconnector.systems.kit.check_steps import CheckStep

_KEY = "connection.last_check"


class LastCheck(msgspec.Struct, frozen=True):
    """When a connection was checked, by whom, and what came of each step."""

    at: datetime
    by: str
    steps: tuple[CheckStep, ...]

    def count(self, outcome: str) -> int:
        """How many steps ended so."""
        return sum(step.outcome == outcome for step in self.steps)


def check(context: Context, by: str) -> LastCheck:
    """Try every step between the source account and the client, and keep what came of it."""
    made = LastCheck(context.now(), by, tuple(ping.check(context)))
    with context.write() as db:
        connections.remember(db, context.name, _KEY, msgspec.to_builtins(made))
    return made


def latest(context: Context) -> LastCheck | None:
    """What came of the last check; None where nobody has asked for one."""
    with context.read() as db:
        kept = connections.recall(db, context.name, _KEY)
    return None if kept is None else msgspec.convert(kept, learnt(LastCheck))
