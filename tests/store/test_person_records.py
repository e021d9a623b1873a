"""Person records: what goes out next, what was noted meanwhile, and what a person let go."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from mlconnector.store import person_records
from mlconnector.store.database import Database
from tests.clock import Clock
from tests.store.rows import CLIENT, add_batch

ROW = {"Konto": "10001", "Name": "Kunde"}
OTHER = {"Konto": "10001", "Name": "Kunde neu"}


@pytest.fixture
def db(connected: Database, clock: Clock) -> Iterator[Connection]:
    with connected.write() as transaction:
        add_batch(transaction, "b1", "submitted", clock())
        add_batch(transaction, "b2", "frozen", clock())
        yield transaction


def want(
    db: Connection,
    clock: Clock,
    number: str,
    state: person_records.State = "due",
    row: dict[str, str] = ROW,
) -> None:
    person_records.want(
        db,
        [
            {
                "client": CLIENT,
                "number": number,
                "connection": "north",
                "wanted": json.dumps(row),
                "changes": "[]",
                "state": state,
                "is_new": True,
                "changed_at": clock(),
            }
        ],
    )


def due(db: Connection) -> list[str]:
    return [one.number for one in person_records.due(db, "north", 9)]


def assign(db: Connection, clock: Clock, *numbers: str, batch: str = "b1") -> bool:
    records = person_records.read(db, CLIENT, numbers)
    return person_records.assign(db, list(records.values()), batch, clock())


def test_what_is_due_goes_out_next_and_nothing_else(db: Connection, clock: Clock) -> None:
    states: tuple[person_records.State, ...] = ("due", "waiting", "failed", "sent")
    for number, state in zip(("10001", "10002", "10003", "10004"), states, strict=True):
        want(db, clock, number, state)
    assert due(db) == ["10001"]


def test_what_changed_while_its_file_is_on_the_way_waits_for_the_answer(db: Connection, clock: Clock) -> None:
    want(db, clock, "10001")
    assert assign(db, clock, "10001")
    want(db, clock, "10001", row=OTHER)
    assert due(db) == []
    person_records.settle(db, "b1", clock(), {"10001": ROW})
    record = person_records.read(db, CLIENT, ["10001"])["10001"]
    assert (record.state, record.sent, record.wanted, record.is_new) == ("due", ROW, OTHER, False)


def test_what_was_not_changed_meanwhile_is_sent(db: Connection, clock: Clock) -> None:
    want(db, clock, "10001")
    assign(db, clock, "10001")
    person_records.settle(db, "b1", clock(), {"10001": ROW})
    assert person_records.counts(db, "north") == {"sent": 1}


def test_a_file_that_did_not_arrive_leaves_its_records_failed(db: Connection, clock: Clock) -> None:
    for number in ("10001", "10002"):
        want(db, clock, number)
    assign(db, clock, "10001", "10002")
    want(db, clock, "10002", row=OTHER)
    person_records.settle(db, "b1", clock(), None)
    assert person_records.counts(db, "north") == {"failed": 1, "due": 1}


def test_a_record_that_is_not_as_it_was_read_goes_into_no_file(db: Connection, clock: Clock) -> None:
    want(db, clock, "10001")
    before = list(person_records.read(db, CLIENT, ["10001"]).values())
    want(db, clock, "10001", row=OTHER)
    assert not person_records.assign(db, before, "b1", clock())
    assert due(db) == ["10001"]


def test_a_person_lets_go_what_was_shown_and_nothing_that_changed_since(db: Connection, clock: Clock) -> None:
    states: dict[str, person_records.State] = {
        "10001": "waiting",
        "10002": "failed",
        "10003": "waiting",
        "10004": "due",
        "10005": "sent",
    }
    for number, state in states.items():
        want(db, clock, number, state, OTHER if number == "10003" else ROW)
    assert person_records.release(db, CLIENT, dict.fromkeys(states, ROW), clock()) == ["10001", "10002"]
    assert due(db) == ["10001", "10002", "10004"]


def test_what_a_later_file_took_does_not_go_again_with_the_earlier_one(db: Connection, clock: Clock) -> None:
    for number in ("10001", "10002"):
        want(db, clock, number)
    assign(db, clock, "10001", "10002")
    person_records.settle(db, "b1", clock(), None)
    assert person_records.send_again(db, "b1", 2, clock()) == 0
    assert person_records.counts(db, "north") == {"batched": 2}
    person_records.settle(db, "b1", clock(), None)
    assign(db, clock, "10002", batch="b2")
    assert person_records.send_again(db, "b1", 2, clock()) == 1
    assert person_records.counts(db, "north") == {"batched": 1, "failed": 1}
