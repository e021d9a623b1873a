"""A MERGE does what the original does, on wide tables too; what it cannot do in the same way it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from mlconnector.standins.base import Options
from mlconnector.standins.databricks import create, merging
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.databricks.standin import DatabricksStandIn

pytestmark = pytest.mark.xdist_group("databricks")
TABLE = "main.`to-day`.`lines-1`"
UNTOUCHED = "main.`to-day`.untouched"
KINDS = {
    "Id": "STRING NOT NULL",
    "hash": "STRING",
    "amount": "DECIMAL(18,2)",
    "booked": "DATE",
    "loaded_at": "TIMESTAMP",
    "is_deleted": "BOOLEAN",
    "size": "INT",
    "tags": "ARRAY<STRING>",
} | {f"c{number}": "STRING" for number in range(32)}
WIDE = ", ".join(f"{name} {kind}" for name, kind in KINDS.items())
FIRST = "'1', 'a', 12345678901234.56, DATE'2026-02-28', TIMESTAMP'2026-01-01 10:00:00.123456', true, 7"
COLUMNS = "id, hash, amount, booked, loaded_at, is_deleted, size"
SEEN = f"SELECT {COLUMNS}, CAST(loaded_at AS STRING), tags, c31 FROM {TABLE} ORDER BY id"
Rows = list[list[str | None]]


@pytest.fixture(scope="module")
def workspace() -> Iterator[DatabricksStandIn]:
    made = create(Options())
    made.sql("CREATE SCHEMA main.`to-day`")
    yield made
    made.stop()


@pytest.fixture
def wide(workspace: DatabricksStandIn) -> DatabricksStandIn:
    """A workspace with a table of forty columns and one row."""
    begin(workspace, TABLE)
    return workspace


@pytest.fixture(scope="module")
def untouched(workspace: DatabricksStandIn) -> DatabricksStandIn:
    """A workspace with such a table that refusals leave as it is."""
    begin(workspace, UNTOUCHED)
    return workspace


def begin(workspace: DatabricksStandIn, table: str) -> None:
    workspace.sql(f"CREATE OR REPLACE TABLE {table} ({WIDE}) USING DELTA")
    workspace.sql(f"INSERT INTO {table} (id, hash, amount, size) VALUES ('1', 'a', 1.10, 1)")


def source(*rows: str) -> str:
    """Rows with the seven columns that `COLUMNS` names, a list and many more texts."""
    texts = ", ".join(f"hash AS c{number}" for number in range(32))
    return f"(SELECT *, array('x', hash) AS tags, {texts} FROM VALUES ({'), ('.join(rows)}) AS v({COLUMNS}))"


def merge(workspace: DatabricksStandIn, using: str, rest: str, on: str = "t.id = s.id") -> Rows:
    return workspace.sql(f"MERGE INTO {TABLE} AS t USING {using} AS s ON {on} {rest}")


def failed(workspace: DatabricksStandIn, using: str, rest: str, table: str = TABLE) -> SqlError:
    before = workspace.sql(f"DESCRIBE HISTORY {table}")
    with pytest.raises(SqlError) as raised:
        workspace.sql(f"MERGE INTO {table} AS t USING {using} AS s ON t.id = s.id {rest}")
    assert workspace.sql(f"DESCRIBE HISTORY {table}") == before
    return raised.value


ALL = "WHEN MATCHED AND t.hash <> s.hash THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"


def test_a_wide_table_is_merged_to_the_digit_and_once(wide: DatabricksStandIn) -> None:
    rows = source(FIRST.replace("'a'", "'b'"), FIRST.replace("'1'", "'2'").replace("true", "false"))
    assert merge(wide, rows, ALL) == [["2", "1", "0", "1"]]
    assert merge(wide, rows, ALL) == [["0", "0", "0", "0"]]
    times = ["2026-02-28", "2026-01-01T10:00:00.123Z"]
    exact = "2026-01-01 10:00:00.123456"
    assert wide.sql(SEEN) == [
        ["1", "b", "12345678901234.56", *times, "true", "7", exact, '["x","b"]', "b"],
        ["2", "a", "12345678901234.56", *times, "false", "7", exact, '["x","a"]', "a"],
    ]
    assert wide.sql(f"DESCRIBE HISTORY {TABLE}")[0][1] == "MERGE"


def test_columns_that_an_insert_leaves_out_are_null_and_names_are_of_any_case(
    wide: DatabricksStandIn,
) -> None:
    rest = (
        "WHEN NOT MATCHED THEN INSERT (ID, `Amount`) VALUES (s.Id, 0.5) WHEN MATCHED THEN UPDATE SET SIZE = 2"
    )
    assert merge(wide, "(SELECT '1' AS iD UNION ALL SELECT '2')", rest) == [["2", "1", "0", "1"]]
    found = wide.sql(f"SELECT id, amount, size, hash FROM {TABLE} ORDER BY id")
    assert found == [["1", "1.10", "2", "a"], ["2", "0.50", None, None]]


@pytest.mark.parametrize(("on", "updated"), [("t.booked <=> s.b", "1"), ("t.booked = s.b", "0")])
def test_null_is_the_same_as_null_only_where_it_is_said(
    wide: DatabricksStandIn, on: str, updated: str
) -> None:
    rows = "(SELECT CAST(NULL AS DATE) AS b)"
    assert merge(wide, rows, "WHEN MATCHED THEN UPDATE SET size = 9", on)[0][1] == updated


def test_the_first_clause_whose_condition_holds_is_taken(wide: DatabricksStandIn) -> None:
    merge(wide, source(FIRST.replace("'1'", "'2'"), FIRST.replace("'1'", "'3'")), ALL)
    rest = """WHEN MATCHED AND s.id = '2' THEN DELETE
      WHEN MATCHED AND (t.size IN (1, 5) OR NOT t.is_deleted) THEN UPDATE SET
        t.amount = CASE WHEN t.size < s.n THEN s.n ELSE t.amount END, t.hash = coalesce(t.hash, s.id),
        t.c0 = t.c31, t.c1 = upper(s.id || 'x'), t.is_deleted = NULL
      WHEN MATCHED AND t.size BETWEEN 7 AND s.n + 4 THEN UPDATE SET size = 0"""
    rows = "(SELECT id, 3 AS n FROM VALUES ('1'), ('2'), ('3') AS v(id))"
    assert merge(wide, rows, rest) == [["3", "2", "1", "0"]]
    found = wide.sql(f"SELECT id, amount, hash, c0, c1, is_deleted, size FROM {TABLE} ORDER BY id")
    assert found[0] == ["1", "3.00", "a", None, "1X", None, "1"]
    assert found[1][-1] == "0"


def test_rows_that_the_source_lacks_are_changed_or_deleted(wide: DatabricksStandIn) -> None:
    none = "(SELECT 'x' AS id WHERE false)"
    rest = """WHEN NOT MATCHED BY SOURCE AND t.amount > 1.05 THEN UPDATE SET
      is_deleted = true, booked = '2026-02-28', amount = 2, hash = "it's",
      loaded_at = TIMESTAMP'2026-01-01 10:00:00'"""
    assert merge(wide, none, rest) == [["1", "1", "0", "0"]]
    found = wide.sql(f"SELECT is_deleted, booked, amount, hash, loaded_at FROM {TABLE}")
    assert found == [["true", "2026-02-28", "2.00", "it's", "2026-01-01T10:00:00.000Z"]]
    assert merge(wide, none, "WHEN NOT MATCHED BY SOURCE THEN DELETE") == [["1", "0", "1", "0"]]


def test_several_rows_for_one_are_an_error_unless_conditions_leave_one(wide: DatabricksStandIn) -> None:
    rows = source(FIRST.replace("'a'", "'b'"), FIRST.replace("'a'", "'c'"))
    assert failed(wide, rows, ALL).name == "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"
    assert merge(wide, rows, ALL.replace("<> s.hash", "< s.hash AND s.hash = 'c'")) == [["1", "1", "0", "0"]]


@pytest.mark.parametrize(
    ("assigned", "found"),
    [("amount = '1.005'", "1.01"), ("amount = 7", "7.00"), ("size = 2.9", "2"), ("hash = 12", "12")],
)
def test_a_value_becomes_one_of_the_type_of_its_column(
    wide: DatabricksStandIn, assigned: str, found: str
) -> None:
    merge(wide, "(SELECT '1' AS id)", f"WHEN MATCHED THEN UPDATE SET {assigned}")
    assert wide.sql(f"SELECT {assigned.partition(' ')[0]} FROM {TABLE}") == [[found]]


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("MATCHED THEN UPDATE SET amount = 12345678901234567.00", "NUMERIC_VALUE_OUT_OF_RANGE"),
        ("MATCHED THEN UPDATE SET size = 3000000000", "CAST_OVERFLOW"),
        ("MATCHED THEN UPDATE SET size = '1,5'", "CAST_INVALID_INPUT"),
        ("MATCHED THEN UPDATE SET booked = '2026-02-30'", "CAST_INVALID_INPUT"),
        ("MATCHED THEN UPDATE SET size = true", "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST"),
        ("MATCHED THEN UPDATE SET id = NULL", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
        ("MATCHED THEN UPDATE SET nothing = 1", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"),
        ("MATCHED THEN UPDATE SET hash = s.nothing", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"),
        ("MATCHED THEN UPDATE SET *", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"),
        ("MATCHED THEN UPDATE SET hash = id", "AMBIGUOUS_REFERENCE"),
        ("MATCHED THEN UPDATE SET hash = 'a', Hash = 'b'", "DELTA_CONFLICT_SET_COLUMN"),
        ("MATCHED THEN DELETE WHEN MATCHED THEN DELETE", "NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION"),
        ("NOT MATCHED THEN INSERT (id, Id) VALUES ('3', '3')", "DELTA_DUPLICATE_COLUMNS_ON_INSERT"),
        ("NOT MATCHED THEN INSERT (id, hash) VALUES ('3')", "INSERT_COLUMN_ARITY_MISMATCH"),
        ("NOT MATCHED THEN INSERT (id) VALUES (t.id)", "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION"),
        ("NOT MATCHED THEN INSERT (hash) VALUES ('x')", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
    ],
)
def test_what_the_original_refuses_is_refused_and_changes_nothing(
    untouched: DatabricksStandIn, clause: str, name: str
) -> None:
    rows = "(SELECT * FROM VALUES ('1'), ('2') AS v(id))"
    assert failed(untouched, rows, f"WHEN {clause}", UNTOUCHED).name == name


@pytest.mark.parametrize(
    ("clause", "part"),
    [
        ("WHEN MATCHED THEN UPDATE SET amount = t.amount + 1", "t.amount + 1"),
        ("WHEN MATCHED THEN UPDATE SET size = (SELECT max(size) FROM main.`to-day`.`lines-1`)", "SELECT"),
        ("WHEN MATCHED THEN UPDATE SET size = max(s.n)", "MAX(s.n)"),
        ("WHEN MATCHED AND t.size = '1' THEN DELETE", "t.size = '1'"),
        ("WHEN MATCHED AND t.booked < current_timestamp() THEN DELETE", "t.booked < CURRENT_TIMESTAMP()"),
        ("WHEN MATCHED AND upper(t.hash) = 'A' THEN DELETE", "UPPER(t.hash)"),
        ("WHEN MATCHED AND t.hash THEN DELETE", "t.hash"),
        ("WHEN MATCHED THEN UPDATE SET hash = t.size", "t.size"),
        ("WHEN NOT MATCHED THEN DELETE", "DELETE"),
    ],
)
def test_what_might_be_done_otherwise_is_refused_and_named(
    untouched: DatabricksStandIn, clause: str, part: str
) -> None:
    found = failed(untouched, "(SELECT '1' AS id, 1 AS n)", clause, UNTOUCHED)
    assert found.name == "PARSE_SYNTAX_ERROR"
    assert part in str(found).partition("is not known here: ")[2]


def test_another_writer_who_was_quicker_is_told_of_and_keeps_what_he_wrote(
    wide: DatabricksStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = wide.workspace.tables.folder(wide.workspace.unity.table(("main", "to-day", "lines-1")))

    def opened(copy: str) -> Any:
        assert Path(copy) != folder
        DeltaTable(str(folder)).delete("size = 1")
        return DeltaTable(copy)

    monkeypatch.setattr(merging, "DeltaTable", opened)
    with pytest.raises(SqlError, match=r"\[DELTA_CONCURRENT_APPEND\]"):
        merge(wide, source(FIRST.replace("'a'", "'b'")), ALL)
    assert wide.sql(f"SELECT count(*) FROM {TABLE}") == [["0"]]
