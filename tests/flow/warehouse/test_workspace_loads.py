"""What passed is in the tables of a workspace once, whatever is cut off, refused or out of reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.databricks import CLIENT_ID, CLIENT_SECRET, WAREHOUSE_ID, create
from mlconnector.standins.databricks.runs import Ending
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.serving import serve
from mlconnector.store import loads
from mlconnector.systems.databricks.workspace_job import token
from tests.flow.conftest import MakeRig
from tests.flow.rig import Rig
from tests.flow.warehouse.rig import LOAD_POINTS, load, with_tables

pytestmark = pytest.mark.xdist_group("databricks")
TABLE = "main.ml_connector.booking_lines"


@pytest.fixture
def workspace() -> Iterator[tuple[DatabricksStandIn, str]]:
    made = create(Options())
    with serve(made.app) as address:
        yield made, address
    made.stop()


@pytest.fixture
def rig(make_rig: MakeRig, workspace: tuple[DatabricksStandIn, str], monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A connection whose batch DATEV has, and an installation that loads into the workspace."""
    made = make_rig(2)
    made.work()
    to(made, workspace[1])
    made.services.vault.put("[databricks]", "client_secret", CLIENT_SECRET)
    monkeypatch.setattr(made.services.stopping, "doze", lambda _seconds: threading.Event().wait(0.01))
    return made


def to(rig: Rig, host: str, **more: Any) -> None:
    """Let the installation load into a workspace."""
    named = {"host": host, "catalog": "main", "warehouse_id": WAREHOUSE_ID, "client_id": CLIENT_ID}
    with_tables(rig, **named, **more)


def sums(standin: DatabricksStandIn) -> dict[str | None, Decimal]:
    rows = standin.sql(
        f"SELECT document_number, sum(amount) FROM {TABLE} WHERE NOT is_deleted GROUP BY document_number"
    )
    return {number: Decimal(amount or 0) for number, amount in rows}


def every(rig: Rig) -> list[loads.LoadRow]:
    with rig.app.database.read() as db:
        return loads.recent(db, "databricks", 100)


def test_what_datev_got_is_in_the_workspace_after_any_death(
    rig: Rig, workspace: tuple[DatabricksStandIn, str]
) -> None:
    standin, _ = workspace
    for point in LOAD_POINTS:
        with rig.dying_at(point, 2):
            load(rig)
    report = load(rig)
    assert (report.failed, report.later) == (0, 0)
    assert sums(standin) == rig.outside.sums()
    assert {row.state for row in every(rig)} == {"verified"}
    # A load that was cut off is the same run again, so that there is one for each.
    assert {row.attempt for row in every(rig)} == {1}
    assert {run.token for run in standin.jobs.runs.values()} == {token(row.id, 1) for row in every(rig)}
    assert load(rig).verified == 0


def test_a_load_whose_run_failed_goes_again_as_its_next_attempt(
    rig: Rig, workspace: tuple[DatabricksStandIn, str]
) -> None:
    standin, _ = workspace
    standin.jobs.endings.append(Ending(message="the cluster was lost"))
    report = load(rig)
    assert (report.later, report.failed) == (1, 0)
    with rig.app.database.read() as db:
        (over,) = loads.failed(db, "databricks")
    assert (over.problem.key, over.attempt) == ("warehouse_attempt_over", 1)
    assert "the cluster was lost" in over.problem.facts["reason"]
    assert load(rig).verified == 1
    (again,) = (row for row in every(rig) if row.id == over.id)
    assert (again.state, again.attempt) == ("verified", 2)
    assert rig.events(over.id) == ["load_planned", "load_failed", "load_planned", "load_verified"]
    assert sums(standin) == rig.outside.sums()


def test_what_keeps_everything_from_being_loaded_is_told_once(
    rig: Rig, workspace: tuple[DatabricksStandIn, str]
) -> None:
    standin, address = workspace
    to(rig, address, start_warehouse=False)
    standin.warehouse.turn("STOPPED")
    report = load(rig)
    assert [problem.key for problem in report.failures] == ["databricks_warehouse_stopped"]
    to(rig, "http://127.0.0.1:9")
    report = load(rig)
    assert (report.later, report.failed, len(report.reasons)) == (1, 0, 1)
    assert every(rig) == []
    to(rig, address)
    assert load(rig).failed == 0
    assert sums(standin) == rig.outside.sums()
    # With nothing to load nobody is woken up.
    standin.warehouse.turn("STOPPED")
    assert load(rig).verified == 0
    assert standin.warehouse.look() == "STOPPED"
