from __future__ import annotations

from datetime import datetime

from mlconnector.store import hints
from mlconnector.store.database import Database
from tests.clock import Clock


def keep(database: Database, clock: Clock, delivery: str, name: str = "north", body: bytes = b"{}") -> bool:
    with database.write() as transaction:
        return hints.keep(transaction, delivery, name, body, ["deal-1", "Größe"], clock())


def test_a_delivery_is_kept_as_it_came(connected: Database, clock: Clock) -> None:
    assert keep(connected, clock, "a", body=b"\x00\xff raw")
    with connected.read() as db:
        (kept,) = hints.waiting(db, "north", 10)
    assert kept == hints.KeptDelivery("a", "north", clock(), b"\x00\xff raw", ("deal-1", "Größe"))


def test_a_repeated_delivery_changes_nothing(connected: Database, clock: Clock) -> None:
    assert keep(connected, clock, "a", body=b"first")
    clock.advance(5)
    assert not keep(connected, clock, "a", body=b"second")
    with connected.read() as db:
        assert [kept.body for kept in hints.waiting(db, "north", 10)] == [b"first"]


def test_a_repeated_delivery_does_not_wait_again_after_it_was_taken(
    connected: Database, clock: Clock
) -> None:
    keep(connected, clock, "a")
    with connected.write() as db:
        hints.mark_taken(db, ["a"], clock())
    assert not keep(connected, clock, "a")
    with connected.read() as db:
        assert hints.waiting(db, "north", 10) == []


def test_the_oldest_deliveries_of_a_connection_come_first(connected: Database, clock: Clock) -> None:
    for delivery, name in (("c", "north"), ("a", "north"), ("x", "south"), ("b", "north")):
        keep(connected, clock, delivery, name)
        clock.advance(1)
    with connected.read() as db:
        assert [kept.id for kept in hints.waiting(db, "north", 2)] == ["c", "a"]


def test_taken_deliveries_wait_no_longer(connected: Database, clock: Clock) -> None:
    for delivery in ("a", "b", "c"):
        keep(connected, clock, delivery)
    with connected.write() as db:
        assert hints.mark_taken(db, ["a", "b", "unknown"], clock()) == 2
        assert hints.mark_taken(db, ["a"], clock()) == 0
        assert hints.mark_taken(db, [], clock()) == 0
    with connected.read() as db:
        assert [kept.id for kept in hints.waiting(db, "north", 10)] == ["c"]


def test_the_inbox_counts_what_waits_and_since_when(connected: Database, clock: Clock) -> None:
    keep(connected, clock, "a")
    second = clock.advance(60)
    keep(connected, clock, "b")
    clock.advance(60)
    keep(connected, clock, "c")
    with connected.write() as db:
        hints.mark_taken(db, ["a"], clock())
    with connected.read() as db:
        assert hints.counts(db, "north") == hints.InboxCounts(waiting=2, taken=1, oldest_waiting=second)
        assert hints.counts(db, "south") == hints.InboxCounts(waiting=0, taken=0, oldest_waiting=None)


def test_only_deliveries_taken_long_ago_are_purged(connected: Database, clock: Clock) -> None:
    for delivery in ("long ago", "just now", "waiting"):
        keep(connected, clock, delivery)
    with connected.write() as db:
        hints.mark_taken(db, ["long ago"], clock())
        hints.mark_taken(db, ["just now"], clock.advance(60))
        assert hints.purge(db, clock()) == 1
        assert hints.counts(db, "north").taken == 1
        assert [kept.id for kept in hints.waiting(db, "north", 10)] == ["waiting"]


def test_what_has_no_id_of_its_own_may_be_told_again_by_the_same_words(
    connected: Database, clock: Clock
) -> None:
    def told() -> bool:
        with connected.write() as db:
            return hints.keep(db, "undo", "north", b"{}", ["1"], clock(), has_own_id=False)

    def taken(until: datetime) -> int:
        with connected.write() as db:
            return hints.mark_taken(db, ["undo"], clock(), until)

    assert told()
    assert not told(), "it waits already"
    first = clock()
    clock.advance(1)
    assert not told()
    assert taken(first) == 0, "it was told again while its record was being read"
    assert taken(clock()) == 1
    clock.advance(60)
    assert told(), "another event, by the very same words"
