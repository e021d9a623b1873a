"""A workspace on the disk: its metastore, tables, volumes and SQL, put together."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from threading import RLock

from mlconnector.standins.databricks.commands import Commands
from mlconnector.standins.databricks.definitions import Definitions
from mlconnector.standins.databricks.engine import engine
from mlconnector.standins.databricks.grants import Grants
from mlconnector.standins.databricks.identities import CATALOG, HIVE
from mlconnector.standins.databricks.placing import Placing
from mlconnector.standins.databricks.sql import Sql
from mlconnector.standins.databricks.tables import Tables
from mlconnector.standins.databricks.unity import Unity
from mlconnector.standins.databricks.volumes import Volumes


class Workspace:
    """What lies in a folder; the engine is begun, and told of the tables, when it is needed first."""

    def __init__(self, folder: Path | None, changed: Callable[[], None]) -> None:
        self.folder = (folder or Path(tempfile.mkdtemp(prefix="workspace-"))).absolute()
        self.remove = weakref.finalize(self, _remove, self.folder if folder is None else None)
        self.unity = Unity()
        self.grants = Grants()
        for catalog in (CATALOG, HIVE):
            self.unity.add_catalog(catalog)
        self._own_schema: str | None = None
        self._beginning = RLock()
        self.volumes = Volumes(self.folder / "volumes", self.unity)
        self.placing = Placing(self.unity, self.grants, self.volumes, engine, self.own_schema)
        self.tables = Tables(self.folder / "tables", self.unity, self.placing)
        definitions = Definitions(self.unity, self.tables, self.placing)
        commands = Commands(self.unity, self.grants, self.tables, self.volumes)
        self.sql = Sql(self.placing, self.tables, definitions, commands, changed)

    def own_schema(self) -> str:
        """The schema of the engine that holds the tables of this workspace."""
        with self._beginning:
            if self._own_schema is None:
                self._own_schema = engine().new_schema(self.folder / "tables")
                self.tables.attach_all()
            return self._own_schema

    def restore(self, unity: Unity) -> None:
        """Take the metastore of before."""
        self.unity.catalogs, self.unity.numbers = unity.catalogs, unity.numbers
        self.unity.has_metastore = unity.has_metastore


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
