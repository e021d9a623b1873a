from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, bindparam, insert, inspect, text

from mlconnector.errors import NeedsHuman
from mlconnector.store import connections, vouchers
from mlconnector.store.database import Database
from mlconnector.store.migrate import alembic_configuration, is_current, migrate, newest
from mlconnector.store.tables import batches, metadata, transfers
from mlconnector.store.tables.moments import Moment
from tests.clock import Clock


def details(connection: Connection) -> dict[str, Any]:
    """What Alembic does not compare, or not alike on both databases: defaults, checks, and names of keys."""
    inspector = inspect(connection)
    return {
        table: (
            {column["name"]: column["default"] for column in inspector.get_columns(table)},
            sorted((check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)),
            inspector.get_pk_constraint(table)["name"],
            sorted(str(key["name"]) for key in inspector.get_foreign_keys(table)),
        )
        for table in metadata.tables
    }


def test_a_migrated_database_has_exactly_the_tables_that_the_program_uses(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_migrated_database_has_the_defaults_checks_and_key_names_that_the_program_expects(
    database: Database, empty_database: Database
) -> None:
    with empty_database.write() as connection:
        metadata.create_all(connection)
    with database.read() as migrated, empty_database.read() as expected:
        assert details(migrated) == details(expected)


def test_an_empty_database_is_not_current_until_it_is_migrated(empty_database: Database) -> None:
    assert not is_current(empty_database)
    migrate(empty_database)
    assert is_current(empty_database)


def test_migrating_twice_changes_nothing(database: Database) -> None:
    migrate(database)
    assert is_current(database)
    with database.read() as connection:
        heads = connection.execute(text("SELECT id, sequence, hash FROM audit_head")).all()
    assert [tuple(row) for row in heads] == [(1, 0, "0" * 64)]


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from the future'"))
    with pytest.raises(NeedsHuman) as refused:
        migrate(database)
    assert refused.value.problem.key == "database_is_newer"
    assert refused.value.problem.facts == {"revision": "from the future"}


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: Database) -> None:
    with empty_database.write() as connection:
        connection.execute(text("CREATE TABLE leases (name TEXT)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(empty_database)
    with empty_database.read() as connection:
        assert inspect(connection).get_table_names() == ["leases"]


def test_what_has_sent_before_releases_were_kept_counts_as_released(
    empty_database: Database, clock: Clock
) -> None:
    with empty_database.write() as connection:
        configuration = alembic_configuration(connection)
        command.upgrade(configuration, "0002")
        for name, state in (("sent", "ready"), ("left", "paused"), ("new", "ready"), ("frozen", "ready")):
            connection.execute(
                text(
                    "INSERT INTO connections (name, source, client, settings, state, created_at, updated_at) "
                    "VALUES (:name, 'pipedrive', '1-2', '', :state, :now, :now)"
                ).bindparams(bindparam("now", clock(), Moment()), name=name, state=state)
            )
        for name in ("sent", "left", "frozen"):
            batch = {**dict.fromkeys(("client", "period", "file_name", "sha256", "changes"), ""), "rows": 1}
            batch |= {"id": name, "connection": name, "format": "extf", "content": b"", "vouchers": 1}
            batch |= {"state": "frozen", "created_at": clock(), "changed_at": clock()}
            connection.execute(insert(batches), batch)
        for name in ("sent", "left"):
            connection.execute(insert(transfers), {"batch": name, "attempt": 1, "started_at": clock()})
        command.upgrade(configuration, "head")
        released = {row.name: (row.released_at, row.released_by) for row in connections.every(connection)}
    assert released.pop("sent") == (clock(), "before releases were kept")
    assert set(released.values()) == {(None, None)}


def test_what_was_left_out_before_says_who_did_it_as_far_as_the_trail_knows(
    empty_database: Database, clock: Clock
) -> None:
    add = text(
        "INSERT INTO vouchers "
        "(id, connection, kind, external_id, revision, state, reason, read_at, changed_at) "
        "VALUES (:id, 'north', 'invoice', :id, '', :state, :reason, :now, :now)"
    )
    tell = text(
        "INSERT INTO audit (sequence, at, connection, subject, event, detail, hash) "
        "VALUES (:row, :at, 'north', :id, 'ignored', :detail, '')"
    )
    earlier = clock()
    with empty_database.write() as connection:
        configuration = alembic_configuration(connection)
        command.upgrade(configuration, "0006")
        connection.execute(
            text(
                "INSERT INTO connections (name, source, client, settings, state, created_at, updated_at) "
                "VALUES ('north', 'pipedrive', '1-2', '', 'ready', :now, :now)"
            ).bindparams(bindparam("now", clock(), Moment()))
        )
        clock.advance(60)
        for key, reason in (("told", "left out: a test"), ("untold", "left out: x"), ("rule", "withdrawn")):
            row = {"id": key, "state": "ignored", "reason": reason}
            connection.execute(add.bindparams(bindparam("now", clock(), Moment()), **row))
        for number, by in ((1, "karl"), (2, "erika")):
            at = earlier.isoformat(timespec="microseconds")
            detail = f'{{"by": "{by}", "reason": "a test"}}'
            connection.execute(tell.bindparams(row=number, at=at, id="told", detail=detail))
        command.upgrade(configuration, "head")
        rows = vouchers.by_ids(connection, ["told", "untold", "rule"])
        vouchers.set_aside(connection, ["rule"], "booked_by_hand", "typed in", "karl", clock())
    assert (rows["told"].set_aside_by, rows["told"].set_aside_at) == ("erika", earlier)
    assert (rows["untold"].set_aside_by, rows["untold"].set_aside_at) == ("", clock())
    assert not rows["rule"].is_set_aside


def test_processes_that_start_at_once_migrate_once(empty_database_url: str, empty_database: Database) -> None:
    code = (
        "import sys\n"
        "from mlconnector.store.database import open_database\n"
        "from mlconnector.store.migrate import migrate\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "migrate(open_database(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", code, empty_database_url]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=30)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    assert is_current(empty_database)


def test_the_newest_revision_is_read_off_the_files_as_the_library_reads_it(database: Database) -> None:
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_configuration(connection))
    assert newest() == set(scripts.get_heads())
