"""What a workspace is asked to carry out changes its tables once, and says what of a load is in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlconnector.standins.base import Options
from mlconnector.standins.databricks import create
from mlconnector.standins.databricks.standin import DatabricksStandIn
from mlconnector.systems.databricks import workspace_sql
from mlconnector.systems.databricks.rows import staged_rows
from mlconnector.systems.databricks.tables import Column, Table, tables
from mlconnector.systems.databricks.workspace_sql import Place
from mlconnector.systems.warehouse import OutgoingLoad
from tests.systems.databricks.tables import line, load_of

pytestmark = pytest.mark.xdist_group("databricks")
PLACE = Place("fin-prod", "ml_connector")
_ALL = tables()["booking_lines"]
# The engine of the stand-in plans an update in a time that doubles with every column of the table.
_FEW = {"line_id", "line_no", "account", "amount", "row_hash", "load_id", "loaded_at", "is_deleted"}
LINES = Table(
    "lines", _ALL.comment, _ALL.key, _ALL.amount, tuple(one for one in _ALL.columns if one.name in _FEW)
)
Cells = list[list[str | None]]


@pytest.fixture
def workspace() -> Iterator[DatabricksStandIn]:
    """A workspace with the catalog, the schema, the volume and the table of bookings."""
    made = create(Options())
    made.sql("CREATE CATALOG `fin-prod`; CREATE SCHEMA `fin-prod`.ml_connector")
    made.sql(f"CREATE VOLUME {PLACE.named(workspace_sql.VOLUME)}")
    made.sql(workspace_sql.create_table(PLACE, LINES))
    yield made
    made.stop()


def staged(workspace: DatabricksStandIn, load: OutgoingLoad) -> dict[str, str | None]:
    """Put a load's rows where they are merged from; the parameters that say where that is."""
    path = PLACE.staged(load.id, LINES.name)
    file = workspace.workspace.volumes.place(path)[1]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(workspace_sql.staged_lines(staged_rows(_ALL, load)))
    return {"path": path}


def merged(workspace: DatabricksStandIn, load: OutgoingLoad) -> Cells:
    return workspace.sql(workspace_sql.merge(PLACE, LINES), staged(workspace, load))


def found(workspace: DatabricksStandIn, load: OutgoingLoad) -> Cells:
    return workspace.sql(workspace_sql.found_again(PLACE, LINES), staged(workspace, load))


def held(workspace: DatabricksStandIn, columns: str) -> Cells:
    return workspace.sql(f"SELECT {columns} FROM {PLACE.named(LINES.name)} ORDER BY line_id")


def test_a_load_that_is_merged_twice_is_there_once_and_found_to_the_cent(
    workspace: DatabricksStandIn,
) -> None:
    load = load_of(line(1, account="0001"), line(2, "-19.00"))
    assert merged(workspace, load) == [["2", "0", "0", "2"]]
    assert merged(workspace, load) == [["0", "0", "0", "0"]]
    assert found(workspace, load) == [["2", "100.00"]]
    assert held(workspace, "account, amount") == [["0001", "119.00"], ["10001", "-19.00"]]


def test_a_newer_load_replaces_what_changed_and_an_older_one_does_not(workspace: DatabricksStandIn) -> None:
    newer, older = load_of(line(1, "2.00"), after=5), load_of(line(1, "1.00"), line(2, "7.00"), after=1)
    merged(workspace, newer)
    assert merged(workspace, older) == [["1", "0", "0", "1"]]
    assert held(workspace, "amount") == [["2.00"], ["7.00"]]
    assert found(workspace, older) == [["2", "8.00"]]


def test_rows_that_are_not_in_the_table_are_missed(workspace: DatabricksStandIn) -> None:
    load = load_of(line(1), line(2))
    assert found(workspace, load) == [["0", "0.00"]]
    merged(workspace, load)
    workspace.sql(f"DELETE FROM {PLACE.named(LINES.name)} WHERE line_no = 2")
    assert found(workspace, load) == [["1", "119.00"]]


def test_a_new_column_is_added_once_and_changes_no_row(workspace: DatabricksStandIn) -> None:
    merged(workspace, load_of(line(1)))
    later = Column("invented_later", "long", True, "A later idea, and it's required", 2)
    wider = Table(LINES.name, "", LINES.key, LINES.amount, (*LINES.columns, later))
    there = [one.name.upper() for one in LINES.columns]
    workspace.sql(workspace_sql.add_columns(PLACE, wider, there))
    assert held(workspace, "amount, invented_later") == [["119.00", None]]
    assert workspace_sql.add_columns(PLACE, wider, [*there, "Invented_Later"]) == ""


def test_every_table_is_made_as_it_is_described_and_made_again_without_harm(
    workspace: DatabricksStandIn,
) -> None:
    for table in tables().values():
        for _ in range(2):
            workspace.sql(workspace_sql.create_table(PLACE, table))
        described = workspace.sql(f"DESCRIBE TABLE {PLACE.named(table.name)}")
        assert [(row[0], row[2]) for row in described] == [(one.name, one.comment) for one in table.columns]
