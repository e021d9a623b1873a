"""Bring a database to the tables of this version, safely when several processes start at once."""

from __future__ import annotations

import re
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"
_STATED = re.compile(r'^(down_)?revision(?:: [^=]+)? = "([^"]+)"', re.MULTILINE)

# Any number will do, as long as no other program takes the same advisory lock in the same database.
_MIGRATION_LOCK = 7_302_115_484

# Alembic keeps the running migration in module globals: one at a time in a process.
_one_at_a_time = threading.Lock()


def migrate(database: Database) -> None:
    """Bring `database` to the newest revision, in one transaction; does nothing when it is there already.

    A process that comes second waits for the first one: on PostgreSQL at an advisory lock, on SQLite at
    the write lock. Raises NeedsHuman (`database_is_newer`) when a newer version of the product made it.
    """
    if is_current(database):
        return
    # Only a database that is not up to date has to wait until the library for that is loaded.
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with _one_at_a_time, database.write() as transaction:
        if transaction.dialect.name == "postgresql":
            transaction.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        configuration = alembic_configuration(transaction)
        scripts = ScriptDirectory.from_config(configuration)
        known = {script.revision for script in scripts.walk_revisions()}
        for found in revisions(transaction) - known:
            raise NeedsHuman(Problem("database_is_newer", {"revision": found}))
        command.upgrade(configuration, "head")


def is_current(database: Database) -> bool:
    """Whether the database has exactly the tables of this version."""
    with database.read() as connection:
        return revisions(connection) == newest()


def revisions(connection: Connection) -> set[str]:
    """The revisions that a database says it is at: none while it is empty, else one."""
    if not inspect(connection).has_table(_VERSIONS):
        return set()
    return set(connection.scalars(text(f"SELECT version_num FROM {_VERSIONS}")))  # noqa: S608 - a constant


@cache
def newest() -> set[str]:
    """The revisions of this version that no other one follows, as its files state them."""
    stated = [
        found
        for file in (_FOLDER / "versions").glob("*.py")
        for found in _STATED.findall(file.read_text(encoding="utf-8"))
    ]
    return {name for follows, name in stated if not follows} - {name for follows, name in stated if follows}


def alembic_configuration(connection: Connection) -> Config:
    """Alembic's settings for this package's migrations, to be run on `connection`."""
    from alembic.config import Config  # noqa: PLC0415 - as above

    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration
