"""A workspace that answers late, oddly or not at all, and names that have to be quoted."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from decimal import Decimal

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.standins.databricks.runs import Ending
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.faults import Fault
from mlconnector.systems.databricks import workspace_api, workspace_sql
from mlconnector.systems.databricks.tables import tables
from mlconnector.systems.databricks.workspace_sql import Place
from mlconnector.systems.warehouse import AttemptOver, Reached
from tests.systems.databricks.conftest import CATALOG, SCHEMA, Opened, nothing
from tests.systems.databricks.tables import line, load_of, queried_in
from tests.systems.databricks.test_workspace import carry, held, runs

pytestmark = pytest.mark.xdist_group("databricks")
LINES = "booking_lines"
_RUN = r"/api/2\.2/jobs/run-now"
_STATEMENT = r"/api/2\.0/sql/statements"
_TABLES = "/api/2.1/unity-catalog/tables"


@pytest.mark.parametrize("kind", ["lose_answer", pytest.param("hold", marks=pytest.mark.thorough)])
def test_a_run_whose_answer_never_came_is_found_by_the_next_look(
    opened: Opened, workspace: DatabricksStandIn, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The client gives up after minutes; by then the run has ended."""
    monkeypatch.setattr(workspace_api, "_ANSWER_SECONDS", 0.5)
    load = load_of(line(1), line(2, "-19.00"))
    workspace.faults.add(Fault(kind, "POST", _RUN, times=100))  # type: ignore[arg-type]
    with pytest.raises(RetryLater) as silent:
        carry(opened, load)
    assert not isinstance(silent.value, AttemptOver)
    workspace.faults.clear()
    assert carry(opened, load).agrees
    assert runs(workspace) == ["SUCCESS"]
    assert held(workspace) == [(1, Decimal("119.00")), (2, Decimal("-19.00"))]


def test_an_audit_row_whose_answer_never_came_is_there_once(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(line(1))

    def silent(reached: Reached) -> None:
        if reached == "applied":
            # The first statement after it reads back; from the second on the audit row is written.
            workspace.faults.add(Fault("lose_answer", "POST", _STATEMENT, times=100, after=1))

    with pytest.raises(RetryLater):
        carry(opened, load, silent)
    assert len(held(workspace, "load_id", "load_audit")) == 1
    workspace.faults.clear()
    assert carry(opened, load).agrees
    assert runs(workspace) == ["SUCCESS"]
    assert len(held(workspace, "load_id", "load_audit")) == 1


def test_a_statement_that_failed_is_seen_although_it_was_answered_with_success(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(line(1))

    def conflict(reached: Reached) -> None:
        if reached == "applied":
            workspace.conflict()

    with pytest.raises(RetryLater, match="DELTA_CONCURRENT_APPEND") as passing:
        carry(opened, load, conflict)
    assert not isinstance(passing.value, AttemptOver)
    assert held(workspace, "load_id", "load_audit") == []
    assert carry(opened, load).agrees
    assert runs(workspace) == ["SUCCESS"]


def test_a_statement_that_is_closed_was_carried_out(opened: Opened, workspace: DatabricksStandIn) -> None:
    def closed(content: bytes) -> bytes:
        answer = json.loads(content)
        return json.dumps(answer | {"status": {"state": "CLOSED"}, "result": None}).encode()

    def audit_is_closed(reached: Reached) -> None:
        if reached == "applied":
            workspace.faults.add(Fault("alter", "POST", _STATEMENT, after=1, alter=closed))

    assert carry(opened, load_of(line(1)), audit_is_closed).agrees
    assert held(workspace, "status", "load_audit") == [("verified",)]


def test_a_run_that_ended_in_any_other_way_is_over_and_the_next_attempt_doubles_nothing(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(line(1), line(2))
    value = "[CAST_INVALID_INPUT] The value 'Erika Muster' of the type \"STRING\" cannot be cast"
    endings = {
        "TIMEDOUT: Run exceeded its timeout": Ending("TERMINATED", "TIMEDOUT", "Run exceeded its timeout."),
        "SKIPPED: Skipped": Ending("SKIPPED", None, "Skipped."),
        "SUCCESS_WITH_FAILURES": Ending("TERMINATED", "SUCCESS_WITH_FAILURES", ""),
        # What stands in a row goes into no audit trail.
        "The value '…' of the type": Ending(message=value),
    }
    workspace.jobs.endings += endings.values()
    for attempt, said in enumerate((*endings, "DELTA_CONCURRENT_APPEND"), start=1):
        if attempt > len(endings):
            workspace.conflict()
        with pytest.raises(AttemptOver) as over:
            carry(opened, replace(load, attempt=attempt))
        assert said in over.value.reason
        assert "Erika" not in over.value.reason
    assert held(workspace) == []
    assert carry(opened, replace(load, attempt=6)).agrees
    assert len(runs(workspace)) == 6
    assert held(workspace, "count(*), sum(amount)") == [(2, Decimal("238.00"))]


def test_a_run_that_stays_queued_for_an_hour_is_waited_for(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    clock = workspace.options.clock
    workspace.jobs.queue_seconds = 3600
    # That hour is the stand-in's alone, and a token is renewed by our own clock.
    workspace.login.life = 7200

    def doze(_seconds: float) -> None:
        if clock.offset < workspace.jobs.queue_seconds:
            clock.advance(300)
        else:
            threading.Event().wait(0.01)

    assert opened(doze=doze).load(load_of(line(1)), nothing).agrees
    assert clock.offset >= workspace.jobs.queue_seconds
    assert runs(workspace) == ["SUCCESS"]


def test_rows_that_do_not_hold_any_more_are_marked_by_the_job(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    assert carry(opened, load_of(line(1), line(2))).agrees
    assert carry(opened, load_of(line(2, is_deleted=True), after=1)).agrees
    assert held(workspace, "line_no, is_deleted") == [(1, False), (2, True)]
    assert {one.name: one.deleted for one in opened().status()}[LINES] == 1
    # What comes back holds again.
    assert carry(opened, load_of(line(2), after=2)).agrees
    assert held(workspace, "line_no, is_deleted") == [(1, False), (2, False)]


def test_a_schema_with_a_dash_is_quoted_and_a_table_in_capitals_is_known(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    place, described = Place(CATALOG, "ml-dash"), tables()[LINES]
    workspace.sql(f"CREATE SCHEMA `{CATALOG}`.`ml-dash`")
    workspace.sql(workspace_sql.create_table(place, replace(described, name=LINES.upper())))
    made = len(workspace.workspace.sql.texts)
    warehouse = opened(schema="ML-Dash", catalog=CATALOG.upper())
    assert warehouse.load(load_of(line(1)), nothing).agrees
    assert {one.name: one.rows for one in warehouse.status()}[LINES] == 1
    assert opened(schema="ml-dash").missing() == []
    assert not any(
        text.startswith(f"CREATE TABLE IF NOT EXISTS {place.named(LINES)}")
        for text in workspace.workspace.sql.texts[made:]
    )
    found = queried_in(
        {LINES: workspace.table_folder(f"{CATALOG}.ml-dash.{LINES}")}, f"SELECT amount FROM {LINES}"
    )
    assert found == [(Decimal("119.00"),)]
    view = f"SELECT count(*) FROM `{CATALOG}`.`ml-dash`.v_bookings_without_document"
    assert workspace.sql(view) == [["1"]]
    assert {step.outcome for step in warehouse.check()} == {"ok"}


def test_a_warehouse_on_which_no_job_runs_is_named(opened: Opened, workspace: DatabricksStandIn) -> None:
    def classic(content: bytes) -> bytes:
        return json.dumps(json.loads(content) | {"warehouse_type": "CLASSIC"}).encode()

    workspace.faults.add(Fault("alter", "GET", r"/sql/warehouses/", times=2, alter=classic))
    with pytest.raises(NeedsHuman) as refused:
        carry(opened, load_of(line(1)))
    assert refused.value.problem.key == "databricks_warehouse_classic"


def test_tables_are_looked_at_once_by_a_load_that_finds_work(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    carry(opened, load_of(line(1)))
    warehouse, before = opened(), len(workspace.services.calls)
    assert warehouse.missing() == []
    assert warehouse.load(load_of(line(2), after=1), nothing).agrees
    asked = [call.path for call in workspace.services.calls[before:]]
    assert asked.count(_TABLES) == 1
    assert asked.count(f"/api/2.1/unity-catalog/schemas/{CATALOG}.{SCHEMA}") == 1
    workspace.sql(f"DROP TABLE `{CATALOG}`.{SCHEMA}.{LINES}")
    warehouse = opened()
    assert warehouse.missing() == [LINES]
    assert warehouse.load(load_of(line(3), after=2), nothing).agrees
    assert held(workspace) == [(3, Decimal("119.00"))]
