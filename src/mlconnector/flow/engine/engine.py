"""The durable engine: DBOS set up for this product, on SQLite or PostgreSQL.

What DBOS keeps is progress of work only; it can be thrown away without losing a voucher. See
`docs/explanation/exactly-once.md` for why repetition is harmless.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy.exc import DBAPIError

from mlconnector.errors import RetryLater
from mlconnector.flow.context.services import Services
from mlconnector.flow.engine import recovery
from mlconnector.flow.engine.liveness import Liveness
from mlconnector.flow.engine.queues import QUEUES
from mlconnector.flow.engine.workflows import Workflows
from mlconnector.store.database import keep_private, translated

_OWN_HANDLER = "__dbos_console_log_handler__"
APPLICATION = "ml-connector"
# Pinned on purpose: a version derived from the source would strand all work in flight at every upgrade.
# It is raised only when a workflow's steps change in a way that running ones could not continue.
VERSION = "1"
# How long steps that are being done get to end when the process is asked to: longer than one request takes.
_LAST_STEPS_SECONDS = 35.0
_FRACTIONS_SINCE = (3, 42, 0)


class Engine:
    """Runs workflows in this process, and takes over the work of processes that went silent."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._liveness = Liveness(services, recovery.carriers, recovery.hand_over)
        self.workflows: Workflows | None = None

    def start(self) -> Workflows:
        """Begin to work: become known, launch, take over what was left behind, show signs of life.

        Raises RetryLater when a database cannot be written to.
        """
        self._services.stopping.begin()
        DBOS(config=self._config())
        _route_log()
        self.workflows = Workflows(self._services)
        self._liveness.begin()
        with translated():
            DBOS.launch()
        self._liveness.begin_to_watch()
        with translated():
            for name, options in QUEUES.items():
                DBOS.register_queue(
                    name, polling_interval_sec=self._services.settings.queue_seconds, **options
                )
        return self.workflows

    def stop(self) -> None:
        """Stop working; what is in flight goes on at the next start, here or elsewhere."""
        self._services.stopping.stop(_LAST_STEPS_SECONDS)
        self._liveness.end()
        DBOS.destroy(destroy_registry=True)
        self._liveness.resign()
        self.workflows = None

    def _config(self) -> DBOSConfig:
        url = sa.make_url(self._services.settings.database)
        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": self._services.owner,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "ERROR",
            "console_log_level": "ERROR",
        }
        if url.get_backend_name() == "sqlite":
            progress = f"{url.database}.progress"
            config["system_database_url"] = f"sqlite:///{progress}"
            config["system_database_engine"] = progress_engine(progress)
        else:
            plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
            config["system_database_url"] = plain
        return config


def _route_log() -> None:
    """Let the engine's log go the way of ours, instead of to standard error by itself."""
    engine_log = logging.getLogger("dbos")
    for handler in list(engine_log.handlers):
        if handler.name == _OWN_HANDLER:
            engine_log.removeHandler(handler)
    engine_log.propagate = True
    engine_log.addFilter(_in_one_line)


def _in_one_line(record: logging.LogRecord) -> bool:
    """Say in one line that a database does not work; everything else keeps its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, DBAPIError | RetryLater):
        said = str(error.orig) if isinstance(error, DBAPIError) else error.reason
        record.msg, record.args = f"{record.getMessage().rstrip(' :')}: {said}", None
        record.exc_info = record.exc_text = None
    return True


def progress_engine(path: str) -> sa.Engine:
    """An SQLite engine for DBOS in WAL mode, with a clock function where the library's own is too old.

    SQLite before 3.42 answers `unixepoch('subsec')` with NULL, which DBOS asks for from Python 3.12 on.
    """
    keep_private(Path(path))
    engine = sa.create_engine(f"sqlite:///{path}")

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout=60000")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if sqlite3.sqlite_version_info < _FRACTIONS_SINCE:
            connection.create_function("unixepoch", -1, _unix_epoch)

    sa.event.listen(engine, "connect", prepare)
    return engine


def _unix_epoch(*modifiers: Any) -> float:
    return time.time() if "subsec" in modifiers else int(time.time())
