"""The statements for a workspace: tables made and widened, loads merged and found again.

Each changes nothing when it is carried out twice, for a client whose answer was lost sends it again. They
keep to what Databricks and Sail understand alike. Staged rows are lines of JSON, every value a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from mlconnector.systems.databricks.rows import Staged
from mlconnector.systems.databricks.tables import HASH, LOADED_AT, Column, Table

VOLUME = "stage"
PATH = ":path"


@dataclass(frozen=True, slots=True)
class Place:
    """The schema of Unity Catalog that holds the tables."""

    catalog: str
    schema: str

    def named(self, name: str) -> str:
        """The full name of what lies in the schema, quoted."""
        return ".".join(quoted(part) for part in (self.catalog, self.schema, name))

    def staged(self, load_id: str, table: str) -> str:
        """Where the rows lie that a load has for a table."""
        return f"/Volumes/{self.catalog}/{self.schema}/{VOLUME}/{load_id}/{table}.json"


def quoted(name: str) -> str:
    """A name as SQL takes it whatever is in it: `fin-prod` with its hyphen."""
    return f"`{name.replace('`', '``')}`"


def staged_lines(rows: Iterable[Staged]) -> bytes:
    """Rows as they are staged; the same rows are the same bytes."""
    return "".join(f"{json.dumps(row, sort_keys=True, ensure_ascii=False)}\n" for row in rows).encode()


def create_table(place: Place, table: Table) -> str:
    """Make the table where there is none; the primary key informs readers, nothing enforces it."""
    columns = [
        f"{_defined(one)}{' NOT NULL' if one.required else ''}{_comment(one)}" for one in table.columns
    ]
    key = ", ".join(quoted(name) for name in table.key)
    columns.append(f"CONSTRAINT {quoted(f'{table.name}_pk')} PRIMARY KEY ({key})")
    inside = ",\n  ".join(columns)
    return (
        f"CREATE TABLE IF NOT EXISTS {place.named(table.name)} (\n  {inside})\n"
        f"USING DELTA COMMENT {_text(table.comment)}"
    )


def add_columns(place: Place, table: Table, there: Iterable[str]) -> str:
    """Add what the table does not have yet, empty if nothing is missing; `there` are its columns.

    Rows of before have nothing in a new column, so that none is required.
    """
    known = {name.casefold() for name in there}
    missing = [f"{_defined(one)}{_comment(one)}" for one in table.columns if one.name.casefold() not in known]
    return f"ALTER TABLE {place.named(table.name)} ADD COLUMNS ({', '.join(missing)})" if missing else ""


def merge(place: Place, table: Table) -> str:
    """Bring the rows staged at `:path` in: new ones and those with newer content; others stay as they are."""
    names = [one.name for one in table.columns]
    values = ", ".join(f"{_cast(one)} AS {quoted(one.name)}" for one in table.columns)
    same = f"t.{quoted(HASH)} <> s.{quoted(HASH)} AND t.{quoted(LOADED_AT)} <= s.{quoted(LOADED_AT)}"
    return (
        f"MERGE INTO {place.named(table.name)} AS t\n"  # noqa: S608
        f"USING (SELECT {values} FROM {_staged(table)} AS f) AS s\n"
        f"ON {_same_key(table)}\n"
        f"WHEN MATCHED AND {same} THEN UPDATE SET "
        f"{', '.join(f't.{quoted(name)} = s.{quoted(name)}' for name in names)}\n"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(quoted(name) for name in names)}) "
        f"VALUES ({', '.join(f's.{quoted(name)}' for name in names)})"
    )


def found_again(place: Place, table: Table) -> str:
    """How many rows staged at `:path` are in the table, and what they come to there, as texts.

    A row that a newer load has written since counts as it was staged.
    """
    is_same = f"t.{quoted(HASH)} = s.{quoted(HASH)}"
    amount = "0"
    if table.amount:
        name = quoted(table.amount)
        amount = f"CASE WHEN {is_same} THEN t.{name} ELSE s.{name} END"
    values = ", ".join(f"{_cast(one)} AS {quoted(one.name)}" for one in table.columns)
    return (
        f"SELECT CAST(count(*) AS STRING) AS n, "  # noqa: S608
        f"CAST(CAST(coalesce(sum({amount}), 0) AS DECIMAL(38,2)) AS STRING) AS a\n"
        f"FROM (SELECT {values} FROM {_staged(table)} AS f) AS s\n"
        f"JOIN {place.named(table.name)} AS t ON {_same_key(table)}\n"
        f"WHERE {is_same} OR t.{quoted(LOADED_AT)} > s.{quoted(LOADED_AT)}"
    )


def _same_key(table: Table) -> str:
    return " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in table.key)


def _staged(table: Table) -> str:
    schema = ", ".join(f"{one.name} STRING" for one in table.columns)
    return f"read_files({PATH}, format => 'json', schema => '{schema}')"


def _cast(column: Column) -> str:
    value = f"f.{quoted(column.name)}"
    return value if column.type == "string" else f"CAST({value} AS {_type(column)})"


def _defined(column: Column) -> str:
    return f"{quoted(column.name)} {_type(column)}"


def _type(column: Column) -> str:
    return "BIGINT" if column.type == "long" else column.type.upper()


def _comment(column: Column) -> str:
    return f" COMMENT {_text(column.comment)}" if column.comment else ""


def _text(value: str) -> str:
    said = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{said}'"
