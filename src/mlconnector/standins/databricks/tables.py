"""Delta tables on the disk: made, dropped, widened, and what their log says of the last commit."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltalake import DeltaTable, Field
from sqlglot import exp

from mlconnector.standins.databricks.answers import Row
from mlconnector.standins.databricks.placing import Placing
from mlconnector.standins.databricks.sql_errors import SqlError, exists_already, translated
from mlconnector.standins.databricks.unity import Column, Name, Table, Unity

METRICS = {
    "num_updated_rows": ("numTargetRowsUpdated", "num_target_rows_updated", "numUpdatedRows"),
    "num_deleted_rows": ("numTargetRowsDeleted", "num_target_rows_deleted", "numDeletedRows"),
    "num_inserted_rows": ("numTargetRowsInserted", "num_target_rows_inserted"),
}


@dataclass
class Tables:
    """The managed tables of the workspace; each lies in a folder of its own below `root`."""

    root: Path
    unity: Unity
    placing: Placing

    def folder(self, table: Table) -> Path:
        """Where the files of a table lie."""
        return self.root / f"t{table.number}"

    def add(self, name: Name, columns: list[Column], replace: bool = False) -> Table:
        """Note a new table or view; raises SqlError where the name is taken."""
        schema = self.unity.schema(*name[:2])
        if name[2] in schema.tables and not replace:
            raise exists_already("TABLE_OR_VIEW", *name)
        table = Table(name[2], self.unity.next_number(), columns, created_at=int(time.time() * 1000))
        table.catalog, table.schema = name[0], name[1]
        return table

    def keep(self, table: Table) -> None:
        """Let a table that was made be known by its name, in the place of an older one."""
        schema = self.unity.schema(table.catalog, table.schema)
        old = schema.tables.get(table.name)
        if old is not None:
            self.drop(old)
        schema.tables[table.name] = table

    def drop(self, table: Table) -> None:
        """Let a table be gone, with its files."""
        self.unity.schema(table.catalog, table.schema).tables.pop(table.name, None)
        if not table.is_view:
            self.placing.engine().change(f"DROP TABLE IF EXISTS {self.placing.engine_name(table)}")
            shutil.rmtree(self.folder(table), ignore_errors=True)

    def attach(self, table: Table) -> None:
        """Let the engine read a table anew as it lies on the disk."""
        self.placing.engine().attach(self.placing.engine_name(table), self.folder(table))

    def attach_all(self) -> None:
        """Let the engine know all tables, after a restart."""
        for table in self.unity.all_tables():
            if not table.is_view:
                self.attach(table)

    def delta(self, table: Table) -> Any:
        """The table as delta-rs opens it."""
        return DeltaTable(str(self.folder(table)))

    def widen(self, table: Table, columns: list[Column]) -> None:
        """Add columns to a table; raises SqlError where one is there already."""
        known = {column.name.lower() for column in table.columns}
        for column in columns:
            if column.name.lower() in known:
                text = f"Column `{column.name}` already exists."
                raise SqlError("FIELD_ALREADY_EXISTS", text, "42710")
            if not column.nullable:
                text = f"Column `{column.name}` is NOT NULL, which a new column cannot be."
                raise SqlError("DELTA_ADDING_NOT_NULL_COLUMN", text, "42601")
        try:
            fields = [Field.from_json(json.dumps(_delta_field(each))) for each in columns]
            self.delta(table).alter.add_columns(fields)
        except Exception as raised:
            raise translated(raised) from raised
        table.columns += columns
        self.attach(table)

    def version(self, table: Table) -> int:
        """The number of the last commit of a table; -1 where there is none."""
        log = self.folder(table) / "_delta_log"
        return max((int(path.stem) for path in log.glob("*.json") if path.stem.isdigit()), default=-1)

    def metrics(self, table: Table, since: int) -> dict[str, int]:
        """How many rows the commits since a version changed."""
        counts = dict.fromkeys(METRICS, 0)
        for version in range(since + 1, self.version(table) + 1):
            text = (self.folder(table) / "_delta_log" / f"{version:020d}.json").read_text(encoding="utf-8")
            for line in filter(None, text.split("\n")):
                commit = json.loads(line).get("commitInfo", {})
                found = commit.get("operationMetrics", {})
                for name, keys in METRICS.items():
                    counts[name] += next((int(found[key]) for key in keys if key in found), 0)
                if commit.get("operation") == "WRITE":
                    counts["num_inserted_rows"] += int(found.get("numOutputRows", 0))
        return counts


def column(definition: exp.ColumnDef) -> Column:
    """A column of the metadata, of its definition in SQL."""
    kinds = [each.kind for each in definition.constraints]
    comments = [kind.this.name for kind in kinds if isinstance(kind, exp.CommentColumnConstraint)]
    required = any(
        isinstance(kind, exp.NotNullColumnConstraint) and not kind.args.get("allow_null") for kind in kinds
    )
    kind = definition.args["kind"].sql("databricks").lower().replace(", ", ",")
    return Column(definition.name, kind, not required, comments[0] if comments else None)


def _delta_field(column: Column) -> Row:
    return {"name": column.name, "type": _delta_type(column.type_text), "nullable": True, "metadata": {}}


def _delta_type(text: str) -> str | Row:
    """A type of SQL as the log of Delta writes it; of nested ones it takes arrays alone."""
    if text.startswith("array<"):
        inner = _delta_type(text.removeprefix("array<").removesuffix(">"))
        return {"type": "array", "elementType": inner, "containsNull": True}
    names = {"int": "integer", "bigint": "long", "smallint": "short", "tinyint": "byte"}
    return names.get(text, text)
