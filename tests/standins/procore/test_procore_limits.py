"""Two limits at once, and what a refusal says."""

from __future__ import annotations

import pytest

from mlconnector.standins.base import Clock
from mlconnector.standins.faults import Fault
from mlconnector.standins.procore import ProcoreStandIn
from tests.standins.procore.conftest import Api


@pytest.fixture
def extra() -> dict[str, str]:
    return {"per_hour": "12", "per_spike": "5"}


def test_a_spike_is_refused_until_its_window_is_over(api: Api, standin: ProcoreStandIn, clock: Clock) -> None:
    assert [api.get("v1.0/me").status_code for _ in range(6)] == [200] * 5 + [429]
    assert standin.limits.too_early == []
    answer = api.get("v1.0/me")
    assert "Retry-After" not in answer.headers
    assert len(standin.limits.refused) == 2
    assert len(standin.limits.too_early) == 1
    clock.advance(float(answer.headers["X-Rate-Limit-Reset"]) - clock())
    assert api.get("v1.0/me").status_code == 200
    assert len(standin.limits.too_early) == 1


def test_headers_speak_of_the_limit_that_is_hit_first(api: Api, clock: Clock) -> None:
    seen = []
    for _ in range(3):
        for _ in range(4):
            answer = api.get("v1.0/me")
        seen.append(int(answer.headers["X-Rate-Limit-Limit"]))
        left = int(answer.headers["X-Rate-Limit-Remaining"])
        clock.advance(11)
    assert (seen, left) == ([5, 5, 12], 0)
    refused = api.get("v1.0/me")
    assert refused.status_code == 429
    assert int(refused.headers["X-Rate-Limit-Reset"]) > clock() + 3000


def test_a_refusal_may_say_when_to_come_again_too_soon_or_late(
    api: Api, standin: ProcoreStandIn, clock: Clock
) -> None:
    standin.limits.retry_after = 30
    for _ in range(6):
        answer = api.get("v1.0/me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    clock.advance(20)
    assert api.get("v1.0/me").status_code == 200
    assert len(standin.limits.too_early) == 1


def test_faults_strike_before_the_api_is_asked(api: Api, standin: ProcoreStandIn) -> None:
    standin.faults.add(Fault("status", path="requisitions", status=503, retry_after="3"))
    project_id = next(iter(standin.projects))
    answer = api.get("v1.1/requisitions", project_id=project_id)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert standin.limits.calls == []


def test_calls_are_counted_by_endpoint(api: Api) -> None:
    for _ in range(2):
        api.get("v1.0/me")
    assert api.client.get("/_standin/statistics").json()["by_path"] == {"/rest/v1.0/me": 2}
