"""A warehouse that stands still starts when it is asked for something; one that is gone does not."""

from __future__ import annotations

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied

from mlconnector.standins.base import Clock
from mlconnector.standins.databricks import CLIENT_ID, WAREHOUSE_ID
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.databricks.warehouses import State
from tests.standins.databricks.conftest import Run, state
from tests.standins.databricks.test_databricks_statements import ended

pytestmark = pytest.mark.xdist_group("databricks")


def shown(client: WorkspaceClient) -> str:
    found = client.warehouses.get(WAREHOUSE_ID).state
    assert found is not None
    return found.value


def test_a_warehouse_is_listed_and_runs(client: WorkspaceClient) -> None:
    assert [each.id for each in client.warehouses.list()] == [WAREHOUSE_ID]
    assert shown(client) == "RUNNING"


def test_a_statement_on_a_stopped_warehouse_starts_it_and_is_pending_until_it_runs(
    client: WorkspaceClient, standin: DatabricksStandIn, clock: Clock
) -> None:
    standin.warehouse.start_seconds = 180
    standin.warehouse.turn("STOPPED")
    response = client.statement_execution.execute_statement("SELECT 1", WAREHOUSE_ID, wait_timeout="0s")
    assert (state(response), shown(client)) == ("PENDING", "STARTING")
    clock.advance(179)
    found = client.statement_execution.get_statement(response.statement_id or "")
    assert (state(found), shown(client)) == ("PENDING", "STARTING")
    clock.advance(2)
    assert ended(client, response.statement_id) == "SUCCEEDED"
    assert shown(client) == "RUNNING"


def test_a_warehouse_can_be_started_and_stopped(
    client: WorkspaceClient, standin: DatabricksStandIn, clock: Clock
) -> None:
    standin.warehouse.start_seconds = 60
    client.warehouses.stop(WAREHOUSE_ID)
    assert shown(client) == "STOPPED"
    client.warehouses.start(WAREHOUSE_ID)
    assert shown(client) == "STARTING"
    clock.advance(61)
    assert shown(client) == "RUNNING"


@pytest.mark.parametrize("gone", ["DELETED", "DELETING"])
def test_a_warehouse_that_is_gone_takes_no_statement(
    client: WorkspaceClient, standin: DatabricksStandIn, run: Run, gone: State
) -> None:
    standin.warehouse.turn(gone)
    assert shown(client) == gone
    with pytest.raises(NotFound, match=f"SQL warehouse {WAREHOUSE_ID} does not exist"):
        run("SELECT 1")


def test_an_unknown_warehouse_is_not_found(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound):
        client.warehouses.get("0")


def test_who_may_see_a_warehouse_and_not_use_it_can_neither_start_nor_ask_it(
    client: WorkspaceClient, standin: DatabricksStandIn, run: Run
) -> None:
    standin.withhold("CAN_USE", WAREHOUSE_ID)
    standin.warehouse.turn("STOPPED")
    assert shown(client) == "STOPPED"
    with pytest.raises(PermissionDenied):
        client.warehouses.start(WAREHOUSE_ID)
    with pytest.raises(PermissionDenied, match="permission to use the SQL warehouse"):
        run("SELECT 1")
    standin.grant("CAN_USE", WAREHOUSE_ID, CLIENT_ID)
    assert state(run("SELECT 1")) == "SUCCEEDED"


def test_a_warehouse_that_may_not_be_seen_is_refused(
    client: WorkspaceClient, standin: DatabricksStandIn
) -> None:
    standin.withhold("CAN_VIEW", WAREHOUSE_ID)
    with pytest.raises(PermissionDenied):
        client.warehouses.get(WAREHOUSE_ID)
    assert list(client.warehouses.list()) == []
