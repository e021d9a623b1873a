"""Batches and their attempts: what is written before sending, and what came back of which attempt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select

from mlconnector.store import batches
from mlconnector.store.database import Database
from mlconnector.store.tables import transfers
from tests.clock import Clock
from tests.store.rows import add_batch


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def attempts(db: Connection, batch: str) -> list[tuple[int, str]]:
    query = select(transfers.c.attempt, transfers.c.outcome).where(transfers.c.batch == batch)
    return [(row.attempt, row.outcome) for row in db.execute(query.order_by(transfers.c.attempt))]


def test_an_outcome_is_that_of_the_latest_attempt(db: Connection, clock: Clock) -> None:
    for batch in ("b1", "b2"):
        add_batch(db, batch, "submitting", clock())
        assert [batches.note_attempt(db, batch, clock()) for _ in range(2)] == [1, 2]
    batches.note_outcome(db, "b1", "accepted job-1", clock())
    assert attempts(db, "b1") == [(1, ""), (2, "accepted job-1")]
    assert attempts(db, "b2") == [(1, ""), (2, "")]


def test_the_jobs_of_a_batch_are_those_that_took_it_or_were_found_to_have_it(
    db: Connection, clock: Clock
) -> None:
    add_batch(db, "b1", "submitting", clock())
    for outcome in ("accepted job-1", "refused: accepted elsewhere", "adopted job-2", "unknown", ""):
        batches.note_attempt(db, "b1", clock())
        if outcome:
            batches.note_outcome(db, "b1", outcome, clock())
    assert batches.jobs(db, "b1") == {"job-1", "job-2"}
    assert batches.jobs(db, "b2") == set()


def test_a_batch_is_unfinished_until_its_final_answer(db: Connection, clock: Clock) -> None:
    states = ("frozen", "submitting", "submitted", "unknown", "succeeded", "partial", "failed", "dissolved")
    for state in states:
        add_batch(db, state, state, clock())
        add_batch(db, f"{state} of south", state, clock(), "south")
    found = {row.id for row in batches.unfinished(db, "north")}
    assert found == {"frozen", "submitting", "submitted", "unknown"}
    assert found == set(states) - set(batches.FINAL)


def test_a_batch_is_held_only_as_it_was_read(db: Connection, clock: Clock) -> None:
    add_batch(db, "b1", "frozen", clock())
    row = batches.read(db, "b1")
    assert row is not None
    assert batches.hold(db, row)
    batches.count_up(db, "b1", "polls")
    assert not batches.hold(db, row)


def test_a_counter_counts_its_own_batch(db: Connection, clock: Clock) -> None:
    for batch in ("b1", "b2"):
        add_batch(db, batch, "frozen", clock())
    assert [batches.count_up(db, "b1", "deliveries") for _ in range(2)] == [1, 2]
    assert batches.count_up(db, "b2", "deliveries") == 1


def test_a_batch_is_found_by_its_id_or_its_file(db: Connection, clock: Clock) -> None:
    add_batch(db, "b1", "frozen", clock())
    by_id, by_file = batches.find(db, "b1"), batches.find(db, "b1.csv")
    assert by_id is not None
    assert by_id == by_file
    assert batches.find(db, "b2") is None
