"""SQL is carried out on real Delta tables, with the names, rules and errors of the original."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from databricks.sdk import WorkspaceClient
from deltalake import DeltaTable

from mlconnector.standins.base import Options
from mlconnector.standins.databricks import create
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.standins.databricks.conftest import LINES, MERGE, Run, error, rows, state

pytestmark = pytest.mark.xdist_group("databricks")
TWO = '[{"id":"0001","amount":"2.50"},{"id":"2","amount":"-3.10"}]'
STAGED = "/Volumes/main/books/stage/lines/1.json"


def stage(standin: DatabricksStandIn, text: str) -> None:
    """Put a file where a load would put it."""
    standin.sql("CREATE VOLUME IF NOT EXISTS main.books.stage")
    place = standin.workspace.volumes.place(STAGED)[1]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def test_a_merge_counts_what_it_changed_and_a_replay_changes_nothing(
    run: Run, lines: DatabricksStandIn
) -> None:
    assert rows(run(MERGE, rows=TWO)) == [["2", "0", "0", "2"]]
    version = lines.workspace.tables.version(lines.workspace.unity.table(("main", "books", "lines")))
    assert rows(run(MERGE, rows=TWO)) == [["0", "0", "0", "0"]]
    assert rows(run(MERGE, rows=TWO.replace("2.50", "2.60"))) == [["1", "1", "0", "0"]]
    found = rows(run("SELECT line_id, amount FROM main.books.lines ORDER BY line_id"))
    assert found == [["0001", "2.60"], ["2", "-3.10"]]
    assert version == 1


def test_what_was_written_is_a_delta_table_that_others_read(run: Run, lines: DatabricksStandIn) -> None:
    run(MERGE, rows=TWO)
    table = DeltaTable(str(lines.table_folder("main.books.lines"))).to_pyarrow_table()
    assert sorted(table.column("line_id").to_pylist()) == ["0001", "2"]
    assert sum(table.column("amount").to_pylist()) == Decimal("-0.60")


def test_the_same_key_twice_in_the_source_of_a_merge_is_an_error(run: Run, lines: DatabricksStandIn) -> None:
    run(MERGE, rows=TWO)
    twice = '[{"id":"2","amount":"1.00"},{"id":"2","amount":"2.00"}]'
    found = error(run(MERGE, rows=twice))
    assert "[DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE]" in found


def test_not_null_is_enforced_and_a_primary_key_is_not(run: Run, lines: DatabricksStandIn) -> None:
    assert "[DELTA_NOT_NULL_CONSTRAINT_VIOLATED]" in error(
        run("INSERT INTO main.books.lines (amount) VALUES (1)")
    )
    twice = "INSERT INTO main.books.lines (line_id) VALUES ('1'), ('1')"
    assert rows(run(twice)) == [["2", "2"]]


def test_columns_that_an_insert_leaves_out_are_null(run: Run, lines: DatabricksStandIn) -> None:
    run("INSERT INTO main.books.lines (AMOUNT, line_id) SELECT 1.5, 'a'")
    assert rows(run("SELECT * FROM main.books.lines")) == [["a", "1.50", None, None, None]]


def test_update_and_delete_count_the_rows_that_they_changed(run: Run, lines: DatabricksStandIn) -> None:
    run(MERGE, rows=TWO)
    assert rows(run("UPDATE main.books.lines SET is_deleted = true WHERE line_id = '2'")) == [["1"]]
    assert rows(run("DELETE FROM main.books.lines WHERE is_deleted")) == [["1"]]
    assert rows(run("SELECT count(*) FROM main.books.lines")) == [["1"]]


def test_rows_can_be_replaced_by_a_condition(run: Run, lines: DatabricksStandIn) -> None:
    run(MERGE, rows=TWO)
    run(
        "INSERT INTO main.books.lines REPLACE WHERE line_id = '2' "
        "SELECT '2', 9, DATE'2026-03-01', TIMESTAMP'2026-03-01 00:00:00', false"
    )
    assert rows(run("SELECT sum(amount) FROM main.books.lines")) == [["11.50"]]


@pytest.mark.parametrize(
    ("value", "name"),
    [("'1.234,56'", "CAST_INVALID_INPUT"), ("'99999999999999999'", "NUMERIC_VALUE_OUT_OF_RANGE")],
)
def test_an_amount_that_is_none_is_refused(run: Run, value: str, name: str) -> None:
    assert f"[{name}]" in error(run(f"SELECT CAST({value} AS DECIMAL(18,2))"))


@pytest.mark.parametrize(
    ("text", "name", "sql_state"),
    [
        ("SELEC 1", "PARSE_SYNTAX_ERROR", "42601"),
        ("SELECT * FROM lines", "TABLE_OR_VIEW_NOT_FOUND", "42P01"),
        ("SELECT * FROM main.nothing.lines", "SCHEMA_NOT_FOUND", "42704"),
        ("SELECT * FROM nothing.books.lines", "NO_SUCH_CATALOG_EXCEPTION", "42704"),
        ("SELECT nothing FROM main.books.lines", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703"),
        ("SELECT 1 / 0", "DIVIDE_BY_ZERO", "22012"),
        ("CREATE TABLE main.books.lines (a STRING)", "TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"),
        ("CREATE SCHEMA main.books", "SCHEMA_ALREADY_EXISTS", "42P06"),
        ("DROP SCHEMA main.books", "SCHEMA_NOT_EMPTY", "2BP01"),
        ("EXPLODE 1", "PARSE_SYNTAX_ERROR", "42601"),
    ],
)
def test_an_error_has_its_class_and_state(
    lines: DatabricksStandIn, text: str, name: str, sql_state: str
) -> None:
    with pytest.raises(SqlError) as raised:
        lines.sql(text)
    assert (raised.value.name, raised.value.sql_state) == (name, sql_state)
    assert str(raised.value).startswith(f"[{name}] ")
    assert str(raised.value).endswith(f"SQLSTATE: {sql_state}")


def test_a_name_with_a_dash_is_quoted_and_case_does_not_matter(run: Run) -> None:
    for text in ("CREATE CATALOG `fin-prod`", "CREATE SCHEMA `fin-prod`.`Ml-C`"):
        assert state(run(text)) == "SUCCEEDED"
    run("CREATE TABLE `fin-prod`.`ml-c`.Lines (Line_Id STRING)")
    run("INSERT INTO `FIN-PROD`.`ML-C`.LINES VALUES ('1')")
    assert state(run("CREATE TABLE IF NOT EXISTS `fin-prod`.`ml-c`.lines (other INT)")) == "SUCCEEDED"
    run("CREATE VIEW `fin-prod`.`ml-c`.v AS SELECT lines.line_id FROM `fin-prod`.`ml-c`.lines")
    assert rows(run("SELECT LINE_ID FROM `fin-prod`.`ml-c`.v")) == [["1"]]
    assert "[PARSE_SYNTAX_ERROR]" in error(run("SELECT * FROM fin-prod.`ml-c`.v WHERE"))


def test_names_without_a_catalog_are_looked_for_where_the_request_says(
    client: WorkspaceClient, lines: DatabricksStandIn, run: Run
) -> None:
    run(MERGE, rows=TWO)
    count = "SELECT count(*), current_catalog(), current_schema() FROM lines"
    found = client.statement_execution.execute_statement(
        count, lines.warehouse_id, catalog="main", schema="books"
    )
    assert rows(found) == [["2", "main", "books"]]


def test_a_view_is_looked_at_anew_each_time_and_may_be_replaced(run: Run, lines: DatabricksStandIn) -> None:
    run("CREATE VIEW main.books.v AS SELECT sum(amount) AS total FROM main.books.lines")
    run(MERGE, rows=TWO)
    assert rows(run("SELECT v.total FROM main.books.v")) == [["-0.60"]]
    run(
        "CREATE OR REPLACE VIEW main.books.v (n COMMENT 'count') COMMENT 'how many' AS "
        "WITH live AS (SELECT * FROM main.books.lines l WHERE NOT coalesce(l.is_deleted, false)) "
        "SELECT count(*) AS x FROM live"
    )
    assert rows(run("SELECT n FROM main.books.v")) == [["2"]]


def test_a_table_with_a_name_that_a_common_table_has_too_is_not_meant(
    run: Run, lines: DatabricksStandIn
) -> None:
    assert rows(run("WITH lines AS (SELECT 1 AS a) SELECT * FROM lines")) == [["1"]]


def test_columns_can_be_added_and_rows_of_before_have_null_in_them(
    run: Run, lines: DatabricksStandIn
) -> None:
    run(MERGE, rows=TWO)
    added = "kind STRING COMMENT 'new', tax DECIMAL(18,2), tags ARRAY<STRING>"
    assert state(run(f"ALTER TABLE main.books.lines ADD COLUMNS ({added})")) == "SUCCEEDED"
    assert rows(run(MERGE, rows=TWO.replace("0001", "3"))) == [["1", "0", "0", "1"]]
    assert rows(run("SELECT count(*), count(kind), count(tax) FROM main.books.lines")) == [["3", "0", "0"]]
    run("UPDATE main.books.lines SET kind = 'x', tax = 1.5, tags = array('a') WHERE line_id = '3'")
    assert rows(run("SELECT kind, tax, tags FROM main.books.lines WHERE tax > 0")) == [["x", "1.50", '["a"]']]
    assert "[FIELD_ALREADY_EXISTS]" in error(run("ALTER TABLE main.books.lines ADD COLUMNS (Kind STRING)"))
    assert "NOT NULL" in error(run("ALTER TABLE main.books.lines ADD COLUMNS (must STRING NOT NULL)"))
    assert state(run("ALTER TABLE main.books.lines ADD COLUMN IF NOT EXISTS kind STRING")) == "SUCCEEDED"


def test_a_table_that_was_dropped_and_made_again_is_empty(run: Run, lines: DatabricksStandIn) -> None:
    run(MERGE, rows=TWO)
    folder = lines.table_folder("main.books.lines")
    run("DROP TABLE main.books.lines")
    assert not folder.exists()
    assert "[TABLE_OR_VIEW_NOT_FOUND]" in error(run("DROP TABLE main.books.lines"))
    assert state(run("DROP TABLE IF EXISTS main.books.lines")) == "SUCCEEDED"
    run(LINES)
    assert rows(run("SELECT count(*) FROM main.books.lines")) == [["0"]]


def test_a_table_can_be_made_of_a_query(run: Run, lines: DatabricksStandIn) -> None:
    run(MERGE, rows=TWO)
    run("CREATE OR REPLACE TABLE main.books.copy AS SELECT line_id, amount FROM main.books.lines")
    assert rows(run("SELECT sum(amount) FROM main.books.copy")) == [["-0.60"]]


def test_what_there_is_can_be_shown(run: Run, lines: DatabricksStandIn) -> None:
    assert rows(run("SHOW TABLES IN main.books")) == [["books", "lines", "false"]]
    assert ["books"] in rows(run("SHOW SCHEMAS IN main"))
    assert ["main"] in rows(run("SHOW CATALOGS"))
    assert rows(run("DESCRIBE TABLE main.books.lines"))[1] == ["amount", "decimal(18,2)", None]
    columns = (
        "SELECT column_name, is_nullable FROM main.information_schema.columns WHERE table_name = 'lines'"
    )
    assert rows(run(f"{columns} ORDER BY ordinal_position"))[:2] == [["line_id", "NO"], ["amount", "YES"]]
    tables = "SELECT table_name FROM main.information_schema.tables WHERE table_schema = 'books'"
    assert rows(run(tables)) == [["lines"]]


def test_a_table_can_be_compacted_and_keeps_its_rows(run: Run, lines: DatabricksStandIn) -> None:
    for number in range(3):
        run(MERGE, rows=f'[{{"id":"{number}","amount":"1.00"}}]')
    assert len(list(lines.table_folder("main.books.lines").glob("*.parquet"))) == 3
    assert state(run("OPTIMIZE main.books.lines")) == "SUCCEEDED"
    assert rows(run("SELECT sum(amount) FROM main.books.lines")) == [["3.00"]]
    assert rows(run("DESCRIBE HISTORY main.books.lines"))[0][1] == "OPTIMIZE"


def test_a_staged_file_is_read_with_the_columns_that_are_named(run: Run, lines: DatabricksStandIn) -> None:
    stage(lines, '{"id":"0001","amount":"12.50"}\n{"id":"ä😀","other":"x"}\n')
    columns = "id STRING, amount STRING, at STRING"
    text = f"SELECT f.* FROM read_files(:path, format => 'json', schema => '{columns}') f"
    assert rows(run(text, path=STAGED)) == [["0001", "12.50", None], ["ä😀", None, None]]
    folder = STAGED.rpartition("/")[0]
    assert len(rows(run(text, path=folder))) == 2
    assert rows(run(f"SELECT id FROM json.`{STAGED}` WHERE amount = '12.50'")) == [["0001"]]


def test_an_empty_staged_file_has_no_rows(run: Run, lines: DatabricksStandIn) -> None:
    stage(lines, "")
    text = f"SELECT count(*) FROM read_files('{STAGED}', format => 'json', schema => 'id STRING')"
    assert rows(run(text)) == [["0"]]


@pytest.mark.parametrize("path", ["/Volumes/main/books/stage/none.json", "/tmp/x", "/Volumes/main/books"])
def test_a_file_that_is_not_there_is_an_error(run: Run, lines: DatabricksStandIn, path: str) -> None:
    lines.sql("CREATE VOLUME main.books.stage")
    assert "[PATH_NOT_FOUND]" in error(run(f"SELECT * FROM read_files('{path}', format => 'json')"))


def test_a_merge_from_a_staged_file_is_carried_out_once_however_often_it_is_asked_for(
    run: Run, lines: DatabricksStandIn
) -> None:
    stage(lines, "".join(f'{{"id":"{number}","amount":"{number}.10"}}\n' for number in range(500)))
    merge = f"""MERGE INTO main.books.lines t USING (
      SELECT id, CAST(amount AS DECIMAL(18,2)) AS amount
      FROM read_files('{STAGED}', format => 'json', schema => 'id STRING, amount STRING')) s
    ON t.line_id = s.id WHEN MATCHED AND t.amount <> s.amount THEN UPDATE SET t.amount = s.amount
    WHEN NOT MATCHED THEN INSERT (line_id, amount) VALUES (s.id, s.amount)"""
    assert [rows(run(merge))[0][0] for _ in range(3)] == ["500", "0", "0"]
    assert rows(run("SELECT count(*), sum(amount) FROM main.books.lines")) == [["500", "124800.00"]]


def test_a_lost_race_is_an_error_and_leaves_the_table_as_it_was(run: Run, lines: DatabricksStandIn) -> None:
    lines.conflict()
    assert "[DELTA_CONCURRENT_APPEND]" in error(run(MERGE, rows=TWO))
    assert rows(run("SELECT count(*) FROM main.books.lines")) == [["0"]]
    assert rows(run(MERGE, rows=TWO)) == [["2", "0", "0", "2"]]


def test_two_at_once_lose_nothing(run: Run, lines: DatabricksStandIn) -> None:
    given = [f'[{{"id":"{number}","amount":"1.00"}}]' for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda each: state(run(MERGE, rows=each)), given))
    assert found == ["SUCCEEDED"] * 8
    assert rows(run("SELECT count(*), sum(amount) FROM main.books.lines")) == [["8", "8.00"]]


def test_two_workspaces_share_the_engine_and_nothing_else(lines: DatabricksStandIn) -> None:
    other = create(Options())
    other.sql(f"CREATE SCHEMA main.books; {LINES}")
    other.sql("INSERT INTO main.books.lines (line_id) VALUES ('x')")
    assert lines.sql("SELECT count(*) FROM main.books.lines") == [["0"]]


def test_comments_properties_and_constraints_are_kept(client: WorkspaceClient, run: Run) -> None:
    run("CREATE SCHEMA main.books COMMENT 'the books'")
    run(LINES)
    run("ALTER TABLE main.books.lines SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')")
    run("ALTER TABLE main.books.lines ADD CONSTRAINT known CHECK (amount > 0)")
    run("COMMENT ON TABLE main.books.lines IS 'changed'")
    found = client.tables.get("main.books.lines")
    assert (found.comment, found.properties) == ("changed", {"delta.enableChangeDataFeed": "true"})
    constraints = [each.as_dict() for each in found.table_constraints or []]
    assert constraints[0] == {"primary_key_constraint": {"name": "lines_pk", "child_columns": ["line_id"]}}
    assert constraints[1]["named_table_constraint"]["name"] == "known"
    assert client.schemas.get("main.books").comment == "the books"
