"""What the exchanges with a system tell of whether it can be reached, and why not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlconnector.flow.context.reach import Reach
from mlconnector.store import outages
from mlconnector.store.database import Database
from mlconnector.systems.kit.http import Exchange

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CAUSES = {
    "ConnectError: [Errno 111] Connection refused": "refused",
    "ConnectError: [Errno -2] Name or service not known": "address",
    "ConnectError: [Errno -3] Temporary failure in name resolution": "address",
    "ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "certificate",
    "ConnectError: [Errno 113] No route to host": "route",
    "ConnectError: [Errno 101] Network is unreachable": "route",
    "ConnectTimeout: timed out": "timeout",
    "ReadTimeout: ": "timeout",
    "ProxyError: 407 Proxy Authentication Required": "proxy",
    "RemoteProtocolError: Server disconnected without sending a response.": "silent",
}


def exchange(status: int | None = None, error: str = "", system: str = "shop") -> Exchange:
    address = f"https://{system}.example:8443/v1/things?page=2"
    return Exchange(system, NOON, "GET", address, status, 0.1, {}, {}, "", error)


@pytest.fixture
def reach() -> Reach:
    return Reach(lambda: NOON)


@pytest.mark.parametrize(("error", "cause"), CAUSES.items())
def test_why_no_answer_came(reach: Reach, error: str, cause: str) -> None:
    reach.note("mine", exchange(error=error))
    (found,) = reach.silent("mine")
    assert (found.system, found.address, found.cause) == ("shop", "https://shop.example:8443", cause)
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
