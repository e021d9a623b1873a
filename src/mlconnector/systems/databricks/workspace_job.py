"""The saved job of a workspace that merges staged rows: a task for each table, its SQL in a file."""

from __future__ import annotations

import hashlib

from databricks.sdk.service.jobs import (
    JobParameterDefinition,
    JobSettings,
    QueueSettings,
    SqlTask,
    SqlTaskFile,
    Task,
)

from mlconnector.systems.databricks import workspace_sql
from mlconnector.systems.databricks.settings import Settings
from mlconnector.systems.databricks.tables import AUDIT, Table, tables
from mlconnector.systems.databricks.workspace_sql import Place

STAGE = "stage"
_LONGEST_SECONDS = 2 * 3600


def files(settings: Settings, place: Place) -> dict[str, tuple[str, str]]:
    """The path and the text of the SQL file of each table; another text has another path."""
    folder = f"/Workspace/Users/{settings.client_id}/ml-connector/{place.catalog}.{place.schema}"
    found = {}
    for table in merged_tables():
        text = (
            f"-- {table.comment}\n{workspace_sql.merge(place, table, workspace_sql.staged_rows_of(table))};\n"
        )
        found[table.name] = (
            f"{folder}/{table.name}-{_hash(text)}.sql",
            text,
        )
    return found


def wanted_job(settings: Settings, place: Place) -> JobSettings:
    """The job: one run after the other, so that no two loads are in each other's way.

    Whose SQL, warehouse or principal is another has a job of another name: two versions of the product must
    not change each other's. A parameter of a job takes the place of one of a task that has its name, so they
    are named differently.
    """
    paths = {name: path for name, (path, _) in files(settings, place).items()}
    return JobSettings(
        name=f"ml-connector {place.catalog}.{place.schema} {_hash(settings.warehouse_id, *paths.values())}",
        description="Merges the rows that ml-connector has staged. It is run by ml-connector alone.",
        tasks=[
            Task(
                task_key=name,
                sql_task=SqlTask(
                    warehouse_id=settings.warehouse_id,
                    file=SqlTaskFile(path=path),
                    parameters={"path": f"{{{{job.parameters.{STAGE}}}}}/{name}"},
                ),
            )
            for name, path in paths.items()
        ],
        parameters=[JobParameterDefinition(name=STAGE, default="")],
        max_concurrent_runs=1,
        queue=QueueSettings(enabled=True),
        timeout_seconds=_LONGEST_SECONDS,
    )


def token(load_id: str, attempt: int) -> str:
    """What a run is known by: 64 characters, the most that there may be."""
    return hashlib.sha256(f"{load_id}|{attempt}".encode()).hexdigest()


def _hash(*said: str) -> str:
    return hashlib.sha256("|".join(said).encode()).hexdigest()[:12]


def merged_tables() -> list[Table]:
    """The tables that runs write to; the audit is written when their rows were found again."""
    return [table for name, table in tables().items() if name != AUDIT]
