"""Entries: which bookings wait together, which stand in DATEV, and who holds an open item."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from mlconnector.store import entries
from mlconnector.store.database import Database
from mlconnector.store.entries import Group
from tests.clock import Clock
from tests.store.rows import CLIENT, add_batch, add_entry, add_voucher

BATCHES = ("frozen", "submitting", "submitted", "unknown", "succeeded", "partial", "failed", "dissolved")


@pytest.fixture
def db(connected: Database, clock: Clock) -> Iterator[Connection]:
    """Two vouchers, and a batch in every state, named after it."""
    with connected.write() as transaction:
        for voucher in ("v", "w"):
            add_voucher(transaction, voucher, clock())
        for state in BATCHES:
            add_batch(transaction, state, state, clock())
        yield transaction


class TestStanding:
    @pytest.mark.parametrize("batch", [None, *BATCHES])
    def test_what_arrived_stands(self, db: Connection, clock: Clock, batch: str | None) -> None:
        add_entry(db, "e", "v", clock(), batch=batch)
        found = [one.id for one in entries.standing(db, ["v", "w"]).get("v", [])]
        assert found == (["e"] if batch in {"succeeded", "partial"} else [])

    def test_what_was_taken_back_stands_no_longer(self, db: Connection, clock: Clock) -> None:
        add_entry(db, "first", "v", clock(), batch="succeeded")
        add_entry(db, "second", "v", clock(), batch="succeeded", revision="r2")
        add_entry(db, "back", "v", clock(), kind="reversal", reverses="first", batch="succeeded")
        assert [one.id for one in entries.standing(db, ["v"])["v"]] == ["second"]

    def test_a_reversal_that_did_not_arrive_takes_nothing_back(self, db: Connection, clock: Clock) -> None:
        add_entry(db, "first", "v", clock(), batch="succeeded")
        add_entry(db, "back", "v", clock(), kind="reversal", reverses="first", batch="failed")
        assert [one.id for one in entries.standing(db, ["v"])["v"]] == ["first"]


class TestWaiting:
    def test_a_file_of_bookings_carries_both_ledgers_one_of_suggestions_one(
        self, db: Connection, clock: Clock
    ) -> None:
        turn = 0
        for channel in ("extf", "dxso"):
            for ledger in ("receivable", "payable"):
                turn += 1
                add_entry(db, f"{channel} {ledger}", "v", clock(), channel=channel, ledger=ledger, turn=turn)
        assert len(entries.waiting_groups(db, "north")) == 4
        extf = entries.waiting(db, "north", Group("2026-02", "extf", "receivable"))
        assert [one.id for one in extf] == ["extf receivable", "extf payable"]
        dxso = entries.waiting(db, "north", Group("2026-02", "dxso", "payable"))
        assert [one.id for one in dxso] == ["dxso payable"]

    def test_months_connections_and_what_has_a_batch_stay_apart(self, db: Connection, clock: Clock) -> None:
        add_entry(db, "e", "v", clock())
        add_entry(db, "later", "v", clock(), turn=2, period="2026-03")
        add_entry(db, "taken", "v", clock(), turn=3, batch="frozen")
        add_entry(db, "south", "w", clock(), connection="south")
        february = Group("2026-02", "extf", "receivable")
        assert [one.id for one in entries.waiting(db, "north", february)] == ["e"]
        assert [group.period for group in entries.waiting_groups(db, "north")] == ["2026-02", "2026-03"]

    def test_a_reversal_goes_before_what_replaces_it(self, db: Connection, clock: Clock) -> None:
        add_entry(db, "new", "v", clock(), revision="r2")
        add_entry(db, "back", "v", clock(), revision="r2", kind="reversal")
        february = Group("2026-02", "extf", "receivable")
        assert [one.id for one in entries.waiting(db, "north", february)] == ["back", "new"]

    def test_what_another_batch_took_meanwhile_is_not_taken_twice(self, db: Connection, clock: Clock) -> None:
        add_entry(db, "e", "v", clock())
        add_entry(db, "f", "w", clock(), batch="submitted")
        assert not entries.assign(db, ["e", "f"], "frozen")
        assert [one.id for one in entries.of_batch(db, "submitted")] == ["f"]
        add_entry(db, "g", "w", clock(), turn=2)
        assert entries.assign(db, ["g"], "frozen")


class TestSettling:
    @pytest.mark.parametrize("batch", [None, *BATCHES])
    def test_a_voucher_is_unsettled_until_all_its_bookings_are_answered(
        self, db: Connection, clock: Clock, batch: str | None
    ) -> None:
        add_entry(db, "arrived", "v", clock(), batch="succeeded")
        add_entry(db, "e", "v", clock(), turn=2, batch=batch)
        is_open = batch in {None, "frozen", "submitting", "submitted", "unknown"}
        assert entries.unsettled_vouchers(db, ["v", "w"]) == ({"v"} if is_open else set())

    def test_turns_are_the_highest_of_each_revision_and_kind(self, db: Connection, clock: Clock) -> None:
        for turn in (1, 2):
            add_entry(db, f"e{turn}", "v", clock(), turn=turn)
        add_entry(db, "back", "v", clock(), kind="reversal")
        add_entry(db, "later", "v", clock(), revision="r2")
        assert entries.turns(db, ["v"]) == {
            ("v", "r1", "original"): 2,
            ("v", "r1", "reversal"): 1,
            ("v", "r2", "original"): 1,
        }

    def test_an_open_item_is_held_within_its_client(self, db: Connection, clock: Clock) -> None:
        add_entry(db, "e", "v", clock(), open_item="RE-1")
        add_entry(db, "f", "w", clock(), open_item="")
        assert entries.holders_of_open_items(db, CLIENT, ["RE-1", "RE-2", ""]) == {"RE-1": {"v"}}
        assert entries.holders_of_open_items(db, "29098-55004", ["RE-1"]) == {}


@pytest.mark.parametrize("channel", ["extf", "dxso"])
@pytest.mark.parametrize("batch", BATCHES)
def test_what_datev_has_or_may_have(db: Connection, clock: Clock, batch: str, channel: str) -> None:
    add_batch(db, "one", batch, clock(), format=channel)
    add_entry(db, "e", "v", clock(), batch="one", channel=channel)
    may = batch in {"submitted", "unknown", "succeeded", "partial"} or (batch, channel) == (
        "submitting",
        "extf",
    )
    expected = [("invoice", "receivable", "2026-02", channel)]
    assert entries.carried(db, CLIENT) == (expected if may else [])
