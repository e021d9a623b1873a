"""Jobs, their runs, and how runs are shown; a run has an id of its own for each of its tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mlconnector.standins.databricks.answers import Row

FINAL = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})


class Ending(NamedTuple):
    """An end of a run that somebody prescribed: its life cycle and result, and whether the SQL ran before."""

    life_cycle: str = "TERMINATED"
    result: str | None = "FAILED"
    message: str = "Workload failed, see run output for details"
    after_effect: bool = False


@dataclass
class Job:
    """A saved job."""

    id: int
    settings: Row
    created_at: int


@dataclass
class Task:
    """A task of a run; `error` is the whole text of what failed, `statements` the ids of what it ran."""

    run_id: int
    settings: Row
    life_cycle: str = "PENDING"
    result: str | None = None
    message: str = ""
    error: str = ""
    statements: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The name of the task in its job."""
        return str(self.settings["task_key"])


@dataclass
class Run:
    """A run of a job, or of tasks that were submitted without one (`job_id` 0). Times are in milliseconds."""

    id: int
    job_id: int
    name: str
    principal: str
    parameters: dict[str, str]
    tasks: list[Task]
    settings: Row
    token: str = ""
    life_cycle: str = "PENDING"
    result: str | None = None
    message: str = ""
    began: int = 0
    ended: int = 0
    is_canceled: bool = False
    queued_until: float = 0.0
    ending: Ending | None = None

    @property
    def is_final(self) -> bool:
        """Whether the run came to an end."""
        return self.life_cycle in FINAL

    def end(self, life_cycle: str, result: str | None, message: str, now: float) -> None:
        """Come to an end, together with all tasks that did not before."""
        if self.is_final:
            return
        for task in self.tasks:
            if task.life_cycle not in FINAL:
                task.life_cycle, task.result, task.message = life_cycle, result, message
        self.result, self.message, self.ended = result, message, int(now * 1000)
        self.life_cycle = life_cycle


def shown(run: Run, strange_state: str | None = None) -> Row:
    """A run as `runs/get` gives it; `strange_state` is written in the place of its life cycle."""
    body: Row = {
        "run_id": run.id,
        "job_id": run.job_id,
        "run_name": run.name,
        "creator_user_name": run.principal,
        "run_page_url": f"/jobs/{run.job_id}/runs/{run.id}",
        "run_type": "JOB_RUN" if run.job_id else "SUBMIT_RUN",
        "format": "MULTI_TASK",
        "start_time": run.began,
        "end_time": run.ended,
        "tasks": [_task(run, task, strange_state) for task in run.tasks],
        "job_parameters": [{"name": name, "value": value} for name, value in run.parameters.items()],
    }
    return body | states(run.life_cycle, run.result, run.message, strange_state)


def states(life_cycle: str, result: str | None, message: str, strange_state: str | None = None) -> Row:
    """The state of a run or task, in the old words and in the new ones."""
    state: Row = {"life_cycle_state": strange_state or life_cycle, "state_message": message}
    status: Row = {"state": strange_state or ("TERMINATED" if life_cycle in FINAL else life_cycle)}
    if life_cycle in FINAL and strange_state is None:
        state["result_state"] = result
        status["termination_details"] = _details(life_cycle, result, message)
    return {"state": state, "status": status}


def _details(life_cycle: str, result: str | None, message: str) -> Row:
    code, kind = _CODES.get(result or life_cycle, ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"))
    return {"code": code, "type": kind, "message": message}


_CODES = {
    "SUCCESS": ("SUCCESS", "SUCCESS"),
    "CANCELED": ("USER_CANCELED", "CLIENT_ERROR"),
    "SKIPPED": ("SKIPPED", "CLIENT_ERROR"),
    "MAXIMUM_CONCURRENT_RUNS_REACHED": ("MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"),
    "INTERNAL_ERROR": ("INTERNAL_ERROR", "INTERNAL_ERROR"),
}


def _task(run: Run, task: Task, strange_state: str | None) -> Row:
    shown_task = dict(task.settings) | {"run_id": task.run_id, "start_time": run.began, "end_time": run.ended}
    shown_task["attempt_number"] = 0
    return shown_task | states(task.life_cycle, task.result, task.message, strange_state)


def output(run: Run, task: Task) -> Row:
    """What `runs/get-output` gives for a task."""
    metadata = shown(run) | {"run_id": task.run_id, "tasks": None}
    metadata |= states(task.life_cycle, task.result, task.message)
    statements = [{"lookup_key": each} for each in task.statements]
    warehouse = task.settings["sql_task"].get("warehouse_id")
    body: Row = {
        "metadata": {name: value for name, value in metadata.items() if value is not None},
        "sql_output": {"file_output": {"warehouse_id": warehouse, "sql_statements": statements}},
    }
    if task.error:
        body["error"] = task.error
    return body
