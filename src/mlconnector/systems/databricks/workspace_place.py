"""The place of the tables in a workspace: a warehouse that runs, a schema with all tables, views and the job.

What is missing is made where the settings allow it; else it is said who has to make it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.systems.databricks import workspace_job, workspace_sql
from mlconnector.systems.databricks.answers import Absent
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.tables import Table, tables
from mlconnector.systems.databricks.workspace_api import KnownTable, WorkspaceApi
from mlconnector.systems.databricks.workspace_sql import Place, quoted

HIVE = "hive_metastore"
_LONGEST_START = 900.0
_GONE = frozenset({"DELETED", "DELETING"})
_UNDER_WAY = frozenset({"STARTING"})


@dataclass
class WorkspacePlace:
    """The place that the settings name; what was seen to is not looked at again while it is open."""

    settings: Settings
    place: Place
    api: WorkspaceApi
    _job: int | None = field(default=None, init=False)
    _is_ready: bool = field(default=False, init=False)

    def prepare(self) -> None:
        """See to everything that a load needs but the job, in order. Raises NeedsHuman for what cannot be."""
        if self._is_ready:
            return
        self.see_to_warehouse()
        self.see_to_unity_catalog()
        self.see_to_schema()
        self.see_to_tables()
        self._is_ready = True

    def see_to_unity_catalog(self) -> str:
        """The metastore. Raises NeedsHuman where there is none, or the catalog is the one of before it."""
        if self.settings.catalog.casefold() == HIVE:
            raise NeedsHuman(Problem("databricks_hive_metastore", {"catalog": self.settings.catalog}))
        try:
            return self.api.metastore()
        except Absent as error:
            facts = {"host": self.settings.host or "", "answer": str(error)}
            raise NeedsHuman(Problem("databricks_no_unity_catalog", facts)) from error

    def see_to_warehouse(self) -> str:
        """The SQL warehouse runs, and is started where it stands still and that is allowed."""
        state = self._warehouse_state()
        if state == "RUNNING":
            return state
        facts = {"warehouse": self.settings.warehouse_id}
        if state not in _UNDER_WAY:
            if not self.settings.start_warehouse:
                raise NeedsHuman(Problem("databricks_warehouse_stopped", facts))
            self.api.start_warehouse()
        for _ in self.api.waiting.pauses(
            _LONGEST_START, f"the start of the SQL warehouse {facts['warehouse']}"
        ):
            if self._warehouse_state() == "RUNNING":
                return state
        raise AssertionError("unreachable")

    def _warehouse_state(self) -> str:
        try:
            state = self.api.warehouse_state()
        except Absent as error:
            raise self._no_warehouse(str(error)) from error
        if state in _GONE:
            raise self._no_warehouse(state)
        return state

    def _no_warehouse(self, answer: str) -> NeedsHuman:
        facts = {"warehouse": self.settings.warehouse_id, "answer": answer}
        return NeedsHuman(Problem("databricks_no_warehouse", facts))

    def see_to_schema(self) -> None:
        """The catalog and the schema, made where that is allowed."""
        catalog, schema = self.place.catalog, self.place.schema
        if not self.api.has_catalog(catalog):
            if not self.settings.create_catalog:
                raise NeedsHuman(Problem("databricks_no_catalog", {"catalog": catalog}))
            self.api.statement(f"CREATE CATALOG IF NOT EXISTS {quoted(catalog)}")
        if not self.api.has_schema(f"{catalog}.{schema}"):
            if not self.settings.create_schema:
                raise NeedsHuman(Problem("databricks_no_schema", {"catalog": catalog, "schema": schema}))
            self.api.statement(f"CREATE SCHEMA IF NOT EXISTS {quoted(catalog)}.{quoted(schema)}")

    def see_to_tables(self) -> None:
        """Tables, columns, the volume and views; what is there beyond them stays.

        Raises NeedsHuman (`warehouse_column_differs`).
        """
        there = self.api.tables(self.place.catalog, self.place.schema)
        for name, table in tables().items():
            self._see_to_table(table, there.get(name))
        if not self.api.has_volume(self.place.volume_name):
            self.api.statement(f"CREATE VOLUME IF NOT EXISTS {self.place.named(workspace_sql.VOLUME)}")
        for name, (comment, made) in workspace_sql.views().items():
            if name not in there or there[name].comment != comment:
                self.api.statement(made, catalog=self.place.catalog, schema=self.place.schema)

    def _see_to_table(self, table: Table, known: KnownTable | None) -> None:
        if known is None:
            self.api.statement(workspace_sql.create_table(self.place, table))
            return
        for column in table.columns:
            kind = known.columns.get(column.name.casefold())
            if kind is not None and kind != workspace_sql.type_of(column).casefold():
                facts = {"table": table.name, "column": column.name, "type": kind}
                raise NeedsHuman(Problem("warehouse_column_differs", facts, ("table", "column")))
        added = workspace_sql.add_columns(self.place, table, known.columns)
        if added:
            self.api.statement(added)

    def see_to_stage(self) -> None:
        """Files can be written into the volume, and removed from it."""
        path = f"{self.place.volume}/check.json"
        self.api.put_file(path, b"{}\n")
        self.api.remove_file(path)

    def job(self) -> int:
        """The id of the saved job, with the files of its tasks."""
        if self._job is None:
            for path, text in workspace_job.files(self.settings, self.place).values():
                self.api.ensure_text(path, text)
            self._job = self.api.ensure_job(workspace_job.wanted_job(self.settings, self.place))
        return self._job
