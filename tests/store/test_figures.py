from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, insert

from mlconnector.store import batches, executors, figures, hints
from mlconnector.store.database import Database
from mlconnector.store.figures import RequestCount, TransferCounts, WaitingHints
from mlconnector.store.tables import http_log
from tests.clock import Clock
from tests.store.rows import add_batch, add_document, add_voucher


@pytest.fixture
def db(connected: Database) -> Iterator[Connection]:
    with connected.write() as transaction:
        yield transaction


def add_request(db: Connection, method: str, status: int | None, at: datetime, system: str = "datev") -> None:
    row = {"at": at, "connection": "north", "system": system, "method": method, "url": "u", "status": status}
    rest = {"milliseconds": 1, "request_headers": "{}", "response_headers": "{}", "body": "", "error": ""}
    db.execute(insert(http_log), {**row, **rest})


def test_batches_are_counted_by_connection_and_state(db: Connection, clock: Clock) -> None:
    for number, (name, state) in enumerate(
        [("north", "frozen"), ("north", "succeeded"), ("north", "succeeded"), ("south", "frozen")]
    ):
        add_batch(db, f"b{number}", state, clock(), name)
    found = figures.batch_states(db)
    assert found == {("north", "frozen"): 1, ("north", "succeeded"): 2, ("south", "frozen"): 1}


def test_only_hints_that_nobody_took_wait(db: Connection, clock: Clock) -> None:
    since = clock()
    for delivery in ("d1", "d2", "d3"):
        hints.keep(db, delivery, "north", b"", ["1"], clock())
        clock.advance(1)
    hints.keep(db, "d4", "south", b"", ["1"], clock())
    hints.mark_taken(db, ["d1", "d4"], clock())
    assert figures.waiting_hints(db) == [WaitingHints("north", 2, since + timedelta(seconds=1))]


def test_requests_are_counted_by_system_method_and_class_since_a_moment(db: Connection, clock: Clock) -> None:
    add_request(db, "GET", 200, clock())
    since = clock.advance(60)
    for status in (200, 204, 301, 400, 499, 500, 599, None):
        add_request(db, "GET", status, since)
    add_request(db, "PUT", 200, since)
    add_request(db, "GET", 200, since, "pipedrive")
    assert figures.requests(db, since) == [
        RequestCount("datev", "GET", "2xx", 2),
        RequestCount("datev", "GET", "3xx", 1),
        RequestCount("datev", "GET", "4xx", 2),
        RequestCount("datev", "GET", "5xx", 2),
        RequestCount("datev", "GET", "none", 1),
        RequestCount("datev", "PUT", "2xx", 1),
        RequestCount("pipedrive", "GET", "2xx", 1),
    ]


def test_what_datev_took_is_counted_since_a_moment(db: Connection, clock: Clock) -> None:
    add_voucher(db, "v", clock())
    add_document(db, "g0", "v", "filed", clock())
    add_batch(db, "b0", "submitted", clock())
    batches.note_attempt(db, "b0", clock())
    batches.note_outcome(db, "b0", "accepted job-0", clock())
    since = clock.advance(60)
    add_document(db, "g1", "v", "filed", since)
    add_document(db, "g2", "v", "sending", since)
    for batch, outcome in (("b1", "refused: no"), ("b2", "accepted job-2"), ("b3", "adopted job-3")):
        add_batch(db, batch, "submitted", since)
        batches.note_attempt(db, batch, since)
        batches.note_outcome(db, batch, outcome, since)
    batches.note_attempt(db, "b1", since)
    found = figures.transfer_counts(db, since)
    assert found == TransferCounts(batches=2, documents=1)
    assert found.total == 3


def test_the_last_sign_of_life_of_an_executor_is_known(db: Connection, clock: Clock) -> None:
    assert executors.last_seen(db, "one") is None
    executors.register(db, "one", "here", 1, clock())
    executors.beat(db, "one", clock.advance(5))
    assert executors.last_seen(db, "one") == clock()


def test_what_datev_took_of_one_connection_is_its_own(db: Connection, clock: Clock) -> None:
    for name in ("north", "south"):
        add_voucher(db, f"v {name}", clock(), name)
        add_document(db, f"g {name}", f"v {name}", "filed", clock(), connection=name)
        add_batch(db, f"b {name}", "submitted", clock(), name)
        batches.note_attempt(db, f"b {name}", clock())
        batches.note_outcome(db, f"b {name}", f"accepted job-{name}", clock())
    assert figures.transfer_counts(db, clock(), "north") == TransferCounts(batches=1, documents=1)
    assert figures.transfer_counts(db, clock()) == TransferCounts(batches=2, documents=2)
