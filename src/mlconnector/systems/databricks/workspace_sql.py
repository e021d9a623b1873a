"""The statements for a workspace: tables made and widened, loads merged and found again.

Each but a new column changes nothing when it is carried out twice, for a client whose answer was lost sends
it again; who adds a column looks whether it is there. They keep to what Databricks and Sail understand alike.
Staged rows are lines of JSON, every value a text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from mlconnector.systems.databricks.rows import Staged
from mlconnector.systems.databricks.tables import AUDIT, DELETED, HASH, LOADED_AT, Column, Table, tables

VOLUME = "stage"
PATH = ":path"
_VIEW = re.compile(r"CREATE OR REPLACE VIEW (\w+) AS")
# A file that the client sends in one piece, and so all or nothing.
_LARGEST_FILE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """The schema of Unity Catalog that holds the tables."""

    catalog: str
    schema: str

    def named(self, name: str) -> str:
        """The full name of what lies in the schema, quoted."""
        return ".".join(quoted(part) for part in (self.catalog, self.schema, name))

    @property
    def volume_name(self) -> str:
        """The volume of what is staged, as the API names it."""
        return f"{self.catalog}.{self.schema}.{VOLUME}"

    @property
    def volume(self) -> str:
        """The folder of what is staged."""
        return f"/Volumes/{self.catalog}/{self.schema}/{VOLUME}"

    def staged(self, day: date, load: str, once: str) -> str:
        """A folder for rows of a load, in it one for each table.

        `once` makes it one of its own even for the same load at the same time, so that nobody reads or
        removes what another one staged.
        """
        return f"{self.volume}/{day:%Y%m%d}-{load}-{once}"


def quoted(name: str) -> str:
    """A name as SQL takes it whatever is in it: `fin-prod` with its hyphen."""
    return f"`{name.replace('`', '``')}`"


def staged_files(rows: Iterable[Staged]) -> Iterator[bytes]:
    """Rows as they are staged, in files of some size; the same rows are the same bytes."""
    lines = bytearray()
    for row in rows:
        lines += f"{json.dumps(row, sort_keys=True, ensure_ascii=False)}\n".encode()
        if len(lines) >= _LARGEST_FILE:
            yield bytes(lines)
            lines.clear()
    if lines:
        yield bytes(lines)


def create_table(place: Place, table: Table) -> str:
    """Make the table where there is none; the primary key informs readers, nothing enforces it."""
    columns = [
        f"{_defined(one)}{' NOT NULL' if one.required else ''}{_comment(one)}" for one in table.columns
    ]
    key = ", ".join(quoted(name) for name in table.key)
    columns.append(f"CONSTRAINT {quoted(f'{table.name}_pk')} PRIMARY KEY ({key})")
    inside = ",\n  ".join(columns)
    clustered = f" CLUSTER BY ({', '.join(quoted(name) for name in table.cluster)})" if table.cluster else ""
    return (
        f"CREATE TABLE IF NOT EXISTS {place.named(table.name)} (\n  {inside})\n"
        f"USING DELTA{clustered} COMMENT {_text(table.comment)}"
    )


def add_columns(place: Place, table: Table, there: Iterable[str]) -> str:
    """Add what the table does not have yet, empty if nothing is missing; `there` are its columns.

    Rows of before have nothing in a new column, so that none is required.
    """
    known = {name.casefold() for name in there}
    missing = [f"{_defined(one)}{_comment(one)}" for one in table.columns if one.name.casefold() not in known]
    return f"ALTER TABLE {place.named(table.name)} ADD COLUMNS ({', '.join(missing)})" if missing else ""


def staged_rows_of(table: Table) -> str:
    """The rows of a table that are staged in the folder `:path`, as a query."""
    schema = ", ".join(f"{one.name} STRING" for one in table.columns)
    values = ", ".join(_cast(one, f"f.{quoted(one.name)}") for one in table.columns)
    return f"SELECT {values} FROM read_files({PATH}, format => 'json', schema => '{schema}') AS f"


def given_row_of(table: Table) -> str:
    """A row of a table that is given by parameters with the names of its columns, as a query."""
    return f"SELECT {', '.join(_cast(one, f':{one.name}') for one in table.columns)}"


def merge(place: Place, table: Table, source: str) -> str:
    """Bring the rows of a query in: new ones and those with newer content; others stay as they are."""
    names = [one.name for one in table.columns]
    newer = f"t.{quoted(HASH)} <> s.{quoted(HASH)} AND t.{quoted(LOADED_AT)} <= s.{quoted(LOADED_AT)}"
    return (
        f"MERGE INTO {place.named(table.name)} AS t\n"
        f"USING ({source}) AS s\n"
        f"ON {_same_key(table)}\n"
        f"WHEN MATCHED AND {newer} THEN UPDATE SET "
        f"{', '.join(f't.{quoted(name)} = s.{quoted(name)}' for name in names)}\n"
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(quoted(name) for name in names)}) "
        f"VALUES ({', '.join(f's.{quoted(name)}' for name in names)})"
    )


def found_again(place: Place, table: Table, source: str) -> str:
    """How many rows of a query are in the table, and what they come to there, as texts.

    A row that a newer load has written since counts as it was sent.
    """
    # The hash came with the rows; that all columns came with it, only the columns say.
    columns = " AND ".join(f"t.{quoted(one.name)} <=> s.{quoted(one.name)}" for one in table.content)
    is_same = f"(t.{quoted(HASH)} = s.{quoted(HASH)} AND {columns})"
    amount = "0"
    if table.amount:
        name = quoted(table.amount)
        amount = f"CASE WHEN {is_same} THEN t.{name} ELSE s.{name} END"
    return (
        f"SELECT CAST(count(*) AS STRING) AS n, "
        f"CAST(CAST(coalesce(sum({amount}), 0) AS DECIMAL(38,2)) AS STRING) AS a\n"
        f"FROM ({source}) AS s\n"
        f"JOIN {place.named(table.name)} AS t ON {_same_key(table)}\n"
        f"WHERE {is_same} OR t.{quoted(LOADED_AT)} > s.{quoted(LOADED_AT)}"
    )


def counts(place: Place) -> str:
    """Each table with its rows, and how many of them are marked as deleted."""
    return "\nUNION ALL ".join(
        f"SELECT '{name}' AS name, CAST(count(*) AS STRING) AS n, {_deleted(name)} AS deleted "
        f"FROM {place.named(name)}"
        for name in tables()
    )


def _deleted(table: str) -> str:
    if table == AUDIT:
        return "'0'"
    return f"CAST(coalesce(sum(CASE WHEN {DELETED} THEN 1 ELSE 0 END), 0) AS STRING)"


def views() -> dict[str, tuple[str, str]]:
    """The comment of each view and the statement that makes it; another statement has another comment."""
    found = {}
    for file in sorted(files(__package__).joinpath("views").iterdir(), key=lambda one: one.name):
        text = file.read_text(encoding="utf-8")
        name = _VIEW.findall(text)[0]
        about = " ".join(
            line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--")
        )
        comment = f"{about} [{hashlib.sha256(text.encode()).hexdigest()[:12]}]"
        head = f"CREATE OR REPLACE VIEW {name} COMMENT {_text(comment)} AS"
        made = text.replace(f"CREATE OR REPLACE VIEW {name} AS", head, 1)
        found[name] = comment, made.rstrip().removesuffix(";")
    return found


def grants(place: Place, principal: str) -> str:
    """The statements that give a service principal all that loads need."""
    who, schema = quoted(principal), f"{quoted(place.catalog)}.{quoted(place.schema)}"
    return (
        f"CREATE SCHEMA IF NOT EXISTS {schema}; "
        f"GRANT USE CATALOG ON CATALOG {quoted(place.catalog)} TO {who}; "
        f"GRANT USE SCHEMA, CREATE TABLE, CREATE VOLUME, SELECT, MODIFY, READ VOLUME, WRITE VOLUME "
        f"ON SCHEMA {schema} TO {who};"
    )


def _same_key(table: Table) -> str:
    return " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in table.key)


def _cast(column: Column, value: str) -> str:
    cast = value if column.type == "string" else f"CAST({value} AS {type_of(column)})"
    return f"{cast} AS {quoted(column.name)}"


def _defined(column: Column) -> str:
    return f"{quoted(column.name)} {type_of(column)}"


def type_of(column: Column) -> str:
    """The type of a column in the words of Spark."""
    return "BIGINT" if column.type == "long" else column.type.upper()


def _comment(column: Column) -> str:
    return f" COMMENT {_text(column.comment)}" if column.comment else ""


def _text(value: str) -> str:
    said = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{said}'"
