"""A workspace as far as loads need it, in our own words over the official client, whose models drift.

Every call may be carried out twice, for the client sends again what got no answer; so whoever calls sees to
it that twice is once. Facts of the API: docs.databricks.com/api/workspace.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar

from databricks.sdk import WorkspaceClient
from databricks.sdk.clock import Clock
from databricks.sdk.core import Config
from databricks.sdk.errors import BadRequest, InvalidParameterValue
from databricks.sdk.service import jobs
from databricks.sdk.service.sql import (
    StatementParameterListItem,
    StatementResponse,
    StatementState,
)
from databricks.sdk.service.workspace import ImportFormat

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.systems.databricks.answers import TITLE, Absent, Answers, lacks_right, said, said_by_sql
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.workspace_login import Login
from mlconnector.systems.warehouse import AttemptOver

# The client's own retries are for a short outage; a longer one is waited out by the flow.
_RETRIES_SECONDS, _ANSWER_SECONDS = 20, 60
# Below the time limit of a request, or the statement would be sent twice (measured).
_WAIT = "10s"
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 10.0
_LONGEST_RUN, _LONGEST_STATEMENT = 3 * 3600.0, 1800.0
_UNDER_WAY = frozenset({StatementState.PENDING, StatementState.RUNNING})
_CLASSIC = "CLASSIC"
_ENDED = frozenset({"TERMINATED", "SKIPPED", "INTERNAL_ERROR"})
Cells = list[list[str | None]]
Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class KnownTable:
    """A table or view that is there: its comment, and the types of its columns."""

    comment: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: whether with success, else why, and the page that shows it."""

    is_success: bool
    reason: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How to wait: `doze` sleeps so many seconds, or less when the process ends, which `is_over` says."""

    doze: Callable[[float], None]
    is_over: Callable[[], bool]

    def until(self, ask: Callable[[], Answered | None], longest: float, what: str) -> Answered:
        """What is answered in the end, asked for with pauses that become longer.

        Raises RetryLater after so many seconds, or when the process ends.
        """
        pause, waited = _FIRST_PAUSE, 0.0
        while waited < longest and not self.is_over():
            answer = ask()
            if answer is not None:
                return answer
            self.doze(pause)
            waited += pause
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        raise RetryLater(f"{TITLE}: {what} has not ended yet", outcome_unknown=True)


class WorkspaceApi:
    """The calls of one service principal to one workspace; connects with the first of them."""

    def __init__(self, settings: Settings, secret: str, answers: Answers, waiting: Waiting) -> None:
        self._settings = settings
        self._login = Login(settings.host or "", settings.client_id, secret, answers)
        self._answers = answers
        self.waiting = waiting
        self._client: WorkspaceClient | None = None

    @property
    def client(self) -> WorkspaceClient:
        """The official client; what it raises is understood by whoever calls."""
        if self._client is None:
            # Before anything else, for it names at once what is wrong with the way there.
            self._login.token()
            config = _OwnConfig(
                host=self._settings.host,
                credentials_strategy=self._login,
                retry_timeout_seconds=_RETRIES_SECONDS,
                http_timeout_seconds=_ANSWER_SECONDS,
                product="ml-connector",
                product_version=version("ml-connector"),
                clock=_Dozing(self.waiting),
            )
            self._client = WorkspaceClient(config=config)
        return self._client

    def who(self) -> str:
        """Who is logged in."""
        with self._answers.understood():
            return self.client.current_user.me().user_name or ""

    def metastore(self) -> str:
        """The metastore of Unity Catalog. Raises Absent where the workspace has none."""
        with self._answers.looked_up():
            return self.client.metastores.current().metastore_id or ""

    def has_catalog(self, name: str) -> bool:
        """Whether there is such a catalog, as far as it may be seen."""
        return self._is_there(lambda: self.client.catalogs.get(name))

    def has_schema(self, name: str) -> bool:
        """Whether there is such a schema, `catalog.schema`."""
        return self._is_there(lambda: self.client.schemas.get(name))

    def has_volume(self, name: str) -> bool:
        """Whether there is such a volume, `catalog.schema.volume`."""
        return self._is_there(lambda: self.client.volumes.read(name))

    def tables(self, catalog: str, schema: str) -> dict[str, KnownTable]:
        """The tables and views of a schema by their names, in lower case as their columns and types."""
        with self._answers.understood():
            return {
                (one.name or "").casefold(): KnownTable(
                    one.comment or "",
                    {
                        (column.name or "").casefold(): (column.type_text or "").casefold()
                        for column in one.columns or []
                    },
                )
                for one in self.client.tables.list(catalog, schema)
            }

    def _is_there(self, ask: Callable[[], object]) -> bool:
        with suppress(Absent), self._answers.looked_up():
            ask()
            return True
        return False

    def warehouse(self) -> tuple[str, str]:
        """The state of the SQL warehouse, `RUNNING` or another, and what is wrong with it, often nothing.

        Raises Absent where there is none.
        """
        with self._answers.looked_up():
            try:
                found = self.client.warehouses.get(self._settings.warehouse_id)
            except BadRequest as error:
                raise Absent(said(error)) from error
        if found.warehouse_type is not None and found.warehouse_type.value == _CLASSIC:
            return _CLASSIC, ""
        health = "" if found.health is None else found.health.summary or found.health.message or ""
        return "" if found.state is None else found.state.value, health

    def start_warehouse(self) -> None:
        """Let the SQL warehouse begin to start."""
        with self._answers.understood():
            self.client.warehouses.start(self._settings.warehouse_id)

    def statement(
        self,
        text: str,
        values: Mapping[str, str | None] | None = None,
        *,
        catalog: str = "",
        schema: str = "",
    ) -> Cells:
        """Carry out a statement and wait for it; all rows of its result as texts.

        Raises RetryLater where the result did not come whole.
        """
        given = [StatementParameterListItem(name=name, value=value) for name, value in (values or {}).items()]
        with self._answers.understood():
            answer = self.client.statement_execution.execute_statement(
                text,
                self._settings.warehouse_id,
                catalog=catalog or None,
                schema=schema or None,
                parameters=given or None,
                wait_timeout=_WAIT,
            )

        def ended() -> StatementResponse | None:
            nonlocal answer
            if _is_under_way(answer):
                with self._answers.understood():
                    answer = self.client.statement_execution.get_statement(answer.statement_id or "")
            return None if _is_under_way(answer) else answer

        return self._rows(self.waiting.until(ended, _LONGEST_STATEMENT, "a statement"))

    def _rows(self, answer: StatementResponse) -> Cells:
        state = None if answer.status is None else answer.status.state
        if state is StatementState.CLOSED:
            return []
        if state is not StatementState.SUCCEEDED:
            raise self._answers.of_statement(answer)
        rows: Cells = []
        part = answer.result
        while part is not None:
            rows += [list(row) for row in part.data_array or []]
            following = part.next_chunk_index
            if following is None:
                break
            try:
                with self._answers.looked_up():
                    part = self.client.statement_execution.get_statement_result_chunk_n(
                        answer.statement_id or "", following
                    )
            except Absent as error:
                raise RetryLater(f"{TITLE}: a part of a result is not there any more: {error}") from error
        count = answer.manifest.total_row_count if answer.manifest is not None else None
        if count is not None and count != len(rows):
            raise RetryLater(f"{TITLE}: {len(rows)} of {count} rows of a result came")
        return rows

    def put_file(self, path: str, content: bytes) -> None:
        """Write a file of a volume, in the place of an earlier one."""
        with self._answers.understood():
            self.client.files.upload(path, io.BytesIO(content), overwrite=True, use_parallel=False)

    def remove_file(self, path: str) -> None:
        """Remove a file of a volume, where there is one."""
        with suppress(Absent), self._answers.looked_up():
            self.client.files.delete(path)

    def remove_all(self, path: str) -> None:
        """Remove a folder of a volume with everything in it, where there is one."""
        with suppress(Absent), self._answers.looked_up():
            for entry in self.client.files.list_directory_contents(path):
                if entry.is_directory:
                    self.remove_all(entry.path or "")
                else:
                    self.remove_file(entry.path or "")
            self.client.files.delete_directory(path)

    def listed(self, path: str) -> list[str]:
        """The paths of what lies in a folder of a volume."""
        with suppress(Absent), self._answers.looked_up():
            return [entry.path or "" for entry in self.client.files.list_directory_contents(path)]
        return []

    def ensure_text(self, path: str, text: str) -> None:
        """See to it that a file of the workspace is there; its path says what is in it."""
        with suppress(Absent), self._answers.looked_up():
            self.client.workspace.get_status(path)
            return
        with self._answers.understood():
            self.client.workspace.mkdirs(path.rpartition("/")[0])
            content = base64.b64encode(text.encode()).decode()
            self.client.workspace.import_(path, content=content, format=ImportFormat.AUTO, overwrite=True)

    def ensure_job(self, wanted: jobs.JobSettings) -> int:
        """The id of the saved job of this name, made where there is none, mended where it was changed."""
        with self._answers.understood():
            found = sorted(one.job_id or 0 for one in self.client.jobs.list(name=wanted.name))
            if not found:
                return self._created(wanted)
            known = self.client.jobs.get(found[0]).settings
            if known is None or _work_of(known) != _work_of(wanted):
                self.client.jobs.reset(found[0], wanted)
            return found[0]

    def _created(self, wanted: jobs.JobSettings) -> int:
        made = self.client.jobs.create(
            name=wanted.name,
            description=wanted.description,
            tasks=wanted.tasks,
            parameters=wanted.parameters,
            max_concurrent_runs=wanted.max_concurrent_runs,
            queue=wanted.queue,
            timeout_seconds=wanted.timeout_seconds,
        )
        if made.job_id is None:
            raise Broken(f"{TITLE}: a job was made without an id")
        return made.job_id

    def run_job(self, job: int, tasks: Sequence[str], values: Mapping[str, str], token: str) -> RunEnd:
        """Run tasks of a job and wait for the end; the same token is the same run for ever.

        Once the run was asked for, whatever is no end of it is a RetryLater, for it goes on.
        """
        try:
            with self._answers.understood():
                begun = self.client.jobs.run_now(
                    job, job_parameters=dict(values), idempotency_token=token, only=list(tasks)
                )
        except Broken as error:
            if isinstance(error.__cause__, InvalidParameterValue) and "token" in str(error):
                return RunEnd(False, f"{error} – somebody removed its run")
            raise
        try:
            return self._ended(begun.run_id)
        except (Broken, NeedsHuman) as error:
            raise RetryLater(
                f"{TITLE}: how the run {begun.run_id} stands cannot be seen: {error.said}",
                outcome_unknown=True,
            ) from error

    def _ended(self, run_id: int) -> RunEnd:
        def end() -> RunEnd | None:
            with self._answers.understood():
                run = self.client.jobs.get_run(run_id)
            life_cycle = run.state.life_cycle_state if run.state is not None else None
            return self._end(run) if life_cycle is not None and life_cycle.value in _ENDED else None

        return self.waiting.until(end, _LONGEST_RUN, f"the run {run_id}")

    def failed(self, end: RunEnd) -> NeedsHuman | AttemptOver:
        """What is to be raised for a run that ended without success."""
        words = " ".join(filter(None, (end.reason, end.page)))
        return (
            self._answers.not_granted(words) if lacks_right(end.reason) else AttemptOver(f"{TITLE}: {words}")
        )

    def _end(self, run: jobs.Run) -> RunEnd:
        state = run.state or jobs.RunState()
        result = state.result_state.value if state.result_state is not None else ""
        if result == "SUCCESS":
            return RunEnd(True)
        life_cycle = state.life_cycle_state.value if state.life_cycle_state is not None else ""
        reasons = [f"{result or life_cycle}: {state.state_message or ''}"]
        for task in run.tasks or []:
            failed = task.state is not None and task.state.result_state is jobs.RunResultState.FAILED
            if failed and task.run_id is not None:
                with suppress(Absent), self._answers.looked_up():
                    reasons.append(self.client.jobs.get_run_output(task.run_id).error or "")
        words = said_by_sql(" – ".join(filter(None, dict.fromkeys(reasons))))
        return RunEnd(False, words, run.run_page_url or "")

    def close(self) -> None:
        """Let go of the client and its connections."""
        self._client = None


# The class that knows its attributes is the one that is asked for them first.
Config.attributes()


class _OwnConfig(Config):
    """Settings of the client that nothing around us changes: no variables, no file of profiles."""

    def _load_from_env(self) -> None:
        """Take nothing from the environment: a token or address there is somebody else's."""

    def _known_file_config_loader(self) -> None:
        """Take nothing from a file in somebody's home."""


class _Dozing(Clock):
    """The clock by which the client repeats what failed: its pauses end with the process."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._skipped = 0.0

    def time(self) -> float:
        """The time, with what was left out of pauses counted as if it had gone by."""
        return time.time() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Pause."""
        before = time.monotonic()
        self._waiting.doze(seconds)
        self._skipped += max(seconds - (time.monotonic() - before), 0.0)


def _is_under_way(answer: StatementResponse) -> bool:
    return answer.status is not None and answer.status.state in _UNDER_WAY


def _work_of(job: jobs.JobSettings) -> object:
    """What a job does, whatever a workspace adds to its settings and in whichever order it tells them."""
    tasks = {
        task.task_key: (
            task.sql_task.warehouse_id,
            task.sql_task.file.path if task.sql_task.file is not None else None,
            task.sql_task.parameters,
        )
        for task in job.tasks or []
        if task.sql_task is not None
    }
    return tasks, job.max_concurrent_runs, job.queue is not None and job.queue.enabled
