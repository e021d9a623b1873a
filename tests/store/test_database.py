from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import QueuePool

from mlconnector.errors import RetryLater
from mlconnector.store.database import Database, open_database
from mlconnector.store.tables import leases
from mlconnector.store.upsert import add_row, put_row

MOMENT = datetime(2026, 3, 29, 2, 30, 15, 123456, tzinfo=timezone(timedelta(hours=1)))


def test_a_moment_is_read_back_in_utc_whatever_zone_it_was_written_in(database: Database) -> None:
    with database.write() as transaction:
        transaction.execute(insert(leases), {"name": "a", "owner": "me", "until": MOMENT})
    with database.read() as connection:
        read = connection.execute(select(leases.c.until)).scalar_one()
    assert read == MOMENT
    assert read.tzinfo is UTC


def test_a_moment_is_read_back_in_utc_whatever_zone_the_session_has(database: Database) -> None:
    with database.write() as transaction:
        transaction.execute(insert(leases), {"name": "a", "owner": "me", "until": MOMENT})
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("set local time zone 'Asia/Tokyo'"))
        read = connection.execute(select(leases.c.until)).scalar_one()
    assert (read, read.tzinfo) == (MOMENT, UTC)


def test_moments_in_different_zones_are_compared_as_moments(database: Database) -> None:
    with database.write() as transaction:
        transaction.execute(insert(leases), {"name": "a", "owner": "me", "until": MOMENT})
    earlier = (MOMENT - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=-9)))
    later = (MOMENT + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9)))
    with database.read() as connection:
        found = connection.execute(select(leases.c.name).where(leases.c.until.between(earlier, later)))
        assert found.scalars().all() == ["a"]


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = MOMENT.replace(tzinfo=None)
    with pytest.raises(StatementError, match="no time zone"), database.write() as transaction:
        transaction.execute(insert(leases), {"name": "a", "owner": "me", "until": naive})


def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as transaction:
            put_row(transaction, leases, {"name": "a", "owner": "me", "until": MOMENT})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.read() as connection:
        assert connection.execute(select(leases)).all() == []


def test_adding_a_known_row_changes_nothing_and_putting_it_replaces_it(database: Database) -> None:
    def owners() -> list[str]:
        with database.read() as connection:
            return list(connection.execute(select(leases.c.owner)).scalars())

    with database.write() as transaction:
        assert add_row(transaction, leases, {"name": "a", "owner": "first", "until": MOMENT})
        assert not add_row(transaction, leases, {"name": "a", "owner": "second", "until": MOMENT})
    assert owners() == ["first"]
    with database.write() as transaction:
        put_row(transaction, leases, {"name": "a", "owner": "third", "until": MOMENT})
    assert owners() == ["third"]


def test_a_database_that_cannot_be_reached_is_asked_again_later(tmp_path: Path) -> None:
    nowhere = open_database(f"sqlite:///{tmp_path / 'missing' / 'data.sqlite'}")
    with pytest.raises(RetryLater), nowhere.read():
        pass


def test_a_file_that_another_process_writes_to_is_switched_to_wal_when_that_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("mlconnector.store.database.time.sleep", lambda _: other.execute("COMMIT"))
    opened = open_database(f"sqlite:///{path}")
    with opened.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    opened.close()
    other.close()


def test_more_threads_than_connections_wait_and_come_back_later(tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path / 'one.sqlite'}"
    database = Database(
        create_engine(file, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)
    )
    with database.read(), pytest.raises(RetryLater, match="all connections"), database.read():
        pass
    database.close()
