"""What the exchanges with a system tell of whether it can be reached, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from mlconnector.flow.context.reach import Reach
from mlconnector.store import outages
from mlconnector.store.database import Database
from mlconnector.systems.kit.exchanges import Exchange
from mlconnector.systems.kit.silence import Kind
from mlconnector.texts.catalogue import word

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def exchange(
    status: int | None = None, error: str = "", system: str = "shop", silence: Kind | None = None
) -> Exchange:
    address = f"https://{system}.example:8443/v1/things?page=2"
    return Exchange(system, NOON, "GET", address, status, 0.1, {}, {}, "", error, silence)


@pytest.fixture
def reach() -> Reach:
    return Reach(lambda: NOON)


@pytest.mark.parametrize("kind", get_args(Kind))
def test_why_no_answer_came(reach: Reach, kind: Kind) -> None:
    reach.note("mine", exchange(error="ConnectError: [Errno 111] Connection refused", silence=kind))
    (found,) = reach.silent("mine")
    assert (found.system, found.address, found.cause) == ("shop", "https://shop.example:8443", kind)
    assert found.answer == "[Errno 111] Connection refused"
    assert word("outage", kind, "de") != kind
    assert reach.silent("another") == []


def test_an_answer_ends_it_whatever_it_says(reach: Reach) -> None:
    reach.note("mine", exchange(error="ConnectTimeout: timed out"))
    reach.note("mine", exchange(404))
    assert reach.silent("mine") == []
    assert not reach.is_out("mine")


def test_a_plea_for_patience_counts_only_where_work_waits_for_it(reach: Reach, database: Database) -> None:
    reach.note("mine", exchange(503))
    assert reach.silent("mine") == [], "it may concern one record only"
    reach.store(database, "mine", waits=False)
    with database.read() as db:
        assert outages.of(db, "mine") == []
    reach.store(database, "mine", waits=True)
    with database.read() as db:
        assert [(one.cause, one.answer) for one in outages.of(db, "mine")] == [("busy", "503")]


def test_what_is_stored_goes_with_the_next_answer_of_any_process(reach: Reach, database: Database) -> None:
    reach.note("mine", exchange(error="ReadTimeout: "))
    reach.store(database, "mine", waits=False)
    another = Reach(lambda: NOON)
    another.note("mine", exchange(200))
    another.note("mine", exchange(200, system="books"))
    another.store(database, "mine", waits=False)
    with database.read() as db:
        assert outages.of(db, "mine") == []
