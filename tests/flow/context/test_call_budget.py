"""The budget of a key is one for all threads and processes, on either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from mlconnector.flow.context.call_budget import StoredBudget
from mlconnector.store.database import Database
from mlconnector.systems.kit.call_limits import CallLimit

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
LIMIT = CallLimit("shop", 10)


def test_many_at_once_never_take_more_than_there_is(database: Database) -> None:
    budgets = [StoredBudget(database, lambda: NOW) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        waits = list(pool.map(lambda number: budgets[number % 4].take(LIMIT), range(30)))
    assert sum(wait == 0 for wait in waits) == LIMIT.per_minute
    assert {wait for wait in waits if wait} == {60.0}
    assert budgets[0].left(LIMIT).minute == 0


def test_what_one_closes_is_closed_for_all(database: Database) -> None:
    StoredBudget(database, lambda: NOW).close(LIMIT, 60)
    other = StoredBudget(database, lambda: NOW)
    assert other.take(LIMIT) == 60
    assert other.left(LIMIT).closed_for == 60


def test_keys_do_not_share(database: Database) -> None:
    budget = StoredBudget(database, lambda: NOW)
    budget.close(LIMIT, 60)
    assert budget.take(CallLimit("another", 10)) == 0
