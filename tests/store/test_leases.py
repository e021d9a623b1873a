from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from mlconnector.store.database import Database
from mlconnector.store.leases import acquire, release, release_all, renew
from tests.clock import Clock


def test_a_lease_has_one_owner(database: Database, clock: Clock) -> None:
    assert acquire(database, "work", "one", 30, clock())
    assert not acquire(database, "work", "two", 30, clock())
    assert acquire(database, "other work", "two", 30, clock())


def test_a_clock_that_was_set_back_does_not_keep_a_lease_alive(database: Database, clock: Clock) -> None:
    acquire(database, "work", "killed", 30, clock.advance(3600))
    assert acquire(database, "work", "two", 30, clock.advance(-3600))
    assert not acquire(database, "work", "three", 30, clock.advance(-20))


def test_an_owner_may_acquire_its_lease_again(database: Database, clock: Clock) -> None:
    acquire(database, "work", "one", 30, clock())
    assert acquire(database, "work", "one", 30, clock.advance(20))
    assert not acquire(database, "work", "two", 30, clock.advance(20))


def test_a_lease_ends_by_itself(database: Database, clock: Clock) -> None:
    acquire(database, "work", "one", 30, clock())
    assert not acquire(database, "work", "two", 30, clock.advance(29.999))
    assert acquire(database, "work", "two", 30, clock.advance(0.001))


def test_a_renewed_lease_lasts_longer(database: Database, clock: Clock) -> None:
    acquire(database, "work", "one", 30, clock())
    assert renew(database, "work", "one", 30, clock.advance(20))
    assert not acquire(database, "work", "two", 30, clock.advance(20))
    assert acquire(database, "work", "two", 30, clock.advance(10))


def test_a_lease_that_nobody_else_took_is_renewed_even_after_its_end(
    database: Database, clock: Clock
) -> None:
    acquire(database, "work", "one", 30, clock())
    assert renew(database, "work", "one", 30, clock.advance(60))
    assert not acquire(database, "work", "two", 30, clock())


def test_a_lost_lease_can_neither_be_renewed_nor_released(database: Database, clock: Clock) -> None:
    acquire(database, "work", "one", 30, clock())
    acquire(database, "work", "two", 30, clock.advance(31))
    assert not renew(database, "work", "one", 30, clock())
    release(database, "work", "one")
    assert not acquire(database, "work", "three", 30, clock())


def test_a_released_lease_is_free(database: Database, clock: Clock) -> None:
    acquire(database, "work", "one", 30, clock())
    release(database, "work", "one")
    assert acquire(database, "work", "two", 30, clock())


def test_the_leases_of_dead_owners_end_together(database: Database, clock: Clock) -> None:
    for number, owner in enumerate(["dead", "dead too", "alive"]):
        acquire(database, f"work {number}", owner, 30, clock())
    with database.write() as transaction:
        release_all(transaction, ["dead", "dead too"])
    assert [acquire(database, f"work {number}", "heir", 30, clock()) for number in range(3)] == [
        True,
        True,
        False,
    ]


def test_of_many_that_come_at_once_one_gets_the_lease(database: Database, clock: Clock) -> None:
    start = threading.Barrier(8)

    def try_once(number: int) -> bool:
        start.wait()
        return acquire(database, "work", f"owner {number}", 30, clock())

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(try_once, range(8))) == [False] * 7 + [True]


def test_of_many_that_wait_for_a_lease_that_ended_one_gets_it(database: Database, clock: Clock) -> None:
    acquire(database, "work", "dead", 30, clock())
    clock.advance(31)
    start = threading.Barrier(8)

    def try_once(number: int) -> bool:
        start.wait()
        return acquire(database, "work", f"owner {number}", 30, clock())

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_once, range(8))) == 1
