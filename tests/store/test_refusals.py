from __future__ import annotations

from datetime import timedelta

from mlconnector.store.database import Database
from mlconnector.store.httplog import HttpLog
from mlconnector.store.refusals import Outcome, outcomes
from mlconnector.systems.kit.exchanges import Exchange
from tests.clock import Clock

CLIENT = "https://accounting-clients.api.datev.de/platform/v2/clients/29098-55003"
DOCUMENT = f"{CLIENT}/documents/9e290b5c-cdf4-58c3-a935-b260ca54fcff"


def logged(
    log: HttpLog, clock: Clock, method: str, url: str, status: int | None, system: str = "datev"
) -> None:
    clock.advance(1)
    log.write("mine", Exchange(system, clock(), method, url, status, 0.1, {}, {}, "", ""))


def test_the_latest_requests_come_first_and_single_documents_are_told_apart(
    database: Database, clock: Clock
) -> None:
    log = HttpLog(database)
    logged(log, clock, "GET", CLIENT, 200)
    logged(log, clock, "PUT", DOCUMENT, 400)
    logged(log, clock, "GET", CLIENT, None)
    log.flush()
    with database.read() as db:
        found = outcomes(db, "mine", "datev", clock() - timedelta(days=1), 10)
        assert found == [Outcome(None, False), Outcome(400, True), Outcome(200, False)]
        assert [one.refused for one in found] == [False, True, False]
        assert len(outcomes(db, "mine", "datev", clock() - timedelta(days=1), 2)) == 2
        assert outcomes(db, "mine", "datev", clock() + timedelta(seconds=1), 10) == []
        assert outcomes(db, "another", "datev", clock() - timedelta(days=1), 10) == []


def test_what_belongs_to_a_login_is_left_out(database: Database, clock: Clock) -> None:
    log = HttpLog(database)
    logged(log, clock, "GET", "https://login.datev.de/openid/.well-known/openid-configuration", 200)
    logged(log, clock, "POST", "https://api.datev.de/token", 400)
    logged(log, clock, "GET", "https://api.datev.de/userinfo", 200)
    logged(log, clock, "GET", CLIENT, 403, system="pipedrive")
    log.flush()
    with database.read() as db:
        assert outcomes(db, "mine", "datev", clock() - timedelta(days=1), 10) == []
