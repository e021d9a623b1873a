"""The warehouse in a workspace: Delta tables of Unity Catalog, which a job merges loads into."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from mlconnector.errors import ConnectorError, RetryLater
from mlconnector.systems.databricks import workspace_sql
from mlconnector.systems.databricks.answers import TITLE, Answers
from mlconnector.systems.databricks.rows import Staged, audit_row, carried_of, staged_rows
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.tables import AUDIT, Table, tables
from mlconnector.systems.databricks.workspace_api import RunEnd, Waiting, WorkspaceApi
from mlconnector.systems.databricks.workspace_check import WorkspaceCheck
from mlconnector.systems.databricks.workspace_job import STAGE, token
from mlconnector.systems.databricks.workspace_place import WorkspacePlace
from mlconnector.systems.databricks.workspace_sql import Place
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.warehouse import (
    Carried,
    OutgoingLoad,
    Reached,
    TableStatus,
    WarehouseContext,
)

log = logging.getLogger(__name__)


def open_workspace(context: WarehouseContext) -> WorkspaceWarehouse:
    """The workspace that the settings name; nobody is asked anything yet."""
    settings: Settings = context.settings
    secret = context.secrets["client_secret"]
    place = Place(settings.catalog, settings.in_schema)
    answers = Answers(settings.host or "", workspace_sql.grants(place, settings.client_id))
    api = WorkspaceApi(settings, secret, answers, Waiting(context.doze, context.is_over))
    return WorkspaceWarehouse(WorkspacePlace(settings, place, api, context.now))


class WorkspaceWarehouse:
    """Tables in a schema of Unity Catalog, beside them the volume `stage` for loads under way."""

    def __init__(self, found: WorkspacePlace) -> None:
        self._found = found
        self._place = found.place
        self._api = found.api

    def check(self) -> Iterator[CheckStep]:
        """Login, Unity Catalog, SQL warehouse, schema, tables, volume and job, each by a real call."""
        yield from WorkspaceCheck(self._found).steps()

    def ready(self) -> None:
        """The warehouse runs, and the schema has all tables, views and the volume."""
        self._found.prepare()

    def missing(self) -> Sequence[str]:
        """The tables that are not there."""
        return self._found.missing()

    def load(self, load: OutgoingLoad, reached: Callable[[Reached], None]) -> Carried:
        """Stage the rows, let a run merge them, read them back, and write the audit row last."""
        rows = {name: staged for name, table in tables().items() if (staged := staged_rows(table, load))}
        self.ready()
        stage = self._found.stage(f"{load.id[:16]}-{load.attempt}")
        self._stage(stage, rows)
        reached("staged")
        if rows:
            end = self._merged(load, stage, rows)
            if not end.is_success:
                self._drop(stage)
                raise self._api.failed(end)
        reached("applied")
        carried = carried_of(rows, [self._found_again(tables()[name], stage) for name in rows])
        self._audit(audit_row(load, carried))
        self._drop(stage)
        return carried

    def status(self) -> Sequence[TableStatus]:
        """What every table holds."""
        self.ready()
        rows = self._api.statement(workspace_sql.counts(self._place))
        counted = {name: (int(count or 0), int(deleted or 0)) for name, count, deleted in rows}
        return [TableStatus(name, *counted[name]) for name in tables()]

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _stage(self, stage: str, rows: Mapping[str, Sequence[Staged]]) -> None:
        for name, some in rows.items():
            for number, content in enumerate(workspace_sql.staged_files(some)):
                self._api.put_file(f"{stage}/{name}/{number:05d}.json", content)

    def _merged(self, load: OutgoingLoad, stage: str, rows: Mapping[str, Sequence[Staged]]) -> RunEnd:
        attempt = token(load.id, load.attempt)
        return self._api.run_job(self._found.job(), list(rows), {STAGE: stage}, attempt)

    def _found_again(self, table: Table, stage: str) -> tuple[int, Decimal]:
        query = workspace_sql.found_again(self._place, table, workspace_sql.staged_rows_of(table))
        count, amount = self._only_row(query, {"path": f"{stage}/{table.name}"})
        return int(count or 0), Decimal(amount or 0)

    def _only_row(self, query: str, values: Mapping[str, str | None]) -> list[str | None]:
        rows = self._api.statement(query, values)
        if len(rows) != 1:
            raise RetryLater(f"{TITLE}: the result of a query is not there any more")
        return rows[0]

    def _audit(self, row: Staged) -> None:
        """Write a row of the audit, and see that it stands there."""
        audit = tables()[AUDIT]
        given = workspace_sql.given_row_of(audit)
        values = {column.name: row.get(column.name) for column in audit.columns}
        self._api.statement(workspace_sql.merge(self._place, audit, given), values)
        count, _ = self._only_row(workspace_sql.found_again(self._place, audit, given), values)
        if count != "1":
            raise RetryLater(f"{TITLE}: the audit of a load is not there after it was written")

    def _drop(self, stage: str) -> None:
        """Remove what was staged; what stays does no harm, and is removed days later."""
        try:
            self._api.remove_all(stage)
        except ConnectorError as error:
            log.warning("what was staged in %s stays there: %s", stage, error)
