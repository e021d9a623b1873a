"""The check of a workspace: each step a real call, and what is missing told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mlconnector.errors import ConnectorError
from mlconnector.systems.databricks.answers import TITLE
from mlconnector.systems.databricks.tables import tables
from mlconnector.systems.databricks.workspace_place import WorkspacePlace
from mlconnector.systems.kit.check_steps import Attempt, CheckStep, failed_step, in_order

LOGIN, UNITY, WAREHOUSE = "databricks.login", "databricks.unity_catalog", "databricks.warehouse"
SCHEMA, TABLES = "databricks.schema", "databricks.tables"
STAGE, JOB = "databricks.stage", "databricks.job"


@dataclass(frozen=True, slots=True)
class WorkspaceCheck:
    """Tries one thing after the other at the place of the tables, as a load would."""

    found: WorkspacePlace

    def steps(self) -> Iterator[CheckStep]:
        """Every step; what comes after one that failed is skipped."""
        found, settings = self.found, self.found.settings
        place = f"{settings.catalog}.{settings.in_schema}"
        return in_order(
            [
                _attempt(LOGIN, lambda: {"who": found.api.who(), "host": settings.host or ""}),
                _attempt(UNITY, lambda: {"metastore": found.see_to_unity_catalog()}),
                _attempt(WAREHOUSE, lambda: {"state": found.see_to_warehouse()}),
                _attempt(SCHEMA, lambda: _done(found.see_to_schema, "place", place)),
                _attempt(TABLES, lambda: _done(found.see_to_tables, "count", str(len(tables())))),
                _attempt(STAGE, lambda: _done(found.see_to_stage, "place", found.place.volume)),
                _attempt(JOB, lambda: {"id": str(found.see_to_job())}),
            ]
        )


def _done(work: Callable[[], None], name: str, fact: str) -> dict[str, str]:
    work()
    return {name: fact}


def _attempt(key: str, ask: Callable[[], dict[str, str]]) -> Attempt:
    def steps() -> Sequence[CheckStep]:
        try:
            return [CheckStep(key, "ok", facts=ask())]
        except ConnectorError as error:
            return [failed_step(key, TITLE, error, human="it")]

    return Attempt((key,), steps)
