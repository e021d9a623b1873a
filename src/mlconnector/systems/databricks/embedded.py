"""The warehouse in a folder: Delta tables that delta-rs writes, and that every reader of Delta Lake opens."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from mlconnector.errors import ConnectorError, RetryLater
from mlconnector.systems.databricks import delta
from mlconnector.systems.databricks.rows import audit_row, carried_of, staged_rows
from mlconnector.systems.databricks.tables import AUDIT, DELETED, tables
from mlconnector.systems.kit.check_steps import CheckStep, failed_step
from mlconnector.systems.warehouse import Carried, OutgoingLoad, Reached, TableStatus

FOLDER, TABLES = "databricks.folder", "databricks.tables"
TITLE = "Databricks"
_STAGE, _VIEWS = "stage", "views"
_LEFTOVERS_SECONDS = 7 * 24 * 3600


class EmbeddedWarehouse:
    """Tables in a folder: one folder for each, `stage` for loads under way, `views` with queries to use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_ready = False

    def check(self) -> Iterator[CheckStep]:
        """The folder can be written to; each table is there with its columns."""
        facts = {"folder": str(self._folder)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            writable = os.access(self._folder, os.W_OK | os.X_OK)
        except OSError:
            writable = False
        if not writable:
            yield CheckStep(FOLDER, "failed", "databricks_folder_refused", facts, "it")
            yield CheckStep(TABLES, "skipped")
            return
        yield CheckStep(FOLDER, "ok", facts=facts)
        try:
            self.ready()
            yield CheckStep(TABLES, "ok", facts={"count": str(len(tables()))})
        except ConnectorError as error:
            yield failed_step(TABLES, TITLE, error, human="it")

    def load(self, load: OutgoingLoad, reached: Callable[[Reached], None]) -> Carried:
        """Stage the rows, merge them, read them back, and write the audit row last."""
        rows = {name: staged for name, table in tables().items() if (staged := staged_rows(table, load))}
        self.ready()
        # Its own even for the same load at the same time: nobody reads or removes what another one staged.
        place = self._folder / _STAGE / f"{load.id}-{uuid.uuid4().hex}"
        for name, staged in rows.items():
            delta.stage(place / name, tables()[name], staged)
        reached("staged")
        for name in rows:
            delta.merge(self._folder, tables()[name], place / name)
        reached("applied")
        found = [delta.found_again(self._folder, tables()[name], place / name) for name in rows]
        carried = carried_of(rows, found)
        self._audit(load, carried, place)
        if carried.agrees:
            shutil.rmtree(place, ignore_errors=True)
        for name in rows:
            delta.compact(self._folder, tables()[name])
        return carried

    def missing(self) -> Sequence[str]:
        """The tables that are not there."""
        return [name for name in tables() if not (self._folder / name / "_delta_log").is_dir()]

    def status(self) -> Sequence[TableStatus]:
        """What every table holds; nothing where nothing was loaded yet."""
        if not self._folder.is_dir():
            return ()
        self.ready()
        return [
            delta.status(self._folder, table, "" if name == AUDIT else DELETED)
            for name, table in tables().items()
        ]

    def close(self) -> None:
        """Nothing stays open between two loads."""

    def ready(self) -> None:
        """Make what is not there yet, once for each opening."""
        if self._is_ready:
            return
        try:
            views = self._folder / _VIEWS
            views.mkdir(parents=True, exist_ok=True)
            for view in files(__package__).joinpath("views").iterdir():
                if view.name.endswith(".sql"):
                    (views / view.name).write_text(view.read_text(encoding="utf-8"), encoding="utf-8")
        except OSError as error:
            raise RetryLater(f"the folder {self._folder} cannot be written: {error.strerror}") from error
        for table in tables().values():
            delta.ensure(self._folder, table)
        self._drop_leftovers()
        self._is_ready = True

    def _drop_leftovers(self) -> None:
        """Remove what loads staged that were killed long ago."""
        before = time.time() - _LEFTOVERS_SECONDS
        for place in (self._folder / _STAGE).glob("*-*"):
            if place.stat().st_mtime < before:
                shutil.rmtree(place, ignore_errors=True)

    def _audit(self, load: OutgoingLoad, carried: Carried, place: Path) -> None:
        """Write the load's row of the audit; that of an earlier attempt is taken over."""
        audit = tables()[AUDIT]
        delta.stage(place / AUDIT, audit, [audit_row(load, carried)])
        delta.merge(self._folder, audit, place / AUDIT)
