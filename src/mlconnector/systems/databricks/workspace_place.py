"""The place of the tables in a workspace: a warehouse that runs, a schema with all tables, views and the job.

What is missing is made where the settings allow it; else it is said who has to make it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.databricks import workspace_job, workspace_sql
from mlconnector.systems.databricks.answers import TITLE, Absent
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.tables import Table, tables
from mlconnector.systems.databricks.workspace_api import KnownTable, WorkspaceApi
from mlconnector.systems.databricks.workspace_sql import Place, quoted

log = logging.getLogger(__name__)

HIVE = "hive_metastore"
_LONGEST_START = 900.0
_LEFTOVERS = timedelta(days=7)
_GONE = frozenset({"DELETED", "DELETING"})


@dataclass
class WorkspacePlace:
    """The place that the settings name; what was seen to is not looked at again while it is open.

    The tables that `missing` has seen are those that `prepare` sees to next.
    """

    settings: Settings
    place: Place
    api: WorkspaceApi
    now: Callable[[], datetime]
    _job: int | None = field(default=None, init=False)
    _is_ready: bool = field(default=False, init=False)
    _seen: dict[str, KnownTable] | None = field(default=None, init=False)

    def prepare(self) -> None:
        """See to everything that a load needs but the job, in order. Raises NeedsHuman for what cannot be."""
        if self._is_ready:
            return
        self.see_to_unity_catalog()
        self.see_to_warehouse()
        self.see_to_schema()
        self.see_to_tables()
        self._drop_leftovers()
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
        was_started = False

        def running() -> str | None:
            nonlocal was_started
            state, health = self._warehouse_state()
            if state == "STOPPED":
                if not self.settings.start_warehouse:
                    facts = {"warehouse": self.settings.warehouse_id}
                    raise NeedsHuman(Problem("databricks_warehouse_stopped", facts))
                if was_started:
                    raise RetryLater(f"{TITLE}: the SQL warehouse does not start: {health}")
                self.api.start_warehouse()
                was_started = True
            return state if state == "RUNNING" else None

        what = f"the start of the SQL warehouse {self.settings.warehouse_id}"
        return self.api.waiting.until(running, _LONGEST_START, what)

    def _warehouse_state(self) -> tuple[str, str]:
        """Its state, and what is wrong with it. Raises NeedsHuman where it is of no use."""
        try:
            state, health = self.api.warehouse()
        except Absent as error:
            raise self._no_warehouse(str(error)) from error
        if state in _GONE:
            raise self._no_warehouse(state)
        if state == "CLASSIC":
            facts = {"warehouse": self.settings.warehouse_id}
            raise NeedsHuman(Problem("databricks_warehouse_classic", facts))
        return state, health

    def _no_warehouse(self, answer: str) -> NeedsHuman:
        facts = {"warehouse": self.settings.warehouse_id, "answer": answer}
        return NeedsHuman(Problem("databricks_no_warehouse", facts))

    def see_to_schema(self) -> None:
        """The catalog and the schema, made where that is allowed."""
        if self._seen is not None:
            return
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
        there = self._tables() if self._seen is None else self._seen
        self._seen = None
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
            self._add(table, added)

    def _add(self, table: Table, added: str) -> None:
        """Add columns, unless somebody else has, or an answer was lost after they were."""
        try:
            self.api.statement(added)
        except Broken:
            there = self._tables().get(table.name)
            if there is None or workspace_sql.add_columns(self.place, table, there.columns):
                raise

    def see_to_stage(self) -> None:
        """Files can be written into the volume, and removed from it."""
        path = f"{self.place.volume}/check.json"
        self.api.put_file(path, b"{}\n")
        self.api.remove_file(path)

    def stage(self, load: str) -> str:
        """A new folder for rows of a load."""
        return self.place.staged(self.now().date(), load, uuid.uuid4().hex[:12])

    def _drop_leftovers(self) -> None:
        """Remove what loads staged that were killed days ago; what stays does no harm."""
        before = f"{self.now().date() - _LEFTOVERS:%Y%m%d}"
        try:
            for folder in self.api.listed(self.place.volume):
                if folder.rpartition("/")[2][: len(before)] < before:
                    self.api.remove_all(folder)
        except ConnectorError as error:
            log.warning("leftovers of loads stay in %s: %s", self.place.volume, error)

    def missing(self) -> list[str]:
        """The tables that are not there; nothing is asked of the SQL warehouse."""
        if not self.api.has_schema(f"{self.place.catalog}.{self.place.schema}"):
            return list(tables())
        self._seen = self._tables()
        return [name for name in tables() if name not in self._seen]

    def _tables(self) -> dict[str, KnownTable]:
        return self.api.tables(self.place.catalog, self.place.schema)

    def see_to_job(self) -> int:
        """The job merges, as the principal and on the warehouse that loads have: rows that are none."""
        job, path = self.job(), self.stage("check")
        name, table = next(iter(tables().items()))
        self.api.put_file(f"{path}/{name}/00000.json", b"")
        end = self.api.run_job(job, [name], {workspace_job.STAGE: path}, uuid.uuid4().hex)
        if not end.is_success:
            raise self.api.failed(end)
        source = workspace_sql.staged_rows_of(table)
        self.api.statement(workspace_sql.found_again(self.place, table, source), {"path": f"{path}/{name}"})
        self.api.remove_all(path)
        return job

    def job(self) -> int:
        """The id of the saved job, with the files of its tasks."""
        if self._job is None:
            for path, text in workspace_job.files(self.settings, self.place).values():
                self.api.ensure_text(path, text)
            self._job = self.api.ensure_job(workspace_job.wanted_job(self.settings, self.place))
        return self._job
