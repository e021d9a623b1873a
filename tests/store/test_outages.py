"""Systems out of reach: an outage keeps its begin and what is planned, and ends with an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mlconnector.store import outages
from mlconnector.store.database import Database
from mlconnector.store.outages import Outage

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FOUND = Outage("shop", "https://shop.example", "refused", "connection refused", NOON, NOON)


def test_an_outage_that_goes_on_keeps_its_begin_and_its_plan(database: Database) -> None:
    later = NOON + timedelta(minutes=1)
    with database.write() as db:
        outages.put(db, "mine", FOUND)
        outages.plan(db, "mine", later, later)
        outages.put(db, "mine", replace(FOUND, cause="timeout", since=later, tried_at=later))
        assert outages.of(db, "mine") == [
            replace(FOUND, cause="timeout", tried_at=later, next_at=later, until=later)
        ]
        assert outages.of(db, "another") == []


def test_it_ends_when_the_system_answers(database: Database) -> None:
    with database.write() as db:
        outages.put(db, "mine", FOUND)
        outages.put(db, "mine", replace(FOUND, system="books"))
        outages.drop(db, "mine", "shop")
        assert [one.system for one in outages.of(db, "mine")] == ["books"]
