"""The Databricks stand-in as tests and bench hold it: a server, its switches, and SQL of an administrator.

With `Options.state_file` everything is kept: tables and files in the folder of the same name beside it, the
rest in the file, which is written at every change. `Options.delay` is the seconds that a run of a job takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.routing import Route

from mlconnector.standins import state_file
from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.databricks import state
from mlconnector.standins.databricks.app import Services, build
from mlconnector.standins.databricks.identities import (
    ADMINISTRATOR,
    CATALOG,
    CLIENT_ID,
    CLIENT_SECRET,
    WAREHOUSE_ID,
)
from mlconnector.standins.databricks.login import Login
from mlconnector.standins.databricks.parameters import Parameter
from mlconnector.standins.databricks.placing import Session, default_catalog
from mlconnector.standins.databricks.statement_api import StatementApi
from mlconnector.standins.databricks.statements import Statements
from mlconnector.standins.databricks.warehouses import Warehouses
from mlconnector.standins.databricks.workspace import Workspace
from mlconnector.standins.faults import Faults, FaultyApp


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
        file = options.state_file
        self.workspace = Workspace(file.with_suffix("") if file else None, self.save)
        self.login = Login(options.clock)
        self.grants = self.workspace.grants
        self.warehouses = Warehouses(options.clock, self.grants)
        self.statements = Statements(self.workspace.sql, options.clock)
        self.statement_api = StatementApi(self.statements, self.warehouses, CATALOG, options.clock)
        self.services = Services(self.login)
        rows = [row for each in (self.warehouses, self.statement_api) for row in each.routes()]
        links = Route("/external/{key}", self.statement_api.serve_link, methods=["GET"])
        self._app = FaultyApp(build(self.services, rows, [links]), self.faults)
        if file is not None and file.exists():
            state.restore(self, file.read_bytes())

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    def save(self) -> None:
        """Write what is not in files of its own to the state file, when one was given."""
        if self.options.state_file is not None:
            state_file.replace(self.options.state_file, state.encoded(self))

    @property
    def warehouse_state(self) -> str:
        """The state of the warehouse."""
        return self.warehouses.all[WAREHOUSE_ID].look()

    def sql(self, text: str, values: Mapping[str, str | None] | None = None) -> list[list[str | None]]:
        """Carry out statements as an administrator; the rows of the last one. Raises SqlError."""
        catalog = default_catalog(self.workspace.unity, CATALOG)
        named = {name: Parameter(value) for name, value in (values or {}).items()}
        return self.workspace.sql.run_all(text, named, Session(ADMINISTRATOR, catalog)).rows

    def table_folder(self, name: str) -> Path:
        """Where the Delta table of a full name lies, for other readers. Raises SqlError."""
        catalog, schema, table = name.split(".")
        return self.workspace.tables.folder(self.workspace.unity.table((catalog, schema, table)))
