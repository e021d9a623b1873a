"""Bring a database to the tables of this version, safely when several processes start at once."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem
from mlconnector.store.database import Database

# Any number will do, as long as no other program takes the same advisory lock in the same database.
_MIGRATION_LOCK = 7_302_115_484

# Alembic keeps the running migration in module globals: one at a time in a process.
_one_at_a_time = threading.Lock()


def migrate(database: Database) -> None:
    """Bring `database` to the newest revision, in one transaction; does nothing when it is there already.

    A process that comes second waits for the first one: on PostgreSQL at an advisory lock, on SQLite at
    the write lock. Raises NeedsHuman (`database_is_newer`) when a newer version of the product made it.
    """
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
        wanted = ScriptDirectory.from_config(alembic_configuration(connection)).get_heads()
        return revisions(connection) == set(wanted)


def revisions(connection: Connection) -> set[str]:
    """The revisions that a database says it is at: none while it is empty, else one."""
    return set(MigrationContext.configure(connection).get_current_heads())


def alembic_configuration(connection: Connection) -> Config:
    """Alembic's settings for this package's migrations, to be run on `connection`."""
    configuration = Config()
    folder = str(Path(__file__).parent / "migrations")
    configuration.set_main_option("script_location", folder.replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration
