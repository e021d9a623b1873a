from __future__ import annotations

import httpx
import pytest

from mlconnector.standins.faults import Fault
from mlconnector.standins.pipedrive import PipedriveStandIn


@pytest.fixture
def extra() -> dict[str, str]:
    return {"burst": "5"}


def test_a_burst_is_refused_until_the_window_has_rolled_on(
    client: httpx.Client, standin: PipedriveStandIn
) -> None:
    codes = [client.get("/api/v2/deals/1").status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    standin.options.clock.advance(2.1)
    assert client.get("/api/v2/deals/1").status_code == 200


def test_the_headers_count_down(client: httpx.Client) -> None:
    answers = [client.get("/api/v2/deals/1") for _ in range(6)]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"5"}
    assert int(answers[-1].headers["x-ratelimit-reset"]) in (1, 2)


def test_each_token_has_a_window_of_its_own(client: httpx.Client, standin: PipedriveStandIn) -> None:
    while client.get("/api/v2/deals/1").status_code == 200:
        pass
    standin.limits.spend("another token", 1)
    assert client.get("/api/v2/deals/1").status_code == 429


def test_every_call_costs_what_pipedrive_charges(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.limits.burst = 100
    for path, cost in {
        "/api/v2/deals": 10,
        "/api/v2/deals/archived": 20,
        "/api/v2/deals/1": 1,
        "/api/v2/deals/1/products": 10,
        "/api/v2/pipelines": 5,
        "/api/v1/deals/1/files": 20,
        "/api/v1/users/me": 2,
        "/api/v1/currencies": 20,
    }.items():
        before = standin.limits.spent_today
        assert client.get(path).status_code == 200
        assert standin.limits.spent_today - before == cost, path


def test_an_exhausted_day_is_refused_until_midnight(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.limits.exhaust_day()
    standin.options.clock.advance(3600)
    answer = client.get("/api/v2/deals/1")
    assert answer.status_code == 429
    assert answer.json()["success"] is False
    standin.limits.new_day()
    assert client.get("/api/v2/deals/1").status_code == 200


def test_a_daily_budget_runs_out(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.limits.new_day(25)
    assert [client.get("/api/v2/deals").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/api/v2/deals/1").status_code == 200


def test_faults_can_be_thrown_in(client: httpx.Client, standin: PipedriveStandIn) -> None:
    standin.faults.add(Fault("status", path="/api/v2/deals", status=503))
    assert client.get("/api/v2/deals").status_code == 503
    assert client.get("/api/v2/deals").status_code == 200
    standin.faults.add(Fault("lose_answer", path="/api/v2/deals"))
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/api/v2/deals")
