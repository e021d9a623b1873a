"""The Jobs API 2.2: saved jobs and runs with idempotency tokens.

A token belongs to its run for ever: whoever gives it again is told that run's id, whatever became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from mlconnector.standins.databricks.answers import Row, denied, invalid, refusal
from mlconnector.standins.databricks.endpoint import Api, Asked
from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.running import Running
from mlconnector.standins.databricks.runs import Ending, Job, Run, Task, output, shown

LONGEST_TOKEN = 64
_BASE = "/api/2.2/jobs"


@dataclass
class JobApi:
    """The endpoints of jobs.

    `endings` are prescribed to the next runs. `queue_seconds` keeps the next runs QUEUED, by the stand-in's
    clock. `strange_state` is shown in the place of every run's life cycle, such as one of a later version.
    """

    running: Running
    grants: Grants
    clock: Callable[[], float]
    changed: Callable[[], None]
    jobs: dict[int, Job] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    ids: int = 100_000
    endings: list[Ending] = field(default_factory=list)
    queue_seconds: float = 0.0
    strange_state: str | None = None
    lock: RLock = field(default_factory=RLock)

    def routes(self) -> list[Api]:
        """The endpoints."""
        rows: list[tuple[str, str, Callable[[Asked], Any]]] = [
            ("POST", "create", self._create),
            ("POST", "reset", self._reset),
            ("POST", "update", self._update),
            ("POST", "delete", self._delete),
            ("GET", "get", self._get),
            ("GET", "list", self._list),
            ("POST", "run-now", self._run_now),
            ("POST", "runs/submit", self._submit),
            ("POST", "runs/cancel", self._cancel),
            ("POST", "runs/delete", self._delete_run),
            ("GET", "runs/get", self._get_run),
            ("GET", "runs/get-output", self._output),
            ("GET", "runs/list", self._list_runs),
        ]
        return [Api(method, f"{_BASE}/{path}", handler) for method, path, handler in rows]

    def next_id(self) -> int:
        """The next id of a job, run or task."""
        self.ids += 7
        return self.ids

    def _create(self, asked: Asked) -> Row:
        settings = _settings(asked.body)
        job = Job(self.next_id(), settings, int(self.clock() * 1000))
        self.jobs[job.id] = job
        self.changed()
        return {"job_id": job.id}

    def _reset(self, asked: Asked) -> Row:
        self._managed(asked).settings = _settings(asked.required("new_settings"))
        self.changed()
        return {}

    def _update(self, asked: Asked) -> Row:
        job = self._managed(asked)
        changed = job.settings | (asked.body.get("new_settings") or {})
        for name in asked.body.get("fields_to_remove") or []:
            changed.pop(name, None)
        job.settings = _settings(changed)
        self.changed()
        return {}

    def _delete(self, asked: Asked) -> Row:
        del self.jobs[self._managed(asked).id]
        self.changed()
        return {}

    def _get(self, asked: Asked) -> Row:
        return _job(self._job(asked))

    def _list(self, asked: Asked) -> Row:
        name, first = asked.query.get("name"), int(asked.query.get("page_token") or 0)
        limit = int(asked.query.get("limit") or 20)
        if not 1 <= limit <= 100:
            raise invalid("The limit is not between 1 and 100.")
        found = [
            job for job in self.jobs.values() if name is None or _name(job.settings).lower() == name.lower()
        ]
        page: Row = {"jobs": [_job(job) for job in found[first : first + limit]], "has_more": False}
        if len(found) > first + limit:
            page |= {"has_more": True, "next_page_token": str(first + limit)}
        return page

    def _run_now(self, asked: Asked) -> Row:
        with self.lock:
            job = self._managed(asked, "CAN_MANAGE_RUN")
            known = self._known(asked)
            if known is not None:
                return _started(known)
            given = asked.body.get("job_parameters") or {}
            if not all(isinstance(value, str) for value in given.values()):
                raise invalid("Job parameters are strings.")
            defaults = {
                each["name"]: str(each.get("default", "")) for each in job.settings.get("parameters") or []
            }
            run = self._made(asked, job.id, _only(job.settings, asked.body.get("only")), defaults | given)
            active = [each for each in self.runs.values() if each.job_id == job.id and not each.is_final]
            most = int(job.settings.get("max_concurrent_runs") or 1)
            is_queued = bool((job.settings.get("queue") or {}).get("enabled"))
            self.runs[run.id] = run
            if len(active) >= most and not is_queued:
                text = "Skipping this run because the limit of concurrent runs has been reached."
                run.end("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", text, self.clock())
            else:
                self._begin(run, lambda: self._is_next(run, most), len(active) >= most)
        self.changed()
        return _started(run)

    def _submit(self, asked: Asked) -> Row:
        with self.lock:
            known = self._known(asked)
            if known is not None:
                return {"run_id": known.id}
            settings = _settings(asked.body)
            run = self._made(asked, 0, settings, {})
            self.runs[run.id] = run
            self._begin(run, lambda: True, False)
        self.changed()
        return {"run_id": run.id}

    def _made(self, asked: Asked, job_id: int, settings: Row, parameters: dict[str, str]) -> Run:
        tasks = [Task(self.next_id(), task) for task in settings["tasks"]]
        name = str(settings.get("name") or settings.get("run_name") or "Untitled")
        run = Run(self.next_id(), job_id, name, asked.principal, parameters, tasks, settings)
        run.token = str(asked.body.get("idempotency_token") or "")
        if run.token:
            self.tokens[run.token] = run.id
        run.began = int(self.clock() * 1000)
        return run

    def _begin(self, run: Run, may_run: Callable[[], bool], waits: bool) -> None:
        run.ending = self.endings.pop(0) if self.endings else None
        if run.ending is not None and run.ending.life_cycle == "SKIPPED":
            run.end("SKIPPED", run.ending.result, run.ending.message, self.clock())
            return
        if waits or self.queue_seconds:
            run.queued_until = self.clock() + self.queue_seconds
            run.life_cycle = "QUEUED"
        self.running.begin(run, may_run)

    def _is_next(self, run: Run, most: int) -> bool:
        """Whether so few runs of the job are before this one that it may begin."""
        before = [
            each
            for each in list(self.runs.values())
            if each.job_id == run.job_id and each.id < run.id and not each.is_final
        ]
        return len(before) < most

    def _known(self, asked: Asked) -> Run | None:
        """The run of the token that was given, if there is one; raises Refusal where it was deleted."""
        token = str(asked.body.get("idempotency_token") or "")
        if len(token) > LONGEST_TOKEN:
            raise invalid(f"The idempotency token is longer than {LONGEST_TOKEN} characters.")
        if token not in self.tokens:
            return None
        known = self.runs.get(self.tokens[token])
        if known is None:
            raise invalid(f"The run with the idempotency token {token} was deleted.")
        return known

    def _cancel(self, asked: Asked) -> Row:
        run = self._run(asked)
        run.end("TERMINATED", "CANCELED", "Run cancelled.", self.clock())
        self.changed()
        return {}

    def _delete_run(self, asked: Asked) -> Row:
        run = self._run(asked)
        if not run.is_final:
            raise refusal(400, "INVALID_STATE", f"Run {run.id} is still active.")
        del self.runs[run.id]
        self.changed()
        return {}

    def _get_run(self, asked: Asked) -> Row:
        return shown(self._run(asked), self.strange_state)

    def _list_runs(self, asked: Asked) -> Row:
        wanted = int(asked.query.get("job_id") or 0)
        found = [run for run in self.runs.values() if not wanted or run.job_id == wanted]
        if asked.query.get("active_only") == "true":
            found = [run for run in found if not run.is_final]
        if asked.query.get("completed_only") == "true":
            found = [run for run in found if run.is_final]
        first, limit = int(asked.query.get("page_token") or 0), int(asked.query.get("limit") or 20)
        newest = found[::-1][first : first + limit]
        page: Row = {
            "runs": [_without_tasks(shown(run, self.strange_state)) for run in newest],
            "has_more": False,
        }
        if len(found) > first + limit:
            page |= {"has_more": True, "next_page_token": str(first + limit)}
        return page

    def _output(self, asked: Asked) -> Row:
        wanted = asked.number("run_id")
        if wanted in self.runs:
            raise invalid(
                "Retrieving the output of runs with multiple tasks is not supported. "
                "Please retrieve the output of each individual task run instead."
            )
        for run in self.runs.values():
            for task in run.tasks:
                if task.run_id == wanted:
                    return output(run, task)
        raise refusal(400, "INVALID_PARAMETER_VALUE", f"Run {wanted} does not exist.")

    def _run(self, asked: Asked) -> Run:
        wanted = asked.number("run_id")
        if wanted not in self.runs:
            raise invalid(f"Run {wanted} does not exist.")
        return self.runs[wanted]

    def _job(self, asked: Asked) -> Job:
        wanted = asked.number("job_id")
        if wanted not in self.jobs:
            raise invalid(f"Job {wanted} does not exist.")
        return self.jobs[wanted]

    def _managed(self, asked: Asked, privilege: str = "CAN_MANAGE") -> Job:
        job = self._job(asked)
        if not self.grants.has(asked.principal, privilege, str(job.id)):
            words = privilege.removeprefix("CAN_").replace("_", " ").title()
            raise denied(f"User {asked.principal} does not have {words} permission on job {job.id}.")
        return job


def _settings(given: Row) -> Row:
    """The settings of a job; raises Refusal where its tasks cannot be."""
    tasks = given.get("tasks") or []
    if not tasks:
        raise invalid("A job has at least one task.")
    keys = [task.get("task_key") for task in tasks]
    if not all(keys) or len(set(keys)) < len(keys):
        raise invalid("Every task has a task_key of its own.")
    for task in tasks:
        _check_task(task, set(keys))
    return {name: value for name, value in given.items() if name != "idempotency_token"}


def _only(settings: Row, wanted: list[str] | None) -> Row:
    """The settings with the tasks that a run is to carry out; all where nothing is said."""
    if not wanted:
        return settings
    unknown = set(wanted) - {task["task_key"] for task in settings["tasks"]}
    if unknown:
        raise invalid(f"The job has no tasks {sorted(unknown)}.")
    kept = [task for task in settings["tasks"] if task["task_key"] in wanted]
    within = [
        task | {"depends_on": [each for each in task.get("depends_on") or [] if each["task_key"] in wanted]}
        for task in kept
    ]
    return settings | {"tasks": within}


def _check_task(task: Row, keys: set[str]) -> None:
    sql_task = task.get("sql_task")
    if not isinstance(sql_task, dict) or not isinstance(sql_task.get("file"), dict):
        raise invalid(f"Task {task['task_key']} has no sql_task with a file: no other is known here.")
    if not sql_task.get("warehouse_id"):
        raise invalid(f"Task {task['task_key']} names no warehouse_id.")
    if sql_task["file"].get("source", "WORKSPACE") != "WORKSPACE" or not sql_task["file"].get("path"):
        raise invalid(f"Task {task['task_key']} names no file of the workspace.")
    unknown = {each.get("task_key") for each in task.get("depends_on") or []} - keys
    if unknown:
        raise invalid(f"Task {task['task_key']} depends on unknown tasks: {sorted(map(str, unknown))}")


def _name(settings: Row) -> str:
    return str(settings.get("name") or "Untitled")


def _job(job: Job) -> Row:
    return {
        "job_id": job.id,
        "settings": job.settings | {"format": "MULTI_TASK"},
        "created_time": job.created_at,
    }


def _started(run: Run) -> Row:
    return {"run_id": run.id, "number_in_job": run.id}


def _without_tasks(body: Row) -> Row:
    return {name: value for name, value in body.items() if name != "tasks"}
