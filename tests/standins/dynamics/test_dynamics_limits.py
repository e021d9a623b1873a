from __future__ import annotations

import pytest

from mlconnector.standins.base import Clock
from mlconnector.standins.dynamics import DynamicsStandIn
from mlconnector.standins.faults import Fault
from tests.standins.dynamics.conftest import Api, refused


@pytest.fixture
def extra() -> dict[str, str]:
    return {"requests": "3"}


def test_too_many_requests_are_refused_until_the_window_has_room(api: Api, clock: Clock) -> None:
    assert [api.get("WhoAmI").status_code for _ in range(3)] == [200, 200, 200]
    answer = api.get("WhoAmI")
    assert refused(answer)[:2] == (429, "0x80072322")
    clock.advance(int(answer.headers["retry-after"]))
    assert api.get("WhoAmI").status_code == 200


def test_going_on_makes_it_longer(api: Api, clock: Clock) -> None:
    for _ in range(4):
        api.get("WhoAmI")
    clock.advance(200)
    first = int(api.get("WhoAmI").headers["retry-after"])
    for _ in range(3):
        again = int(api.get("WhoAmI").headers["retry-after"])
    assert first < 150 < again


def test_answers_say_how_much_is_left(api: Api) -> None:
    left = [api.get("WhoAmI").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] for _ in range(4)]
    assert left == ["2", "1", "0", "0"]


def test_faults_strike_before_the_api_is_asked(api: Api, standin: DynamicsStandIn) -> None:
    body = b'{"error":{"code":"0x80072321","message":"Combined execution time exceeded the limit."}}'
    standin.faults.add(Fault("status", path="WhoAmI", status=429, retry_after="27", body=body))
    answer = api.get("WhoAmI")
    assert refused(answer)[:2] == (429, "0x80072321")
    assert answer.headers["retry-after"] == "27"
    assert api.get("WhoAmI").headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "2"


def test_requests_are_counted_without_their_ids(api: Api, standin: DynamicsStandIn) -> None:
    for place in (1, 2):
        api.get(f"invoices({standin.invoice(place)['invoiceid']})?$select=name")
    statistics = api.client.get("/_standin/statistics").json()
    assert statistics["by_path"]["/api/data/v9.2/invoices({id})"] == 2
    assert statistics["gets"] == 2
