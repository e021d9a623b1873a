"""Carries runs out: queued behind others, then one task after the other, each a file of SQL."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread

from mlconnector.standins.databricks.answers import Refusal
from mlconnector.standins.databricks.parameters import Parameter
from mlconnector.standins.databricks.placing import Session, default_catalog
from mlconnector.standins.databricks.runs import FINAL, Run, Task
from mlconnector.standins.databricks.sql import Sql
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.warehouses import Warehouses
from mlconnector.standins.databricks.workspace_files import WorkspaceFiles

_TICK = 0.01
_REFERENCE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


@dataclass
class Running:
    """Works runs off in threads; a run takes `seconds` of the stand-in's clock."""

    sql: Sql
    files: WorkspaceFiles
    warehouses: Warehouses
    clock: Callable[[], float]
    catalog: str
    changed: Callable[[], None]
    seconds: float = 0.0
    stopped: Event = field(default_factory=Event)

    def begin(self, run: Run, may_run: Callable[[], bool]) -> None:
        """Begin with a run; it stays QUEUED until `may_run`."""
        Thread(target=self._work, args=(run, may_run), daemon=True).start()

    def _work(self, run: Run, may_run: Callable[[], bool]) -> None:
        try:
            if self._wait(run, lambda: self.clock() >= run.queued_until and may_run()):
                run.life_cycle, run.began = "RUNNING", int(self.clock() * 1000)
                self._carry_out(run)
        except Exception as raised:  # noqa: BLE001 - whoever waits for the run has to hear of it
            run.end("INTERNAL_ERROR", None, repr(raised), self.clock())
        if not self.stopped.is_set():
            self.changed()

    def _carry_out(self, run: Run) -> None:
        limit = run.settings.get("timeout_seconds") or 0
        wanted = min(self.seconds, limit) if limit else self.seconds
        until = self.clock() + wanted
        if not self._wait(run, lambda: self.clock() >= until):
            return
        if limit and self.seconds > limit:
            run.end("TERMINATED", "TIMEDOUT", "Run exceeded its timeout.", self.clock())
            return
        if run.ending is not None and not run.ending.after_effect:
            self._end_as_told(run)
            return
        for task in run.tasks:
            if not self._task(run, task):
                return
        if run.ending is not None:
            self._end_as_told(run)
            return
        failed = [task for task in run.tasks if task.result != "SUCCESS"]
        if failed:
            run.end("TERMINATED", "FAILED", f"Task {failed[0].key} failed: {failed[0].message}", self.clock())
        else:
            run.end("TERMINATED", "SUCCESS", "", self.clock())

    def _end_as_told(self, run: Run) -> None:
        ending = run.ending
        if ending is None:
            return
        for task in run.tasks:
            task.life_cycle, task.result = ending.life_cycle, ending.result
            task.message = task.error = ending.message
        run.end(ending.life_cycle, ending.result, ending.message, self.clock())

    def _task(self, run: Run, task: Task) -> bool:
        """Carry out a task; whether the run goes on."""
        above = {each["task_key"] for each in task.settings.get("depends_on") or []}
        if any(each.key in above and each.result != "SUCCESS" for each in run.tasks):
            task.life_cycle, task.result = "SKIPPED", "UPSTREAM_FAILED"
            task.message = "An upstream task failed."
            return True
        task.life_cycle = "RUNNING"
        try:
            if not self._run_file(run, task):
                return False
            task.result = "SUCCESS"
        except (SqlError, LookupError, Refusal) as wrong:
            text = wrong.body["message"] if isinstance(wrong, Refusal) else str(wrong.args[0])
            task.result, task.message, task.error = "FAILED", text, text
        task.life_cycle = "TERMINATED"
        return True

    def _run_file(self, run: Run, task: Task) -> bool:
        sql_task = task.settings["sql_task"]
        warehouse = self.warehouses.usable(sql_task["warehouse_id"], run.principal)
        warehouse.start()
        if not self._wait(run, lambda: warehouse.look() == "RUNNING"):
            return False
        text = self.files.text(sql_task["file"]["path"])
        catalog = default_catalog(self.sql.placing.unity, self.catalog)
        task.statements.append(str(uuid.uuid4()))
        self.sql.run_all(text, self._values(run, task), Session(run.principal, catalog))
        return True

    def _values(self, run: Run, task: Task) -> dict[str, Parameter]:
        """Parameters of the task, with what they refer to; those of the job are handed down and win."""
        given = task.settings["sql_task"].get("parameters") or {}
        values = {name: self._filled(str(value), run, task) for name, value in given.items()}
        return {name: Parameter(value) for name, value in (values | run.parameters).items()}

    def _filled(self, text: str, run: Run, task: Task) -> str:
        known = {f"job.parameters.{name}": value for name, value in run.parameters.items()}
        known |= {"job.id": str(run.job_id), "job.run_id": str(run.id), "task.name": task.key}
        known |= {"task.run_id": str(task.run_id), "job.name": run.name}
        return _REFERENCE.sub(lambda found: known.get(found[1], found[0]), text)

    def _wait(self, run: Run, ready: Callable[[], bool]) -> bool:
        """Wait until something is so; False where the run ended, or everything is stopped, before."""
        while not ready():
            if run.life_cycle in FINAL or self.stopped.is_set():
                return False
            time.sleep(_TICK)
        return run.life_cycle not in FINAL
