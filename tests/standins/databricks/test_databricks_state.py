"""A workspace goes on where it was stopped, or killed: everything is kept at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from databricks.sdk.service.workspace import ImportFormat

from mlconnector.standins.base import Clock, Options, create, names
from mlconnector.standins.databricks import CLIENT_ID, requirements
from mlconnector.standins.databricks import create as create_workspace
from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.standins.conftest import Switch
from tests.standins.databricks.conftest import LINES, log_in
from tests.standins.databricks.test_databricks_jobs import LOAD, begin, ended, result, saved

pytestmark = pytest.mark.xdist_group("databricks")


@pytest.fixture
def options(tmp_path: Path, clock: Clock) -> Options:
    return Options(clock=clock, state_file=tmp_path / "databricks.json")


def test_tables_views_columns_and_privileges_outlive_a_restart(options: Options) -> None:
    first = create_workspace(options)
    first.sql(f"CREATE CATALOG `fin-prod`; CREATE SCHEMA main.books COMMENT 'x'; {LINES}")
    first.sql("INSERT INTO main.books.lines (line_id, amount) VALUES ('1', 2.50)")
    first.sql("CREATE VIEW main.books.v AS SELECT sum(amount) AS total FROM main.books.lines")
    first.sql("ALTER TABLE main.books.lines ADD COLUMNS (kind STRING)")
    first.sql("CREATE VOLUME main.books.stage")
    first.sql(f"REVOKE MODIFY ON SCHEMA main.books FROM `{CLIENT_ID}`")
    second = create_workspace(options)
    assert second.sql("SELECT total FROM main.books.v") == [["2.50"]]
    assert second.sql("SELECT line_id, kind FROM main.books.lines") == [["1", None]]
    second.sql("INSERT INTO main.books.lines (line_id, amount, kind) VALUES ('2', 1, 'new')")
    assert second.sql("SELECT total FROM main.books.v") == [["3.50"]]
    assert second.workspace.unity == create_workspace(options).workspace.unity
    assert not second.grants.has(CLIENT_ID, "MODIFY", "main.books.lines")
    assert second.workspace.unity.schema("main", "books").volumes == {"stage"}


def test_a_table_that_is_made_later_does_not_take_the_place_of_an_older_one(options: Options) -> None:
    create_workspace(options).sql("CREATE TABLE main.default.a (x INT)")
    second = create_workspace(options)
    second.sql("CREATE TABLE main.default.b (x INT)")
    assert second.table_folder("main.default.a") != second.table_folder("main.default.b")


def test_jobs_runs_and_their_tokens_outlive_a_restart(url: str, switch: Switch, options: Options) -> None:
    first = create_workspace(options)
    switch.app = first.app
    first.sql(f"CREATE SCHEMA main.books; {LINES}")
    client = log_in(url)
    client.workspace.mkdirs(f"/Users/{CLIENT_ID}")
    path = f"/Workspace/Users/{CLIENT_ID}/lines.sql"
    client.workspace.upload(path, LOAD.encode(), format=ImportFormat.AUTO)
    job = saved(client)
    run = begin(client, job, token="t")
    ended(client, run)
    second = create_workspace(options)
    switch.app = second.app
    assert begin(client, job, token="t") == run
    assert result(client.jobs.get_run(run)) == "SUCCESS"
    assert result(ended(client, begin(client, job, "2", "u"))) == "SUCCESS"


def test_a_run_that_was_interrupted_failed(url: str, switch: Switch, options: Options) -> None:
    first = create_workspace(options)
    first.running.seconds = 60
    switch.app = first.app
    client = log_in(url)
    run = begin(client, saved(client))
    switch.app = create_workspace(options).app
    assert result(client.jobs.get_run(run)) == "FAILED"
    first.stop()


def test_the_workspace_is_one_of_the_stand_ins() -> None:
    assert "databricks" in names()
    assert isinstance(create("databricks", Options()), DatabricksStandIn)


def test_it_says_what_to_install_where_the_engine_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "find_spec", lambda name: None if name == "pysail" else sys)
    with pytest.raises(requirements.MissingEngine, match=r"pysail\. .*pip install 'ml-connector\[dev\]'"):
        create_workspace(Options())


def test_a_workspace_without_a_state_file_leaves_nothing_behind() -> None:
    made = create_workspace(Options())
    folder = made.workspace.folder
    made.sql("CREATE TABLE main.default.t (x INT)")
    assert folder.exists()
    made.workspace.remove()
    assert not folder.exists()
