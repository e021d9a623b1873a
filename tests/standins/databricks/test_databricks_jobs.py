"""Jobs: files of SQL with parameters, runs with their states, and tokens that belong to one run for ever."""

from __future__ import annotations

import time
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service.jobs import (
    JobParameterDefinition,
    QueueSettings,
    Run,
    SqlTask,
    SqlTaskFile,
    SubmitTask,
    Task,
    TaskDependency,
)
from databricks.sdk.service.workspace import ImportFormat

from mlconnector.standins.base import Clock
from mlconnector.standins.databricks import CLIENT_ID, WAREHOUSE_ID
from mlconnector.standins.databricks.runs import FINAL, Ending
from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.standins.databricks.conftest import TICK

pytestmark = pytest.mark.xdist_group("databricks")
FILE = f"/Workspace/Users/{CLIENT_ID}/lines.sql"
TOKEN = "0f" * 32
LOAD = """
-- Two statements, one behind the other.
MERGE INTO main.books.lines t USING (SELECT :load_id AS id, CAST(:amount AS DECIMAL(18,2)) AS amount) s
ON t.line_id = s.id WHEN NOT MATCHED THEN INSERT (line_id, amount) VALUES (s.id, s.amount);
MERGE INTO main.books.lines t USING (SELECT concat(:load_id, '-audit') AS id) s
ON t.line_id = s.id WHEN NOT MATCHED THEN INSERT (line_id, amount) VALUES (s.id, 0);
"""


def task(key: str = "load", path: str = FILE, after: str | None = None) -> Task:
    parameters = {"load_id": "{{job.parameters.load_id}}", "amount": "{{ job.parameters.amount }}"}
    file = SqlTaskFile(path=path)
    sql = SqlTask(warehouse_id=WAREHOUSE_ID, file=file, parameters=parameters)
    return Task(task_key=key, sql_task=sql, depends_on=[TaskDependency(task_key=after)] if after else None)


@pytest.fixture
def job(client: WorkspaceClient, lines: DatabricksStandIn) -> int:
    """A saved job that loads a row."""
    client.workspace.upload(FILE, LOAD.encode(), format=ImportFormat.AUTO, overwrite=True)
    return saved(client)


def saved(client: WorkspaceClient, tasks: list[Task] | None = None, **given: Any) -> int:
    parameters = [
        JobParameterDefinition(name="load_id", default=""),
        JobParameterDefinition(name="amount", default="1.50"),
    ]
    settings: dict[str, Any] = {"queue": QueueSettings(enabled=True), "max_concurrent_runs": 1} | given
    made = client.jobs.create(name="load", tasks=tasks or [task()], parameters=parameters, **settings)
    assert made.job_id is not None
    return made.job_id


def begin(client: WorkspaceClient, job: int, load_id: str = "1", token: str | None = None) -> int:
    begun = client.jobs.run_now(job, job_parameters={"load_id": load_id}, idempotency_token=token)
    return int(begun.run_id)


def ended(client: WorkspaceClient, run_id: int) -> Run:
    while True:
        found = client.jobs.get_run(run_id)
        if life_cycle(found) in FINAL:
            return found
        time.sleep(TICK)


def life_cycle(run: Run) -> str | None:
    assert run.state is not None
    return run.state.life_cycle_state and run.state.life_cycle_state.value


def result(run: Run) -> str | None:
    assert run.state is not None
    return run.state.result_state and run.state.result_state.value


def loaded(standin: DatabricksStandIn) -> list[str | None]:
    return [row[0] for row in standin.sql("SELECT line_id FROM main.books.lines ORDER BY line_id")]


def test_a_run_carries_out_the_statements_of_its_file_with_the_parameters_of_the_job(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    run = ended(client, begin(client, job, "a"))
    assert (life_cycle(run), result(run)) == ("TERMINATED", "SUCCESS")
    assert lines.sql("SELECT line_id, amount FROM main.books.lines ORDER BY line_id") == [
        ["a", "1.50"],
        ["a-audit", "0.00"],
    ]


def test_parameters_of_a_task_refer_to_those_of_the_job_which_are_handed_down_too(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    text = "INSERT INTO main.books.lines (line_id, amount) VALUES (concat(:named, :run), :amount)"
    client.workspace.upload(FILE, text.encode(), format=ImportFormat.AUTO, overwrite=True)
    parameters = {"named": "no {{job.parameters.load_id}}", "run": " in {{job.run_id}}"}
    sql = SqlTask(WAREHOUSE_ID, file=SqlTaskFile(path=FILE), parameters=parameters)
    run = begin(client, saved(client, [Task(task_key="load", sql_task=sql)]), "a")
    assert result(ended(client, run)) == "SUCCESS"
    assert lines.sql("SELECT line_id, amount FROM main.books.lines") == [[f"no a in {run}", "1.50"]]


def test_a_run_goes_through_its_states(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn, clock: Clock
) -> None:
    lines.running.seconds = 60
    run = begin(client, job)
    while life_cycle(client.jobs.get_run(run)) == "PENDING":
        time.sleep(TICK)
    assert life_cycle(client.jobs.get_run(run)) == "RUNNING"
    assert result(client.jobs.get_run(run)) is None
    assert loaded(lines) == []
    clock.advance(61)
    assert result(ended(client, run)) == "SUCCESS"


def test_the_new_words_for_states_are_told_too(client: WorkspaceClient, job: int) -> None:
    status = ended(client, begin(client, job)).status
    assert status is not None
    assert status.state is not None
    assert status.termination_details is not None
    assert status.termination_details.code is not None
    assert (status.state.value, status.termination_details.code.value) == ("TERMINATED", "SUCCESS")


def test_the_same_token_gives_the_same_run_whatever_its_state(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    lines.jobs.endings.append(Ending())
    run = begin(client, job, token=TOKEN)
    assert begin(client, job, token=TOKEN) == run
    assert result(ended(client, run)) == "FAILED"
    assert begin(client, job, token=TOKEN) == run
    assert loaded(lines) == []
    other = begin(client, job, token=TOKEN[::-1])
    assert other != run
    assert result(ended(client, other)) == "SUCCESS"
    assert begin(client, job, token=TOKEN[::-1]) == other


def test_a_run_that_failed_after_it_had_loaded_is_repaired_by_another(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    lines.jobs.endings.append(Ending(after_effect=True))
    assert result(ended(client, begin(client, job, "a", TOKEN))) == "FAILED"
    assert loaded(lines) == ["a", "a-audit"]
    assert result(ended(client, begin(client, job, "a", TOKEN[::-1]))) == "SUCCESS"
    assert loaded(lines) == ["a", "a-audit"]


def test_a_token_has_64_characters_at_most(client: WorkspaceClient, job: int) -> None:
    begin(client, job, token="x" * 64)
    with pytest.raises(BadRequest, match="longer than 64"):
        begin(client, job, token="x" * 65)


def test_the_token_of_a_deleted_run_is_an_error(client: WorkspaceClient, job: int) -> None:
    run = begin(client, job, token=TOKEN)
    ended(client, run)
    client.jobs.delete_run(run)
    with pytest.raises(BadRequest, match="was deleted"):
        begin(client, job, token=TOKEN)
    with pytest.raises(ResourceDoesNotExist):
        client.jobs.get_run(run)


def test_a_run_that_is_under_way_cannot_be_deleted(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    lines.running.seconds = 60
    run = begin(client, job)
    with pytest.raises(BadRequest, match="still active"):
        client.jobs.delete_run(run)


def test_the_output_is_that_of_the_task_and_tells_the_error(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    lines.sql("DROP TABLE main.books.lines")
    run = ended(client, begin(client, job))
    assert result(run) == "FAILED"
    with pytest.raises(BadRequest, match="output of runs with multiple tasks is not supported"):
        client.jobs.get_run_output(run.run_id or 0)
    (one,) = run.tasks or []
    assert "[TABLE_OR_VIEW_NOT_FOUND]" in (client.jobs.get_run_output(one.run_id or 0).error or "")


def test_a_missing_file_fails_the_run(client: WorkspaceClient, job: int) -> None:
    client.workspace.delete(FILE)
    run = ended(client, begin(client, job))
    assert run.state is not None
    assert "lines.sql does not exist" in (run.state.state_message or "")


@pytest.mark.parametrize(
    "ending",
    [
        Ending("TERMINATED", "TIMEDOUT", "Timed out."),
        Ending("SKIPPED", None, "Skipped."),
        Ending("INTERNAL_ERROR", "FAILED", "Internal error."),
        Ending("TERMINATED", "SUCCESS_WITH_FAILURES", ""),
    ],
    ids=lambda ending: str(ending.result or ending.life_cycle),
)
def test_a_run_may_end_in_other_ways(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn, ending: Ending
) -> None:
    lines.jobs.endings.append(ending)
    run = ended(client, begin(client, job))
    assert (life_cycle(run), result(run)) == (ending.life_cycle, ending.result)
    assert loaded(lines) == []


def test_a_state_that_nobody_knows_yet_is_shown_while_that_is_wanted(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    run = begin(client, job)
    ended(client, run)
    lines.jobs.strange_state = "BLOCKED_V2"
    assert life_cycle(client.jobs.get_run(run)) is None
    lines.jobs.strange_state = None
    assert life_cycle(client.jobs.get_run(run)) == "TERMINATED"


def test_a_run_times_out_by_its_own_limit(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn, clock: Clock
) -> None:
    lines.running.seconds = 60
    run = begin(client, saved(client, timeout_seconds=30))
    clock.advance(1)
    while life_cycle(client.jobs.get_run(run)) == "PENDING":
        time.sleep(TICK)
    clock.advance(31)
    assert result(ended(client, run)) == "TIMEDOUT"
    assert loaded(lines) == []


def test_runs_of_a_job_wait_for_each_other_in_the_queue(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn, clock: Clock
) -> None:
    lines.running.seconds = 60
    first, second = begin(client, job, "a"), begin(client, job, "b")
    assert life_cycle(client.jobs.get_run(second)) == "QUEUED"
    while life_cycle(client.jobs.get_run(first)) == "PENDING":
        time.sleep(TICK)
    lines.running.seconds = 0
    clock.advance(61)
    assert result(ended(client, first)) == "SUCCESS"
    assert result(ended(client, second)) == "SUCCESS"
    assert loaded(lines) == ["a", "a-audit", "b", "b-audit"]


def test_a_run_may_be_queued_for_long(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn, clock: Clock
) -> None:
    lines.jobs.queue_seconds = 3000
    run = begin(client, job)
    clock.advance(2999)
    assert life_cycle(client.jobs.get_run(run)) == "QUEUED"
    clock.advance(2)
    assert result(ended(client, run)) == "SUCCESS"


def test_without_a_queue_a_second_run_is_skipped(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    lines.running.seconds = 60
    alone = saved(client, queue=None)
    begin(client, alone)
    run = client.jobs.get_run(begin(client, alone))
    assert (life_cycle(run), result(run)) == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")


def test_a_run_can_be_canceled(client: WorkspaceClient, job: int, lines: DatabricksStandIn) -> None:
    lines.running.seconds = 60
    run = begin(client, job)
    client.jobs.cancel_run(run)
    assert result(ended(client, run)) == "CANCELED"


def test_a_task_is_not_carried_out_where_the_one_before_it_failed(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    two = saved(client, [task("first", "/Shared/none.sql"), task("second", after="first")])
    run = ended(client, begin(client, two))
    states = [
        (each.task_key, each.state.result_state.value)
        for each in run.tasks or []
        if each.state and each.state.result_state
    ]
    assert states == [("first", "FAILED"), ("second", "UPSTREAM_FAILED")]
    assert (result(run), loaded(lines)) == ("FAILED", [])


def test_a_run_waits_for_a_warehouse_that_starts(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn, clock: Clock
) -> None:
    lines.warehouse.start_seconds = 120
    lines.warehouse.turn("STOPPED")
    run = begin(client, job)
    while lines.warehouse.look() == "STOPPED":
        time.sleep(TICK)
    assert life_cycle(client.jobs.get_run(run)) == "RUNNING"
    clock.advance(121)
    assert result(ended(client, run)) == "SUCCESS"


def test_tasks_can_be_submitted_without_a_job(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    sql = SqlTask(WAREHOUSE_ID, file=SqlTaskFile(path=FILE), parameters={"load_id": "s", "amount": "2"})
    tasks = [SubmitTask(task_key="load", sql_task=sql)]
    submit = client.jobs.submit
    first = int(submit(run_name="once", tasks=tasks, idempotency_token=TOKEN).run_id)
    again = int(submit(run_name="once", tasks=tasks, idempotency_token=TOKEN).run_id)
    assert first == again
    assert result(ended(client, first)) == "SUCCESS"
    assert loaded(lines) == ["s", "s-audit"]


def test_a_job_is_found_by_its_name_and_can_be_reset(client: WorkspaceClient, job: int) -> None:
    (found,) = client.jobs.list(name="LOAD")
    assert found.job_id == job
    shown = client.jobs.get(job).settings
    assert shown is not None
    shown.name = "other"
    client.jobs.reset(job, shown)
    assert list(client.jobs.list(name="load")) == []
    assert [each.job_id for each in client.jobs.list(name="other")] == [job]
    client.jobs.delete(job)
    with pytest.raises(ResourceDoesNotExist):
        client.jobs.get(job)


def test_runs_are_listed_newest_first(client: WorkspaceClient, job: int) -> None:
    runs = [begin(client, job, str(number)) for number in range(3)]
    for run in runs:
        ended(client, run)
    assert [each.run_id for each in client.jobs.list_runs(job_id=job)] == runs[::-1]
    assert list(client.jobs.list_runs(job_id=job, active_only=True)) == []


def test_a_job_that_may_not_be_run_is_refused(
    client: WorkspaceClient, job: int, lines: DatabricksStandIn
) -> None:
    lines.withhold("CAN_MANAGE_RUN", str(job))
    with pytest.raises(PermissionDenied, match="does not have Manage Run permission on job"):
        begin(client, job)


@pytest.mark.parametrize(
    "tasks",
    [
        [],
        [Task(task_key="a")],
        [task("a"), task("a")],
        [task("a", after="none")],
        [Task(task_key="a", sql_task=SqlTask(warehouse_id="", file=SqlTaskFile(path=FILE)))],
    ],
    ids=["none", "nothing to do", "twice", "after nothing", "no warehouse"],
)
def test_a_job_that_cannot_be_is_refused(client: WorkspaceClient, tasks: list[Task]) -> None:
    with pytest.raises(BadRequest):
        client.jobs.create(name="x", tasks=tasks)
