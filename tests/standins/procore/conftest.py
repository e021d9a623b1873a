"""Every test of this folder has a fresh stand-in of its own, behind the one server of all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.procore import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, ProcoreStandIn, create
from tests.standins.conftest import Switch

CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}


class Api:
    """The API as a client sees it that is logged in and names its company."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.client.get(f"/rest/{path}", params=parameters)

    def body(self, path: str, **parameters: Any) -> Any:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """All rows of a list, by the links that lead through it."""
        rows: list[dict[str, Any]] = []
        answer = self.get(path, **parameters)
        while True:
            assert answer.status_code == 200, answer.text
            rows += answer.json()
            if "next" not in answer.links:
                return rows
            answer = self.client.get(answer.links["next"]["url"])

    def requisition(self, requisition: dict[str, Any], view: str = "extended") -> dict[str, Any]:
        path = f"v1.1/requisitions/{requisition['id']}"
        found: dict[str, Any] = self.body(path, project_id=requisition["project_id"], view=view)
        return found

    def direct_cost(self, cost: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.body(f"v1.1/projects/{cost['project']['id']}/direct_costs/{cost['id']}")
        return found


@pytest.fixture(scope="session")
def anonymous(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as made:
        yield made


@pytest.fixture
def records() -> int:
    return 60


@pytest.fixture
def standin(switch: Switch, records: int, clock: Clock, extra: dict[str, str]) -> ProcoreStandIn:
    made = create(Options(records=records, clock=clock, extra=extra))
    switch.app = made.app
    return made


@pytest.fixture
def api(url: str, standin: ProcoreStandIn) -> Iterator[Api]:
    with httpx.Client(base_url=url, headers={"Procore-Company-Id": str(COMPANY_ID)}) as client:
        log_in(client)
        yield Api(client)


def log_in(client: httpx.Client) -> None:
    token = client.post("/oauth/token", data=CREDENTIALS).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


def of_case(standin: ProcoreStandIn, case: str) -> dict[str, Any]:
    """The first requisition or direct cost of a case."""
    found = standin.of_case(case)[0]
    return standin.requisitions.get(found) or standin.direct_costs[found]


def money(value: str) -> Decimal:
    assert isinstance(value, str)
    amount = Decimal(value)
    assert amount == amount.quantize(Decimal("0.01"))
    return amount
