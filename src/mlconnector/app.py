"""The application: the only place where settings, store, systems and flows are put together."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from mlconnector.flow.engine import Engine
from mlconnector.flow.points import watch
from mlconnector.flow.services import Services
from mlconnector.flow.workflows import Workflows
from mlconnector.settings import Settings
from mlconnector.store.database import Database, open_database
from mlconnector.store.httplog import HttpLog
from mlconnector.store.migrate import migrate
from mlconnector.store.sealing import MasterKeys
from mlconnector.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Application:
    """An opened installation."""

    settings: Settings
    database: Database
    vault: Vault
    services: Services

    @contextmanager
    def working(self) -> Iterator[Workflows]:
        """Do durable work in this process until the block ends."""
        engine = Engine(self.services)
        workflows = engine.start()
        try:
            yield workflows
        finally:
            engine.stop()


@contextmanager
def opened(settings: Settings, now: Callable[[], datetime] | None = None) -> Iterator[Application]:
    """Open the installation that `settings` describe; its database is brought up to date first.

    Raises UnreadableSettings without a master key, and RetryLater when the database is out of reach.
    """
    clock = now or (lambda: datetime.now(UTC))
    keys = MasterKeys.parse(settings.master_key_text())
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = open_database(settings.database)
    migrate(database)
    vault = Vault(database, keys, clock)
    services = Services(
        settings,
        database,
        vault,
        HttpLog(database),
        owner=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        now=clock,
        reached=watch(settings.crash_at),
    )
    try:
        yield Application(settings, database, vault, services)
    finally:
        services.close()
