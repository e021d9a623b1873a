"""Databases for trials, and how their connections are cut: terminated on PostgreSQL, locked out on SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import psycopg
from tests.databases import Postgres, copied_sqlite, migrated_sqlite, running_postgres

Kind = Literal["sqlite", "postgresql"]
_TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A fresh database, and how its connections are cut."""

    url: str
    cut: Callable[[float], None]


Make = Callable[[Path], Place]
"""Makes the database of a trial, whose folder is given."""


def sqlite_place(template: Path, folder: Path) -> Place:
    """A copy of a migrated file, in a trial's folder."""
    url = copied_sqlite(template, folder)
    return Place(url, lambda seconds: _lock(Path(url.removeprefix("sqlite:///")), seconds))


def postgres_place(server: Postgres, folder: Path) -> Place:
    """A copy of the migrated database of a server, named after a trial's folder."""
    url = server.create(f"chaos_{folder.name.replace('-', '_')}", "migrated")
    return Place(url, lambda _seconds: _terminate(url))


@contextmanager
def _sqlite_places(folder: Path) -> Iterator[Make]:
    yield partial(sqlite_place, migrated_sqlite(folder))


@contextmanager
def _postgres_places(_folder: Path) -> Iterator[Make]:
    with running_postgres() as server:
        yield partial(postgres_place, server)


def _lock(file: Path, seconds: float) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def _terminate(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TERMINATE)


PLACES: Mapping[Kind, Callable[[Path], AbstractContextManager[Make]]] = {
    "sqlite": _sqlite_places,
    "postgresql": _postgres_places,
}
"""How the databases of a kind are made for trials below a folder, until the block ends."""
