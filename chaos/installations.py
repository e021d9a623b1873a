"""Databases for trials, and how their connections are cut: terminated on PostgreSQL, locked out on SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
from tests.databases import copied_sqlite, migrated_sqlite, running_postgres

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


@contextmanager
def sqlite_places(folder: Path) -> Iterator[Callable[[Path], Place]]:
    """Makes databases that are files in a trial's folder."""
    template = migrated_sqlite(folder)

    def made(trial: Path) -> Place:
        url = copied_sqlite(template, trial)
        return Place(url, lambda seconds: _lock(Path(url.removeprefix("sqlite:///")), seconds))

    yield made


@contextmanager
def postgres_places(_folder: Path) -> Iterator[Callable[[Path], Place]]:
    """Makes databases on a server of our own; they end with it."""
    with running_postgres() as server:

        def made(trial: Path) -> Place:
            url = server.create(f"chaos_{trial.name.replace('-', '_')}", "migrated")
            return Place(url, lambda _seconds: _terminate(url))

        yield made


def _lock(file: Path, seconds: float) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        other.execute("ROLLBACK")


def _terminate(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TERMINATE)


PLACES = {"sqlite": sqlite_places, "postgresql": postgres_places}
"""How the databases of a kind are made."""
