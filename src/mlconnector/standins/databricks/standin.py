"""The Databricks stand-in as tests and bench hold it: a server, its switches, and SQL of an administrator.

With `Options.state_file` everything is kept: tables and files in a folder beside it, the rest in the file,
which is written at every change. `Options.delay` is the seconds that a run of a job takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Protocol

from starlette.routing import Route

from mlconnector.standins import state_file
from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.databricks.app import Services, build
from mlconnector.standins.databricks.endpoint import Api
from mlconnector.standins.databricks.identities import (
    ADMINISTRATOR,
    CATALOG,
    CLIENT_ID,
    CLIENT_SECRET,
    WAREHOUSE_ID,
)
from mlconnector.standins.databricks.job_api import JobApi
from mlconnector.standins.databricks.login import Login
from mlconnector.standins.databricks.myself import Myself
from mlconnector.standins.databricks.outages import busy, concurrent_append
from mlconnector.standins.databricks.parameters import Parameter
from mlconnector.standins.databricks.placing import Session, default_catalog
from mlconnector.standins.databricks.running import Running
from mlconnector.standins.databricks.state import State
from mlconnector.standins.databricks.statement_api import StatementApi
from mlconnector.standins.databricks.statements import Statements
from mlconnector.standins.databricks.unity_api import UnityApi
from mlconnector.standins.databricks.volume_api import VolumeApi
from mlconnector.standins.databricks.warehouses import Warehouse, Warehouses
from mlconnector.standins.databricks.workspace import Workspace
from mlconnector.standins.databricks.workspace_files import WorkspaceFiles
from mlconnector.standins.faults import Fault, Faults, FaultyApp


class _HasRoutes(Protocol):
    def routes(self) -> list[Api]:
        """The endpoints."""


class DatabricksStandIn:
    """A workspace."""

    name = "databricks"
    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET
    warehouse_id = WAREHOUSE_ID
    catalog = CATALOG

    def __init__(self, options: Options) -> None:
        self.options = options
        self.faults = Faults()
        self._saving = Lock()
        file = options.state_file
        self.workspace = Workspace(file.with_name(f"{file.name}.files") if file else None, self.save)
        self.login = Login(options.clock)
        self.grants = self.workspace.grants
        self.warehouses = Warehouses(options.clock, self.grants)
        self.statements = Statements(self.workspace.sql, options.clock)
        self.statement_api = StatementApi(self.statements, self.warehouses, CATALOG, options.clock)
        self.services = Services(self.login)
        self.files = WorkspaceFiles(self.save)
        self.files.add_home(CLIENT_ID)
        self.running = Running(
            self.workspace.sql, self.files, self.warehouses, options.clock, CATALOG, self.save, options.delay
        )
        self.jobs = JobApi(self.running, self.grants, options.clock, self.save)
        self._state = State(self.workspace, self.login, self.files, self.jobs)
        rows = [row for each in self._apis() for row in each.routes()]
        links = Route("/external/{key}", self.statement_api.serve_link, methods=["GET"])
        self._app = FaultyApp(build(self.services, rows, [links]), self.faults)
        if file is not None and file.exists():
            self._state.restore(file.read_bytes())

    def _apis(self) -> tuple[_HasRoutes, ...]:
        unity = UnityApi(self.workspace.unity, self.grants, self.workspace.tables.folder)
        volumes = VolumeApi(self.workspace.volumes, self.grants)
        return self.warehouses, self.statement_api, self.files, self.jobs, volumes, unity, Myself()

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write what is not in files of its own to the state file, when one was given."""
        if self.options.state_file is not None:
            with self._saving:
                state_file.replace(self.options.state_file, self._state.encoded())

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, whose state may be turned."""
        return self.warehouses.all[WAREHOUSE_ID]

    def remove_metastore(self) -> None:
        """Let the workspace have no Unity Catalog."""
        self.workspace.unity.has_metastore = False

    def add_principal(self, client_id: str, secret: str) -> None:
        """Let another service principal log in."""
        self.login.secrets[client_id] = secret
        self.files.add_home(client_id)

    def withhold(self, privilege: str, securable: str, principal: str = CLIENT_ID) -> None:
        """See `Grants.withhold`."""
        self.grants.withhold(principal, privilege, securable)

    def grant(self, privilege: str, securable: str, principal: str = CLIENT_ID) -> None:
        """See `Grants.grant`."""
        self.grants.grant(principal, privilege, securable)

    def conflict(self, times: int = 1) -> None:
        """Let the next writes lose a race against another writer, as the original's do now and then."""
        self.workspace.sql.failing += [concurrent_append() for _ in range(times)]

    def refuse(self, path: str, status: int = 429, times: int = 1, retry_after: str | None = "1") -> Fault:
        """Let the next calls of a path be answered 429 or 503 and not carried out."""
        return self.faults.add(busy(path, status, times, retry_after))

    def stop(self) -> None:
        """Let everything that still waits in the background end."""
        self.statements.stopped.set()
        self.running.stopped.set()

    def sql(self, text: str, values: Mapping[str, str | None] | None = None) -> list[list[str | None]]:
        """Carry out statements as an administrator; the rows of the last one. Raises SqlError."""
        catalog = default_catalog(self.workspace.unity, CATALOG)
        named = {name: Parameter(value) for name, value in (values or {}).items()}
        return self.workspace.sql.run_all(text, named, Session(ADMINISTRATOR, catalog)).rows

    def table_folder(self, name: str) -> Path:
        """Where the Delta table of a full name lies, for other readers. Raises SqlError."""
        catalog, schema, table = name.split(".")
        return self.workspace.tables.folder(self.workspace.unity.table((catalog, schema, table)))
