"""The application: the only place where settings, store, systems and flows are put together."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.kill_points import watch
from mlconnector.flow.context.services import Services
from mlconnector.model.unsuitable import Unsuitable
from mlconnector.settings import Settings, unsuitable
from mlconnector.store import audit
from mlconnector.store.database import Database, open_database
from mlconnector.store.httplog import HttpLog
from mlconnector.store.migrate import migrate
from mlconnector.store.seals import MasterKeys
from mlconnector.store.trail_seal import TrailSeal
from mlconnector.store.vault import Vault
from mlconnector.texts.zone import show_in

if TYPE_CHECKING:
    from mlconnector.flow.engine.workflows import Workflows


@dataclass(frozen=True, slots=True)
class Application:
    """An opened installation."""

    settings: Settings
    database: Database
    vault: Vault
    services: Services

    def context(self, name: str) -> Context:
        """The context of a connection."""
        return Context(self.services, name)

    @contextmanager
    def working(self) -> Iterator[Workflows]:
        """Do durable work in this process until the block ends.

        Raises NeedsHuman (`trail_not_ours`, `trail_key_unknown`) where the audit trail could not tell of it.
        """
        # Most commands do no durable work; for them the engine would take longer to load than they take.
        from mlconnector.flow.engine.engine import Engine  # noqa: PLC0415

        audit.checked_head(self.database)
        engine = Engine(self.services)
        try:
            yield engine.start()
        finally:
            engine.stop()


@contextmanager
def opened(settings: Settings, now: Callable[[], datetime] | None = None) -> Iterator[Application]:
    """Open the installation that `settings` describe; its database is brought up to date first.

    Raises UnreadableSettings without a usable master key, and RetryLater when the database is out of reach.
    """
    clock = now or (lambda: datetime.now(UTC))
    show_in(ZoneInfo(settings.timezone))
    keys, reached = _master_keys(settings), _points(settings)
    if settings.database_url is None:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database, TrailSeal(keys))
    try:
        migrate(database)
        audit.begin(database, clock())
    except BaseException:
        database.close()
        raise
    vault = Vault(database, keys, clock)
    services = Services(
        settings,
        database,
        vault,
        HttpLog(database),
        owner=f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}",
        now=clock,
        reached=reached,
    )
    try:
        yield Application(settings, database, vault, services)
    finally:
        services.close()


def _master_keys(settings: Settings) -> MasterKeys:
    try:
        return MasterKeys.parse(settings.master_key_text())
    except Unsuitable as error:
        raise unsuitable(settings.master_key_place, error) from error


def _points(settings: Settings) -> Callable[[str], None]:
    try:
        return watch(settings.crash_at)
    except Unsuitable as error:
        raise unsuitable("crash_at", error) from error
