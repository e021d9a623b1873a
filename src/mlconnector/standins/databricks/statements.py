"""Statements on their way: PENDING until the warehouse runs, RUNNING, then one of the ends."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Literal

from mlconnector.standins.databricks.parameters import Parameter
from mlconnector.standins.databricks.placing import Session
from mlconnector.standins.databricks.results import Result
from mlconnector.standins.databricks.sql import Sql
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.warehouses import Warehouse

State = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "CLOSED"]
KEPT = 3600.0
_TICK = 0.01


@dataclass
class Statement:
    """One statement; `error` tells why it failed, `result` what it gave."""

    text: str
    values: Mapping[str, Parameter]
    session: Session
    warehouse: Warehouse
    disposition: str = "INLINE"
    format: str = "JSON_ARRAY"
    row_limit: int | None = None
    id: str = field(default_factory=lambda: f"01{uuid.uuid4().hex[:6]}-{str(uuid.uuid4())[9:]}")
    state: State = "PENDING"
    error: SqlError | None = None
    result: Result = field(default_factory=Result)
    is_truncated: bool = False
    ended_at: float = 0.0
    done: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def move(self, state: State) -> bool:
        """Go on to a state, unless an end was reached before."""
        with self.lock:
            if self.done.is_set():
                return False
            self.state = state
            if state not in {"PENDING", "RUNNING"}:
                self.done.set()
            return True


@dataclass
class Statements:
    """All statements by id.

    `seconds` is how long each of them runs, by the stand-in's clock. `failing` holds errors for the next
    ones, which are not carried out; `closing` lets so many of the next be CLOSED: carried out, but without
    a result.
    """

    sql: Sql
    clock: Callable[[], float]
    largest_inline: int = 25 * 1024 * 1024
    seconds: float = 0.0
    failing: list[SqlError] = field(default_factory=list)
    closing: int = 0
    all: dict[str, Statement] = field(default_factory=dict)
    stopped: Event = field(default_factory=Event)

    def submit(self, statement: Statement) -> None:
        """Take a statement in and begin with it."""
        self.all[statement.id] = statement
        statement.warehouse.start()
        Thread(target=self._work, args=(statement,), daemon=True).start()

    def find(self, statement_id: str) -> Statement | None:
        """A statement as it is by now: the result is kept for an hour."""
        found = self.all.get(statement_id)
        if found and found.state == "SUCCEEDED" and self.clock() >= found.ended_at + KEPT:
            found.state, found.result = "CLOSED", Result()
        return found

    def _work(self, statement: Statement) -> None:
        while statement.warehouse.look() != "RUNNING":
            if statement.done.is_set() or self.stopped.is_set():
                return
            statement.warehouse.start()
            time.sleep(_TICK)
        if not statement.move("RUNNING"):
            return
        began = self.clock()
        while self.clock() < began + self.seconds:
            if statement.done.is_set() or self.stopped.is_set():
                return
            time.sleep(_TICK)
        try:
            if self.failing:
                raise self.failing.pop(0)
            self._keep(statement, self.sql.run(statement.text, statement.values, statement.session))
        except SqlError as wrong:
            statement.error = wrong
            statement.move("FAILED")
        except Exception as raised:  # noqa: BLE001 - whoever waits for the statement has to hear of it
            statement.error = SqlError("INTERNAL_ERROR", repr(raised), "XX000", "INTERNAL_ERROR")
            statement.move("FAILED")

    def _keep(self, statement: Statement, result: Result) -> None:
        size = sum(len(cell or "") for row in result.rows for cell in row)
        if statement.disposition == "INLINE" and size > self.largest_inline:
            text = (
                f"Inline byte limit exceeded. Statements executed with disposition=INLINE can have a "
                f"result size of at most {self.largest_inline} bytes."
            )
            raise SqlError("INLINE_BYTE_LIMIT_EXCEEDED", text, "54000")
        if statement.row_limit is not None and len(result.rows) > statement.row_limit:
            statement.is_truncated = True
            result.rows = result.rows[: statement.row_limit]
        statement.ended_at = self.clock()
        if self.closing:
            self.closing -= 1
            statement.move("CLOSED")
            return
        statement.result = result
        statement.move("SUCCEEDED")
