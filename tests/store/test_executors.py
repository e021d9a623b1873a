from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from mlconnector.store.database import Database
from mlconnector.store.executors import beat, dead_here, forget, register, silent
from tests.clock import Clock


@pytest.fixture
def db(database: Database, clock: Clock) -> Iterator[Connection]:
    """Three executors on two hosts, registered ten seconds apart."""
    with database.write() as transaction:
        for executor, host, process in (("a", "here", 11), ("b", "here", 12), ("c", "there", 13)):
            register(transaction, executor, host, process, clock())
            clock.advance(10)
        yield transaction


def test_an_executor_is_silent_after_the_given_seconds(db: Connection, clock: Clock) -> None:
    assert silent(db, clock(), 30) == []
    assert silent(db, clock(), 15) == ["a", "b"]


def test_a_sign_of_life_ends_the_silence(db: Connection, clock: Clock) -> None:
    assert beat(db, "a", clock())
    assert silent(db, clock(), 15) == ["b"]


def test_a_forgotten_executor_learns_it_at_its_next_beat(db: Connection, clock: Clock) -> None:
    assert forget(db, "a")
    assert not forget(db, "a")
    assert not beat(db, "a", clock())
    assert silent(db, clock(), 0) == ["b", "c"]


def test_the_dead_of_this_host_are_known_by_their_processes(db: Connection) -> None:
    assert dead_here(db, "here", lambda process: process != 12) == ["b"]
    assert dead_here(db, "here", lambda _: True) == []
    assert dead_here(db, "there", lambda _: False) == ["c"]


def test_a_restart_under_the_same_id_replaces_the_executor(db: Connection, clock: Clock) -> None:
    register(db, "a", "there", 99, clock())
    assert silent(db, clock(), 15) == ["b"]
    assert dead_here(db, "here", lambda _: False) == ["b"]
    assert dead_here(db, "there", lambda process: process == 99) == ["c"]
