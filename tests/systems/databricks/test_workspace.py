"""The tables in a workspace: a load changes them once, whatever is repeated, cut off, refused or lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.standins.databricks import CLIENT_ID
from mlconnector.standins.databricks.runs import Ending
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.faults import Fault
from mlconnector.systems.databricks import workspace_job, workspace_sql
from mlconnector.systems.databricks.tables import Column, Table, tables
from mlconnector.systems.databricks.workspace_sql import Place
from mlconnector.systems.warehouse import AttemptOver, Carried, OutgoingLoad, Reached
from tests.systems.databricks.conftest import CATALOG, SCHEMA, Opened, nothing
from tests.systems.databricks.tables import line, load_of, queried_in

pytestmark = pytest.mark.xdist_group("databricks")
LINES = "booking_lines"
_RUN = r"/api/2\.2/jobs/run-now"
_STATEMENT = r"/api/2\.0/sql/statements"


class Killed(BaseException):
    """The end of the process."""


def carry(opened: Opened, load: OutgoingLoad, reached: Callable[[Reached], None] = nothing) -> Carried:
    """Carry a load by a process of its own."""
    warehouse = opened()
    try:
        return warehouse.load(load, reached)
    finally:
        warehouse.close()


def held(workspace: DatabricksStandIn, columns: str = "line_no, amount", table: str = LINES) -> list[Any]:
    """What DuckDB reads out of the files of a table."""
    folder = workspace.table_folder(f"{CATALOG}.{SCHEMA}.{table}")
    return queried_in({table: folder}, f"SELECT {columns} FROM {table} ORDER BY 1")


def runs(workspace: DatabricksStandIn) -> list[str]:
    """The results of all runs, in their order."""
    return [str(run.result) for run in workspace.jobs.runs.values()]


def test_a_load_is_merged_by_a_run_and_read_back_to_the_cent(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(
        line(1, account="0001", booking_text="Mu\u0308ller & So\u0308hne"),
        line(2, "-19.00", service_date=date(2026, 7, 3), is_reversal=True),
    )
    carried = carry(opened, load)
    assert carried.agrees
    assert (carried.target_rows, carried.target_amount) == (2, Decimal("100.00"))
    assert held(workspace, "account, booking_text, amount, service_date, is_reversal") == [
        ("0001", "Müller & Söhne", Decimal("119.00"), None, False),
        ("10001", None, Decimal("-19.00"), date(2026, 7, 3), True),
    ]
    audit = held(workspace, "load_id, attempt, source_rows, target_amount, status", "load_audit")
    assert audit == [(load.id, 1, 2, Decimal("100.00"), "verified")]
    assert list((workspace.workspace.folder / "volumes").rglob("*.json")) == []


def test_ten_times_the_same_load_is_one_run_and_the_same_table(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(line(1), line(2, "-19.00"))
    for _ in range(10):
        assert carry(opened, load).agrees
    assert runs(workspace) == ["SUCCESS"]
    assert held(workspace) == [(1, Decimal("119.00")), (2, Decimal("-19.00"))]
    assert len(held(workspace, "load_id", "load_audit")) == 1


@pytest.mark.parametrize("point", ["staged", "applied"])
def test_a_load_that_was_killed_is_carried_to_its_end_by_the_next_process(
    opened: Opened, workspace: DatabricksStandIn, point: str
) -> None:
    load = load_of(line(1), line(2, "-19.00"))

    def dies(reached: Reached) -> None:
        if reached == point:
            raise Killed

    with pytest.raises(Killed):
        carry(opened, load, dies)
    assert held(workspace, "load_id", "load_audit") == []
    assert carry(opened, load).agrees
    assert runs(workspace) == ["SUCCESS"]
    assert held(workspace) == [(1, Decimal("119.00")), (2, Decimal("-19.00"))]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", _RUN),
        ("GET", r"/api/2\.2/jobs/runs/get$"),
        ("POST", _STATEMENT),
        pytest.param("PUT", r"/fs/files", marks=pytest.mark.thorough),
        pytest.param("POST", r"/jobs/create", marks=pytest.mark.thorough),
        pytest.param("POST", r"/workspace/import", marks=pytest.mark.thorough),
    ],
)
def test_an_answer_that_is_lost_after_the_effect_changes_nothing(
    opened: Opened, workspace: DatabricksStandIn, method: str, path: str
) -> None:
    lost = workspace.faults.add(Fault("lose_answer", method, path))
    assert carry(opened, load_of(line(1), line(2, "-19.00"))).agrees
    assert lost.happened.is_set()
    assert runs(workspace) == ["SUCCESS"]
    assert held(workspace) == [(1, Decimal("119.00")), (2, Decimal("-19.00"))]


def test_loads_at_the_same_time_lose_nothing_and_double_nothing(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    carry(opened, load_of(line(9)))
    loads = [load_of(*(line(n, batch_id=f"b{batch}") for n in (1, 2, 3))) for batch in range(2)]
    with ThreadPoolExecutor(3) as pool:
        carried = list(pool.map(lambda load: carry(opened, load), [*loads, loads[0]]))
    assert all(one.agrees for one in carried)
    assert held(workspace, "count(*), sum(amount)") == [(7, 7 * Decimal("119.00"))]


def test_a_run_that_failed_is_never_asked_for_again(opened: Opened, workspace: DatabricksStandIn) -> None:
    load = load_of(line(1))
    workspace.jobs.endings += [Ending(message="no luck"), Ending("INTERNAL_ERROR", None, "worker lost")]
    with pytest.raises(AttemptOver, match="no luck"):
        carry(opened, load)
    with pytest.raises(AttemptOver, match="no luck"):
        carry(opened, load)
    with pytest.raises(AttemptOver, match="worker lost"):
        carry(opened, replace(load, attempt=2))
    assert carry(opened, replace(load, attempt=3)).agrees
    assert runs(workspace) == ["FAILED", "None", "SUCCESS"]


def test_a_run_that_failed_after_its_effect_is_made_up_for_by_the_next(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(line(1))
    workspace.jobs.endings.append(Ending(after_effect=True))
    with pytest.raises(AttemptOver):
        carry(opened, load)
    assert carry(opened, replace(load, attempt=2)).agrees
    assert held(workspace) == [(1, Decimal("119.00"))]


def test_a_run_whose_reason_stands_with_its_task_says_it(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    workspace.conflict()
    with pytest.raises(AttemptOver, match=r"DELTA_CONCURRENT_APPEND.*/jobs/\d+/runs/\d+"):
        carry(opened, load_of(line(1)))


def test_a_run_in_a_state_of_a_later_version_is_not_over(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    workspace.jobs.strange_state = "AWAITING_APPROVAL"
    over = False

    def doze(_seconds: float) -> None:
        nonlocal over
        over = True

    warehouse = opened(doze=doze, is_over=lambda: over)
    with pytest.raises(RetryLater, match="has not ended yet") as waiting:
        warehouse.load(load_of(line(1)), nothing)
    assert not isinstance(waiting.value, AttemptOver)
    workspace.jobs.strange_state = None
    assert carry(opened, load_of(line(1))).agrees
    assert runs(workspace) == ["SUCCESS"]


def test_a_newer_load_replaces_what_changed_and_an_older_one_does_not(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    assert carry(opened, load_of(line(1, "2.00"), after=5)).agrees
    assert carry(opened, load_of(line(1, "1.00"), line(2, "7.00"), after=1)).agrees
    assert held(workspace) == [(1, Decimal("2.00")), (2, Decimal("7.00"))]


def test_rows_that_somebody_removed_or_changed_are_missed(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    def meddling(text: str) -> Callable[[Reached], None]:
        def reached(state: Reached) -> None:
            if state == "applied":
                workspace.sql(text)

        return reached

    name = f"`{CATALOG}`.{SCHEMA}.{LINES}"
    removed = carry(opened, load_of(line(1), line(2)), meddling(f"DELETE FROM {name} WHERE line_no = 2"))
    assert (removed.source_rows, removed.target_rows, removed.agrees) == (2, 1, False)
    changed = carry(opened, load_of(line(3), after=1), meddling(f"UPDATE {name} SET row_hash = 'x'"))
    assert (changed.target_rows, changed.agrees) == (0, False)
    assert {status for _, status in held(workspace, "load_id, status", "load_audit")} == {"differs"}


def test_a_decimal_that_does_not_fit_is_refused_before_anything_is_staged(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    with pytest.raises(NeedsHuman) as refused:
        carry(opened, load_of(line(1, "0.005")))
    assert refused.value.problem.key == "warehouse_row_refused"
    assert workspace.services.calls == []


def test_a_long_result_comes_whole_or_not_at_all(opened: Opened, workspace: DatabricksStandIn) -> None:
    warehouse = opened()
    warehouse.load(load_of(line(1)), nothing)
    workspace.statement_api.chunk_rows = 3
    assert [one.rows for one in warehouse.status()] == [0, 0, 0, 1, 0, 0, 0, 0, 1]
    workspace.faults.add(Fault("status", "GET", r"/result/chunks/1", status=404))
    with pytest.raises(RetryLater, match="a part of a result"):
        opened().status()


def test_a_token_that_ends_on_the_way_is_renewed(opened: Opened, workspace: DatabricksStandIn) -> None:
    workspace.login.life = 1
    warehouse = opened()
    for after in (0, 1):
        assert warehouse.load(load_of(line(1), after=after, load_id=str(after)), nothing).agrees
    assert [call.path for call in workspace.services.calls].count("/oidc/v1/token") > 1


def test_a_new_column_is_added_and_what_others_added_stays(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    place, described = Place(CATALOG, SCHEMA), tables()[LINES]
    older = Table(LINES, "", described.key, described.amount, described.columns[:-6] + described.columns[-4:])
    workspace.sql(f"CREATE SCHEMA `{CATALOG}`.{SCHEMA}")
    workspace.sql(workspace_sql.create_table(place, older))
    workspace.sql(f"ALTER TABLE {place.named(LINES)} ADD COLUMNS (Controller_Note STRING)")
    assert carry(opened, load_of(line(1, service_date=date(2026, 7, 3)))).agrees
    assert held(workspace, "service_date, Controller_Note") == [(date(2026, 7, 3), None)]


def test_a_column_of_another_type_is_named_and_nothing_is_forced_into_it(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    described = tables()[LINES]
    odd = tuple(
        Column("LINE_NO", "string", required=False, comment="") if one.name == "line_no" else one
        for one in described.columns
    )
    workspace.sql(f"CREATE SCHEMA `{CATALOG}`.{SCHEMA}")
    workspace.sql(workspace_sql.create_table(Place(CATALOG, SCHEMA), replace(described, columns=odd)))
    with pytest.raises(NeedsHuman) as refused:
        carry(opened, load_of(line(1)))
    assert refused.value.problem.facts == {"table": LINES, "column": "line_no", "type": "string"}


def test_a_view_that_is_there_is_not_made_again(opened: Opened, workspace: DatabricksStandIn) -> None:
    carry(opened, load_of(line(1)))
    before = list(workspace.workspace.sql.texts)
    carry(opened, load_of(line(2), after=1))
    later = workspace.workspace.sql.texts[len(before) :]
    assert [text for text in later if text.startswith(("CREATE", "--", "ALTER"))] == []


@pytest.mark.parametrize("answered", [429, 503])
def test_a_workspace_that_is_busy_is_asked_later(
    opened: Opened, workspace: DatabricksStandIn, answered: int
) -> None:
    workspace.refuse(r"/fs/files", answered, times=2)
    assert carry(opened, load_of(line(1))).agrees
    workspace.refuse(r"/fs/files", answered, times=100)
    with pytest.raises(RetryLater):
        carry(opened, load_of(line(2), after=1))
    assert CLIENT_ID not in str(held(workspace))


def test_rows_in_several_files_come_whole(
    opened: Opened, workspace: DatabricksStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_sql, "_LARGEST_FILE", 1000)
    text = "Zeile 1\nZeile 2\r\u2028Zeile 3 \U0001f600"
    assert carry(opened, load_of(*(line(n, booking_text=text) for n in range(5)))).agrees
    assert held(workspace, "count(*), min(booking_text), max(booking_text)") == [(5, text, text)]


def test_the_same_load_by_two_processes_is_one_run_and_neither_fails(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    load = load_of(line(1), line(2))

    def meanwhile(reached: Reached) -> None:
        if reached == "staged":
            assert carry(opened, load).agrees

    assert carry(opened, load, meanwhile).agrees
    assert runs(workspace) == ["SUCCESS"]


def test_an_older_version_does_not_change_what_a_newer_one_runs(
    opened: Opened, workspace: DatabricksStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = opened()
    newer.load(load_of(line(1)), nothing)
    described = tables()
    shorter = replace(
        described[LINES], columns=described[LINES].columns[1:-6] + described[LINES].columns[-4:]
    )
    older = replace(shorter, columns=(described[LINES].columns[0], *shorter.columns))
    with monkeypatch.context() as patch:
        patch.setattr(workspace_job, "tables", lambda: {**described, LINES: older})
        assert opened().load(load_of(line(2), after=1), nothing).agrees
    paid = date(2026, 7, 3)
    assert newer.load(load_of(line(3, due_date=paid, service_date=paid), after=2), nothing).agrees
    assert held(workspace, "line_no, service_date, due_date")[-1] == (3, paid, paid)
    assert len(workspace.jobs.jobs) == 2


def test_a_column_that_did_not_come_along_is_noticed(opened: Opened, workspace: DatabricksStandIn) -> None:
    def forgets(reached: Reached) -> None:
        if reached == "applied":
            workspace.sql(f"UPDATE `{CATALOG}`.{SCHEMA}.{LINES} SET due_date = DATE'2026-01-01'")

    assert carry(opened, load_of(line(1)), forgets).target_rows == 0


@pytest.mark.parametrize("status", [400, pytest.param(403, marks=pytest.mark.thorough), 404, 502])
def test_a_run_of_which_nobody_knows_how_it_stands_stays_the_attempt_that_it_is(
    opened: Opened, workspace: DatabricksStandIn, status: int
) -> None:
    load = load_of(line(1))
    workspace.faults.add(Fault("status", "GET", r"/jobs/runs/get$", status=status, body=b"{}"))
    with pytest.raises(RetryLater) as unknown:
        carry(opened, load)
    assert not isinstance(unknown.value, AttemptOver)
    assert carry(opened, load).agrees
    assert runs(workspace) == ["SUCCESS"]


def test_a_right_that_only_a_run_lacks_is_told_as_one(opened: Opened, workspace: DatabricksStandIn) -> None:
    carry(opened, load_of(line(1)))
    workspace.withhold("MODIFY", f"{CATALOG}.{SCHEMA}.{LINES}")
    with pytest.raises(NeedsHuman) as refused:
        carry(opened, load_of(line(2), after=1))
    assert refused.value.problem.key == "databricks_not_granted"


def test_a_result_that_is_gone_when_it_is_asked_for_verifies_nothing(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    def closed(content: bytes) -> bytes:
        answer = json.loads(content)
        rows = (answer.get("result") or {}).get("data_array") or [[]]
        if rows[0] == ["1", "119.00"]:
            answer |= {"status": {"state": "CLOSED"}, "result": None}
        return json.dumps(answer).encode()

    workspace.faults.add(Fault("alter", "POST", _STATEMENT, times=100, alter=closed))
    with pytest.raises(RetryLater, match="not there any more"):
        carry(opened, load_of(line(1)))
    workspace.faults.clear()
    assert carry(opened, load_of(line(1))).agrees


def test_files_that_cannot_be_removed_do_not_make_a_load_fail(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    workspace.faults.add(Fault("status", "DELETE", r"/fs/", times=100, status=502))
    assert carry(opened, load_of(line(1))).agrees
    workspace.faults.clear()
    (folder,) = (workspace.workspace.folder / "volumes").rglob("2026*-*")
    folder.rename(folder.with_name(folder.name.replace(folder.name[:8], "20250101")))
    carry(opened, load_of(line(2), after=1))
    assert list((workspace.workspace.folder / "volumes").rglob("2025*")) == []


def test_what_stands_around_about_other_workspaces_changes_nothing(
    opened: Opened, workspace: DatabricksStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profiles = tmp_path / "profiles"
    profiles.write_text("[other]\nhost = http://127.0.0.1:9\ntoken = x\nworkspace_id = 1\n")
    strange = {
        "HOST": "http://127.0.0.1:9",
        "TOKEN": "somebody-elses",
        "WORKSPACE_ID": "4711",
        "DISCOVERY_URL": "http://127.0.0.1:9/oidc",
        "CONFIG_FILE": str(profiles),
        "CONFIG_PROFILE": "other",
        "AUTH_TYPE": "pat",
    }
    for name, value in strange.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)
    assert carry(opened, load_of(line(1))).agrees
