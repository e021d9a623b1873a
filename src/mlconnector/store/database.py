"""The database: SQLite in WAL mode or PostgreSQL, used the same way, with short explicit transactions."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from mlconnector.errors import Broken, RetryLater
from mlconnector.store.trail_seal import TrailSeal

_WAL_WAITS = 200
_WAL_WAIT = 0.05
# How SQLite and PostgreSQL complain of a full disk.
_NO_ROOM = ("disk I/O error", "is full", "No space left")


@dataclass(frozen=True, slots=True)
class Database:
    """A database to read from and to write to; every write is one transaction.

    `trail_seal` seals the audit trail; without it nothing can be added to the trail.
    """

    engine: Engine
    trail_seal: TrailSeal | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries. Raises RetryLater when the database cannot be reached."""
        with translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed at its end and undone on any error.

        On SQLite it takes the write lock at once, so that it cannot fail half way for want of it.
        """
        with translated(), self.engine.connect() as plain:
            connection = plain.execution_options(writes=True, trail_seal=self.trail_seal)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn a lost, locked or full database into RetryLater, and a damaged file into Broken.

    Everything else stays what it is.
    """
    try:
        yield
    except PoolTimeout as error:
        raise RetryLater(
            "the database does not work at the moment: all connections to it are in use"
        ) from error
    except DBAPIError as error:
        text = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error).__name__
        if error.connection_invalidated or type(error).__name__ == "OperationalError":
            hint = " (is there room on the disk?)" if any(word in text for word in _NO_ROOM) else ""
            raise RetryLater(f"the database does not work at the moment: {text}{hint}") from error
        if type(error).__name__ == "DatabaseError":
            raise Broken(f"the database cannot be used: {text}") from error
        raise


def open_database(url: str, trail_seal: TrailSeal | None = None) -> Database:
    """Connect to `url`, e.g. `sqlite:////var/lib/ml-connector/data.sqlite` or `postgresql://…`."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        keep_private(Path(address.database))
    return Database(make_engine(url), trail_seal)


def keep_private(file: Path) -> None:
    """Let nobody but its owner read or write an SQLite file, from its beginning, and those beside it.

    What SQLite itself makes beside a file gets the rights of the file. A place that cannot be written to is
    left for SQLite to complain of, and a file of somebody else is left as it is.
    """
    if str(file) == ":memory:" or str(file).startswith("file:"):
        return
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDONLY, 0o600))
    except OSError:
        return
    for one in (file, *(file.with_name(file.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        with suppress(FileNotFoundError, PermissionError):
            if stat.S_IMODE(one.stat().st_mode) & 0o077:
                one.chmod(0o600)


def make_engine(url: str) -> Engine:
    """An engine for `url` with the settings that durability needs.

    SQLite gets WAL and full synchronisation (what was committed survives a power cut), and the function
    `unixepoch` where the library is too old to have it with fractions. Values stay out of its errors: they
    are documents of our users' customers.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        engine = create_engine(address, connect_args={"timeout": 60}, hide_parameters=True, **_pool(address))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if address.drivername in {"postgresql", "postgres"}:
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(address, pool_pre_ping=True, hide_parameters=True, **_pool(address))


def _pool(address: URL) -> dict[str, int]:
    """How many connections threads may have at once; a database in memory has one alone."""
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        return {}
    return {"pool_size": 10, "max_overflow": 20}


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Switch a file to WAL, once for its life; SQLite does not wait here for others that just write to it."""
    for waits_left in reversed(range(_WAL_WAITS)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or not waits_left:
                raise
            time.sleep(_WAL_WAIT)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
