"""What is missing in a workspace is told apart, with who puts it right; what may be made is made."""

from __future__ import annotations

import pytest

from mlconnector.errors import NeedsHuman
from mlconnector.standins.databricks import CLIENT_ID, WAREHOUSE_ID
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.standins.databricks.warehouses import State
from mlconnector.standins.faults import Fault
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.texts.catalogue import step_cause
from tests.systems.databricks.conftest import CATALOG, SCHEMA, Opened, nothing
from tests.systems.databricks.tables import line, load_of

pytestmark = pytest.mark.xdist_group("databricks")
STEPS = ["login", "unity_catalog", "warehouse", "schema", "tables", "stage", "job"]


def failed(opened: Opened, **settings: object) -> CheckStep:
    """The step that fails; those before it are well, those behind it are skipped."""
    steps = list(opened(**settings).check())
    assert [step.key for step in steps] == [f"databricks.{name}" for name in STEPS]
    (at,) = [place for place, step in enumerate(steps) if step.outcome == "failed"]
    assert {step.outcome for step in steps[:at]} <= {"ok"}
    assert {step.outcome for step in steps[at + 1 :]} <= {"skipped"}
    for language in ("de", "en"):
        assert "{" not in step_cause(steps[at].cause, steps[at].facts, language)
    return steps[at]


def test_everything_is_well_and_made_where_it_was_missing(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    for _ in range(2):
        assert [step.outcome for step in opened().check()] == ["ok"] * len(STEPS)
    tables = workspace.sql(f"SHOW TABLES IN `{CATALOG}`.{SCHEMA}")
    assert {row[1] for row in tables} >= {"booking_lines", "v_open_items"}
    known = f"`{CATALOG}`.information_schema.tables"
    (about,) = workspace.sql(f"SELECT comment FROM {known} WHERE table_name = 'v_load_reconciliation'")
    assert about[0] is not None
    assert about[0].startswith("Each load with what was sent and what was read back;")


def test_wrong_credentials_are_told_without_them(opened: Opened) -> None:
    step = failed(opened, secret="dose-not-fit")
    assert (step.key, step.cause, step.who) == ("databricks.login", "databricks_credentials_refused", "it")
    assert step.facts["answer"].endswith("invalid_client: Client authentication failed")
    assert "dose-not-fit" not in str(step)
    assert failed(opened, client_id="00000000-0000-0000-0000-000000000000").cause == step.cause


def test_a_host_that_nobody_answers_at_is_named(opened: Opened) -> None:
    step = failed(opened, host="http://127.0.0.1:9")
    assert (step.key, step.cause) == ("databricks.login", "connection_refused")
    assert step.facts["address"] == "http://127.0.0.1:9"
    assert step.facts["setting"] == "databricks.host"


def test_a_host_that_is_no_workspace_is_named(opened: Opened, workspace: DatabricksStandIn) -> None:
    workspace.faults.add(Fault("status", "POST", "oidc/v1/token", status=404))
    step = failed(opened)
    assert (step.key, step.cause) == ("databricks.login", "unexpected_answer")
    assert "is no workspace" in step.facts["answer"]


def test_a_workspace_without_unity_catalog_has_no_place_for_tables(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    workspace.remove_metastore()
    step = failed(opened)
    assert (step.key, step.cause) == ("databricks.unity_catalog", "databricks_no_unity_catalog")
    assert "No metastore assigned" in step.facts["answer"]


def test_the_old_metastore_is_no_target(opened: Opened) -> None:
    assert failed(opened, catalog="Hive_Metastore").cause == "databricks_hive_metastore"


@pytest.mark.parametrize("state", ["DELETED", "DELETING"])
def test_a_warehouse_that_is_gone_or_never_was_is_named(
    opened: Opened, workspace: DatabricksStandIn, state: str
) -> None:
    assert failed(opened, warehouse_id="1234567890abcdef").cause == "databricks_no_warehouse"
    workspace.warehouse.turn(state)  # type: ignore[arg-type]
    step = failed(opened)
    assert (step.cause, step.facts["warehouse"]) == ("databricks_no_warehouse", WAREHOUSE_ID)


def test_a_stopped_warehouse_is_started_and_waited_for_where_that_is_allowed(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    workspace.warehouse.turn("STOPPED")
    assert failed(opened, start_warehouse=False).cause == "databricks_warehouse_stopped"
    assert workspace.warehouse.look() == "STOPPED"
    with pytest.raises(NeedsHuman):
        opened(start_warehouse=False).load(load_of(line(1)), nothing)
    workspace.warehouse.start_seconds = 0.2
    assert [step.outcome for step in opened().check()] == ["ok"] * len(STEPS)
    assert workspace.warehouse.look() == "RUNNING"


def test_a_warehouse_that_is_stopping_is_started_when_it_has_stopped(
    opened: Opened, workspace: DatabricksStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.warehouse.turn("STOPPING")
    plain, asked = workspace.warehouse.look, 0

    def look() -> State:
        nonlocal asked
        asked += 1
        if asked == 3:
            workspace.warehouse.turn("STOPPED")
        return plain()

    monkeypatch.setattr(workspace.warehouse, "look", look)
    assert [step.outcome for step in opened().check()] == ["ok"] * len(STEPS)


def test_a_catalog_is_made_only_where_that_is_allowed(opened: Opened, workspace: DatabricksStandIn) -> None:
    step = failed(opened, catalog="other")
    assert (step.key, step.cause, step.facts["catalog"]) == (
        "databricks.schema",
        "databricks_no_catalog",
        "other",
    )
    assert {one.outcome for one in opened(catalog="other", create_catalog=True).check()} == {"ok"}


def test_a_schema_is_not_made_where_that_is_forbidden(opened: Opened, workspace: DatabricksStandIn) -> None:
    step = failed(opened, create_schema=False)
    assert (step.cause, step.facts["schema"]) == ("databricks_no_schema", SCHEMA)


@pytest.mark.parametrize(
    ("privilege", "securable", "step"),
    [
        ("USE_CATALOG", CATALOG, "schema"),
        ("CREATE_SCHEMA", CATALOG, "schema"),
        ("CREATE_TABLE", f"{CATALOG}.{SCHEMA}", "tables"),
        ("WRITE_VOLUME", f"{CATALOG}.{SCHEMA}", "stage"),
        ("MODIFY", f"{CATALOG}.{SCHEMA}", "job"),
        ("READ_VOLUME", f"{CATALOG}.{SCHEMA}", "job"),
        ("CAN_USE", WAREHOUSE_ID, "schema"),
    ],
)
def test_a_missing_right_is_told_with_what_gives_it(
    opened: Opened, workspace: DatabricksStandIn, privilege: str, securable: str, step: str
) -> None:
    workspace.withhold(privilege, securable)
    found = failed(opened)
    assert (found.key, found.cause) == (f"databricks.{step}", "databricks_not_granted")
    assert f"GRANT USE CATALOG ON CATALOG `{CATALOG}` TO `{CLIENT_ID}`;" in found.facts["grants"]
    assert f"ON SCHEMA `{CATALOG}`.`{SCHEMA}` TO `{CLIENT_ID}`;" in found.facts["grants"]


def test_the_statements_that_are_printed_give_all_that_is_needed(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    workspace.sql(f"CREATE SCHEMA `{CATALOG}`.{SCHEMA}")
    workspace.withhold("USE_CATALOG", CATALOG)
    for privilege in ("USE_SCHEMA", "CREATE_TABLE", "CREATE_VOLUME", "SELECT", "MODIFY"):
        workspace.withhold(privilege, f"{CATALOG}.{SCHEMA}")
    for privilege in ("READ_VOLUME", "WRITE_VOLUME"):
        workspace.withhold(privilege, f"{CATALOG}.{SCHEMA}")
    workspace.sql(failed(opened).facts["grants"])
    assert [step.outcome for step in opened().check()] == ["ok"] * len(STEPS)
    assert opened().load(load_of(line(1)), nothing).agrees
