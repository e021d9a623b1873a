"""Unity Catalog over REST and in SQL: look-ups, missing privileges, and a workspace without a metastore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied

from mlconnector.standins.databricks import CLIENT_ID
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.standins.databricks.conftest import MERGE, Run, error, rows

pytestmark = pytest.mark.xdist_group("databricks")
Look = Callable[[WorkspaceClient], Any]


def test_the_workspace_has_a_metastore(client: WorkspaceClient) -> None:
    assert client.metastores.summary().metastore_id == client.metastores.current().metastore_id
    assert client.metastores.current().default_catalog_name == "main"


def test_what_there_is_is_found_by_its_name_whatever_the_case(
    client: WorkspaceClient, lines: DatabricksStandIn
) -> None:
    lines.sql("CREATE VOLUME main.books.stage; CREATE VIEW main.books.v AS SELECT 1 AS one")
    assert client.catalogs.get("MAIN").name == "main"
    assert client.schemas.get("main.BOOKS").full_name == "main.books"
    assert client.volumes.read("main.books.Stage").full_name == "main.books.stage"
    found = client.tables.get("main.books.LINES")
    shown = [(each.name, each.type_text, each.nullable) for each in found.columns or []][:2]
    assert shown == [("line_id", "string", False), ("amount", "decimal(18,2)", True)]
    view = client.tables.get("main.books.v")
    assert (view.table_type and view.table_type.value, view.view_definition) == ("VIEW", "SELECT 1 AS one")


def test_lists_show_what_is_there(client: WorkspaceClient, lines: DatabricksStandIn) -> None:
    lines.sql("CREATE VOLUME main.books.stage")
    assert {each.name for each in client.catalogs.list()} == {"main", "hive_metastore"}
    assert "books" in {each.name for each in client.schemas.list("main")}
    assert [each.name for each in client.tables.list("main", "books")] == ["lines"]
    assert [each.name for each in client.volumes.list("main", "books")] == ["stage"]


@pytest.mark.parametrize(
    ("look", "text"),
    [
        (lambda client: client.catalogs.get("no"), "Catalog 'no' was not found"),
        (lambda client: client.schemas.get("main.no"), "The schema `main`.`no` cannot be found"),
        (lambda client: client.tables.get("main.books.no"), "`main`.`books`.`no` cannot be found"),
        (lambda client: client.volumes.read("main.books.no"), "`main`.`books`.`no` does not exist"),
    ],
    ids=["catalog", "schema", "table", "volume"],
)
def test_what_is_not_there_is_not_found(
    client: WorkspaceClient, lines: DatabricksStandIn, look: Look, text: str
) -> None:
    with pytest.raises(NotFound, match=text):
        look(client)


@pytest.mark.parametrize(
    ("privilege", "securable", "kind"),
    [
        ("USE CATALOG", "main", "Catalog 'main'"),
        ("USE SCHEMA", "main.books", "Schema 'main.books'"),
        ("SELECT", "main.books.lines", "Table 'main.books.lines'"),
        ("SELECT", "main", "Table 'main.books.lines'"),
    ],
)
def test_a_privilege_that_is_missing_is_named_in_sql_and_by_rest(
    client: WorkspaceClient, lines: DatabricksStandIn, run: Run, privilege: str, securable: str, kind: str
) -> None:
    lines.withhold(privilege, securable)
    text = f"User does not have {privilege} on {kind}."
    assert error(run("SELECT * FROM main.books.lines")) == (
        f"[INSUFFICIENT_PERMISSIONS] Insufficient privileges: {text} SQLSTATE: 42501"
    )
    with pytest.raises(PermissionDenied, match=text):
        client.tables.get("main.books.lines")


@pytest.mark.parametrize(
    ("privilege", "securable", "text"),
    [
        ("MODIFY", "main.books.lines", MERGE),
        ("MODIFY", "main.books", "ALTER TABLE main.books.lines ADD COLUMNS (x STRING)"),
        ("MANAGE", "main.books.lines", "DROP TABLE main.books.lines"),
        ("CREATE TABLE", "main.books", "CREATE TABLE main.books.other (a STRING)"),
        ("CREATE SCHEMA", "main", "CREATE SCHEMA main.other"),
        ("CREATE VOLUME", "main.books", "CREATE VOLUME main.books.stage"),
        ("CREATE CATALOG", "metastore", "CREATE CATALOG other"),
    ],
)
def test_what_must_not_be_written_is_refused_until_it_is_granted(
    lines: DatabricksStandIn, run: Run, privilege: str, securable: str, text: str
) -> None:
    lines.withhold(privilege, securable)
    found = error(run(text, rows="[]"))
    assert "[INSUFFICIENT_PERMISSIONS]" in found
    assert privilege in found
    lines.grant(privilege, securable)
    run(text, rows="[]")


def test_a_grant_in_sql_helps_when_an_administrator_gives_it(lines: DatabricksStandIn, run: Run) -> None:
    lines.sql(f"REVOKE SELECT, MODIFY ON SCHEMA main.books FROM `{CLIENT_ID}`")
    assert "[INSUFFICIENT_PERMISSIONS]" in error(run("SELECT * FROM main.books.lines"))
    grant = f"GRANT SELECT, MODIFY ON SCHEMA main.books TO `{CLIENT_ID}`"
    assert "MANAGE on Schema 'main.books'" in error(run(grant))
    lines.sql(grant)
    assert rows(run("SELECT count(*) FROM main.books.lines")) == [["0"]]


def test_privileges_are_those_of_one_principal(lines: DatabricksStandIn, run: Run) -> None:
    lines.withhold("SELECT", "main.books.lines", "another")
    assert rows(run("SELECT count(*) FROM main.books.lines")) == [["0"]]


def test_a_view_is_read_with_the_rights_of_who_made_it(lines: DatabricksStandIn, run: Run) -> None:
    lines.sql("CREATE VIEW main.books.v AS SELECT count(*) AS n FROM main.books.lines")
    lines.withhold("SELECT", "main.books.lines")
    assert rows(run("SELECT n FROM main.books.v")) == [["0"]]


def test_a_workspace_without_a_metastore_says_so(
    client: WorkspaceClient, standin: DatabricksStandIn, run: Run
) -> None:
    standin.remove_metastore()
    for look in (client.metastores.summary, client.metastores.current, lambda: client.catalogs.get("main")):
        with pytest.raises(NotFound, match="No metastore assigned for the current workspace"):
            look()
    for text in ("SELECT current_metastore()", "SELECT * FROM main.books.lines"):
        assert "[OPERATION_REQUIRES_UNITY_CATALOG]" in error(run(text))
        assert error(run(text)).endswith("SQLSTATE: 0AKUD")


def test_without_a_metastore_there_is_still_the_catalog_of_hive(standin: DatabricksStandIn, run: Run) -> None:
    standin.remove_metastore()
    run("CREATE SCHEMA old")
    run("CREATE TABLE old.t (a STRING)")
    run("INSERT INTO hive_metastore.old.t VALUES ('x')")
    assert rows(run("SELECT a, current_catalog() FROM old.t")) == [["x", "hive_metastore"]]


def test_the_catalog_of_hive_is_there_beside_unity_catalog(standin: DatabricksStandIn) -> None:
    standin.sql("CREATE TABLE hive_metastore.default.t (a STRING)")
    assert standin.sql("SELECT count(*) FROM hive_metastore.default.t") == [["0"]]
    with pytest.raises(SqlError):
        standin.sql("SELECT count(*) FROM main.default.t")
