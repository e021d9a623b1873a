"""Vouchers: which want a decision, which wait for a person, and for what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from mlconnector.model.problems import Problem
from mlconnector.store import entries, vouchers
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.store.rows import add_batch, add_entry, add_voucher

COUNTRY, NUMBER = Problem("country_missing"), Problem("number_missing")
STATES = ("received", "bookable", "needs_human", "ignored", "batched", "sent", "settled", "rejected")


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


@pytest.fixture
def of_every_state(db: Connection, clock: Clock) -> Connection:
    """A voucher in every state, named after it, each with the same problem."""
    for state in STATES:
        add_voucher(db, state, clock(), state=state, booked_revision="r1")
    vouchers.replace_problems(db, "source", {key: [COUNTRY] for key in STATES})
    return db


def wanting(db: Connection, after: str = "", limit: int = 10, name: str = "north") -> list[str]:
    return [one.row.id for one in vouchers.waiting_for_decision(db, name, after, limit)]


class TestDecisions:
    def test_what_was_received_wants_one_in_the_order_of_its_key(self, db: Connection, clock: Clock) -> None:
        for key in ("c", "a", "b"):
            add_voucher(db, key, clock())
        add_voucher(db, "south", clock(), "south")
        assert wanting(db) == ["a", "b", "c"]
        assert wanting(db, after="a") == ["b", "c"]
        assert wanting(db, limit=2) == ["a", "b"]
        assert [one.content for one in vouchers.waiting_for_decision(db, "north", "b", 9)] == [
            '{"title":"c"}'
        ]

    def test_of_all_others_only_what_changed_after_it_settled(
        self, of_every_state: Connection, clock: Clock
    ) -> None:
        assert wanting(of_every_state) == ["received"]
        for state in STATES:
            add_voucher(of_every_state, f"{state} changed", clock(), state=state, booked_revision="r0")
        assert wanting(of_every_state) == ["received", "received changed", "settled changed"]

    @pytest.mark.parametrize(
        ("state", "wants"),
        [
            ("frozen", False),
            ("submitting", False),
            ("submitted", False),
            ("unknown", False),
            ("succeeded", True),
            ("partial", True),
            ("failed", True),
            ("dissolved", True),
        ],
    )
    def test_nothing_is_decided_while_a_booking_is_on_its_way(
        self, db: Connection, clock: Clock, state: str, wants: bool
    ) -> None:
        add_voucher(db, "v", clock())
        add_batch(db, "b", state, clock())
        add_entry(db, "e", "v", clock(), batch="b")
        assert wanting(db) == (["v"] if wants else [])

    def test_a_booking_without_a_batch_is_not_on_its_way(self, db: Connection, clock: Clock) -> None:
        add_voucher(db, "v", clock())
        add_entry(db, "e", "v", clock())
        assert wanting(db) == ["v"]


class TestWaiting:
    def test_who_is_held_is_held_rejected_or_settled_with_something_found_since(
        self, of_every_state: Connection, clock: Clock
    ) -> None:
        add_voucher(of_every_state, "well settled", clock(), state="settled")
        found = vouchers.held_for(of_every_state, None, None)
        assert found == ["needs_human", "rejected", "settled"]

    def test_of_one_cause_and_one_connection(self, of_every_state: Connection, clock: Clock) -> None:
        add_voucher(of_every_state, "other", clock(), state="needs_human")
        add_voucher(of_every_state, "south", clock(), "south", state="needs_human")
        vouchers.replace_problems(of_every_state, "mapping", {"other": [NUMBER], "south": [COUNTRY]})
        assert vouchers.held_for(of_every_state, NUMBER.cause, None) == ["other"]
        assert vouchers.held_for(of_every_state, COUNTRY.cause, "south") == ["south"]

    def test_a_voucher_is_reversed_when_it_was_booked_and_no_booking_of_it_stands(
        self, db: Connection, clock: Clock
    ) -> None:
        add_voucher(db, "stands", clock(), state="settled")
        add_voucher(db, "taken back", clock(), state="settled")
        add_voucher(db, "on its way", clock(), state="sent")
        standing: list[vouchers.Standing] = [
            {"id": "stands", "booked_revision": "r1", "booked_entry": "e"},
            {"id": "taken back", "booked_revision": "r1", "booked_entry": None},
            {"id": "on its way", "booked_revision": "r1", "booked_entry": None},
        ]
        vouchers.update_vouchers(db, standing)
        rows = vouchers.by_ids(db, ["stands", "taken back", "on its way"])
        assert [key for key, row in rows.items() if row.is_reversed] == ["taken back"]
        assert vouchers.reversed_counts(db) == {"north": 1}
        assert vouchers.reversed_counts(db, "south") == {}

    def test_replayed_vouchers_are_those_that_were_not_read_again_yet(
        self, db: Connection, clock: Clock
    ) -> None:
        for key, state, reason in (
            ("a", "received", "replayed"),
            ("b", "received", ""),
            ("c", "sent", "replayed"),
        ):
            add_voucher(db, key, clock(), state=state, reason=reason)
        assert [row.id for row in vouchers.replayed(db, "north", 5)] == ["a"]


class TestProblems:
    def test_those_of_one_origin_leave_the_others(self, db: Connection, clock: Clock) -> None:
        add_voucher(db, "v", clock())
        vouchers.replace_problems(db, "source", {"v": [COUNTRY]})
        vouchers.replace_problems(db, "mapping", {"v": [NUMBER]})
        vouchers.replace_problems(db, "mapping", {"v": []})
        assert vouchers.problems_of(db, ["v"]) == {"v": [COUNTRY]}
        vouchers.replace_problems(db, "mapping", {"v": [NUMBER]})
        assert vouchers.problems_of(db, ["v"], "mapping") == {"v": [NUMBER]}

    def test_they_come_back_as_they_were_and_in_their_order(self, db: Connection, clock: Clock) -> None:
        add_voucher(db, "v", clock())
        found = [NUMBER, Problem("country_unknown", {"country": "Ätlantis", "party": "x"}, ("country",))]
        vouchers.replace_problems(db, "source", {"v": found})
        assert vouchers.problems_of(db, ["v"]) == {"v": found}


def test_a_state_is_left_only_from_where_it_may_be(of_every_state: Connection, clock: Clock) -> None:
    vouchers.set_state(of_every_state, STATES, "rejected", clock(), "why", of=("batched", "sent"))
    rows = vouchers.by_ids(of_every_state, STATES)
    assert {key for key, row in rows.items() if row.reason == "why"} == {"batched", "sent"}


def test_only_bookings_that_no_batch_has_are_dropped(db: Connection, clock: Clock) -> None:
    add_voucher(db, "v", clock())
    add_voucher(db, "w", clock())
    add_batch(db, "b", "frozen", clock())
    add_entry(db, "frozen", "v", clock(), batch="b")
    add_entry(db, "waiting", "v", clock(), turn=2)
    add_entry(db, "of another", "w", clock())
    vouchers.drop_waiting_entries(db, ["v"])
    assert [one.id for one in entries.of_voucher(db, "v")] == ["frozen"]
    assert [one.id for one in entries.of_voucher(db, "w")] == ["of another"]
