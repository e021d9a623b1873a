from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from mlconnector.errors import RetryLater
from mlconnector.store import httplog
from mlconnector.store.database import Database, open_database
from mlconnector.store.httplog import HttpLog, recent, shares
from mlconnector.systems.kit.exchanges import Exchange, ExchangeLog
from tests.clock import Clock


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.value = 100.0

    def __call__(self) -> float:
        return self.value


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def log(database: Database, seconds: Seconds) -> HttpLog:
    return HttpLog(database, seconds)


@pytest.fixture
def exchange(clock: Clock) -> Exchange:
    return Exchange(
        system="datev",
        at=clock(),
        method="PUT",
        url="https://accounting.example/documents/1",
        status=409,
        seconds=0.1236,
        request_headers={"accept": "application/json"},
        response_headers={"x-request-id": "abc"},
        body='{"error": "#DCO01012"}',
        error="",
    )


def stored(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT count(*) FROM http_log")).scalar_one())


def fill(log: HttpLog, exchange: Exchange, method: str, statuses: list[int | None]) -> None:
    for status in statuses:
        log.write("north", replace(exchange, method=method, status=status))
    log.flush()


def test_an_exchange_of_the_http_seam_is_stored_with_its_connection(
    database: Database, log: HttpLog, exchange: Exchange
) -> None:
    seam: ExchangeLog = log.of("north")
    seam.write(exchange)
    log.flush()
    with database.read() as connection:
        (row,) = recent(connection)
    assert (row.connection, row.system, row.at, row.milliseconds) == ("north", "datev", exchange.at, 124)
    assert (row.method, row.url, row.status) == ("PUT", exchange.url, 409)
    assert (row.request_headers, row.response_headers) == (
        exchange.request_headers,
        exchange.response_headers,
    )
    assert (row.body, row.error) == (exchange.body, "")


def test_rows_wait_until_there_are_two_hundred(database: Database, log: HttpLog, exchange: Exchange) -> None:
    for _ in range(199):
        log.write("north", exchange)
    assert stored(database) == 0
    log.write("north", exchange)
    assert stored(database) == 200


def test_rows_wait_for_two_seconds_after_the_first(
    database: Database, log: HttpLog, exchange: Exchange, seconds: Seconds
) -> None:
    log.write("north", exchange)
    seconds.value += 1.9
    log.write("north", exchange)
    assert stored(database) == 0
    seconds.value += 0.1
    log.write("north", exchange)
    assert stored(database) == 3


def test_flushing_twice_stores_once(database: Database, log: HttpLog, exchange: Exchange) -> None:
    log.write("north", exchange)
    log.flush()
    log.flush()
    assert stored(database) == 1


def test_threads_that_write_at_once_lose_no_row(database: Database, log: HttpLog, exchange: Exchange) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: log.write("north", exchange), range(1000)))
    log.flush()
    assert stored(database) == 1000


def test_a_body_that_a_text_column_cannot_hold_is_kept_without_its_zeros(
    database: Database, log: HttpLog, exchange: Exchange
) -> None:
    log.write("north", replace(exchange, body="a\0b"))
    log.flush()
    with database.read() as connection:
        assert recent(connection)[0].body == "a�b"


def test_while_the_database_is_down_requests_go_on_and_their_rows_wait(
    database: Database,
    log: HttpLog,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    working = log._database
    monkeypatch.setattr(log, "_database", open_database("sqlite:////does/not/exist.sqlite"))
    with caplog.at_level(logging.WARNING):
        for _ in range(200):
            log.write("north", exchange)
    assert "the technical log waits with its rows" in caplog.text
    with pytest.raises(RetryLater):
        log.flush()
    monkeypatch.setattr(log, "_database", working)
    log.flush()
    assert stored(database) == 200


def test_a_database_that_stays_down_costs_the_oldest_rows_and_says_so(
    database: Database,
    log: HttpLog,
    exchange: Exchange,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(httplog, "_ROWS_AT_MOST", 3)
    working = log._database
    monkeypatch.setattr(log, "_database", open_database("sqlite:////does/not/exist.sqlite"))
    for number in range(5):
        log.write("north", replace(exchange, url=str(number)))
    with pytest.raises(RetryLater):
        log.flush()
    assert "lost its oldest 2 rows" in caplog.text
    monkeypatch.setattr(log, "_database", working)
    log.flush()
    with database.read() as connection:
        assert [row.url for row in recent(connection)] == ["4", "3", "2"]


def test_the_latest_requests_come_first_and_can_be_narrowed(
    database: Database, log: HttpLog, exchange: Exchange, clock: Clock
) -> None:
    for number, (name, status) in enumerate(
        [("north", 200), ("south", 200), ("north", 500), ("north", None)]
    ):
        log.write(name, replace(exchange, status=status, url=str(number), at=clock.advance(1)))
    log.flush()
    with database.read() as connection:
        assert [row.url for row in recent(connection, 3)] == ["3", "2", "1"]
        assert [row.url for row in recent(connection, name="north")] == ["3", "2", "0"]
        assert [row.url for row in recent(connection, only_errors=True)] == ["3", "2"]


def test_shares_count_by_method_and_by_kind_of_answer(
    database: Database, log: HttpLog, exchange: Exchange, clock: Clock
) -> None:
    fill(log, exchange, "GET", [200, 200, 304, 404, 500, None])
    fill(log, exchange, "PUT", [201, 409, 503, 200])
    log.write("south", exchange)
    log.flush()
    found = shares(database, "north", clock())
    assert found.by_method == {"GET": 6, "PUT": 4}
    assert (found.requests, found.refused, found.failed, found.unanswered) == (10, 2, 2, 1)
    assert found.error_share == pytest.approx(0.4)


def test_shares_look_at_one_system_and_one_time_span(
    database: Database, log: HttpLog, exchange: Exchange, clock: Clock
) -> None:
    log.write("north", exchange)
    log.write("north", replace(exchange, at=clock() + timedelta(seconds=1)))
    log.write("north", replace(exchange, system="pipedrive", at=clock() + timedelta(seconds=1)))
    log.flush()
    since = clock() + timedelta(seconds=1)
    assert shares(database, "north", clock()).requests == 3
    assert shares(database, "north", since).requests == 2
    assert shares(database, "north", since, "datev").requests == 1


def test_without_requests_there_is_no_error_share(database: Database, clock: Clock) -> None:
    assert shares(database, "north", clock()).error_share == 0.0


def test_purging_forgets_only_older_requests_in_portions(
    database: Database, log: HttpLog, exchange: Exchange, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httplog, "_PURGED_AT_ONCE", 2)
    for day in range(7):
        log.write("north", replace(exchange, at=clock() + timedelta(days=day)))
    log.flush()
    assert httplog.purge(database, clock() + timedelta(days=5)) == 5
    assert stored(database) == 2
