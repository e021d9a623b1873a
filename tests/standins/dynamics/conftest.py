"""One real server for all tests of this folder; every test puts a fresh stand-in behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.dynamics import CLIENT_ID, CLIENT_SECRET, TENANT_ID, DynamicsStandIn, create
from mlconnector.standins.serving import serve
from tests.standins.conftest import Switch

HEADERS = {"OData-Version": "4.0", "OData-MaxVersion": "4.0", "Accept": "application/json"}


class Api:
    """The Web API as an app with a good token sees it."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.headers = HEADERS | {"Authorization": f"Bearer {self.log_in().json()['access_token']}"}

    @property
    def url(self) -> str:
        return str(self.client.base_url).rstrip("/")

    def log_in(self, tenant: str = TENANT_ID, **form: str | None) -> httpx.Response:
        given: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scope": f"{self.url}/.default",
        }
        sent = {name: value for name, value in (given | form).items() if value is not None}
        return self.client.post(f"/{tenant}/oauth2/v2.0/token", data=sent)

    def get(self, path: str, prefer: str = "", **headers: str) -> httpx.Response:
        address = path if path.startswith("http") else f"/api/data/v9.2/{path}"
        more = {"Prefer": prefer} if prefer else {}
        return self.client.get(address, headers=self.headers | more | headers)

    def rows(self, path: str, prefer: str = "") -> list[dict[str, Any]]:
        answer = self.get(path, prefer)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["value"]
        return found

    def send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, prefer: str = ""
    ) -> httpx.Response:
        more = {"Prefer": prefer} if prefer else {}
        return self.client.request(method, f"/api/data/v9.2/{path}", json=body, headers=self.headers | more)


@pytest.fixture(scope="session")
def client(switch: Switch) -> Iterator[httpx.Client]:
    with serve(switch) as address, httpx.Client(base_url=address) as made:
        yield made


@pytest.fixture
def records() -> int:
    return 50


@pytest.fixture
def standin(switch: Switch, records: int, clock: Clock, extra: dict[str, str]) -> DynamicsStandIn:
    made = create(Options(records=records, clock=clock, extra=extra))
    switch.app = made.app
    return made


@pytest.fixture
def api(client: httpx.Client, standin: DynamicsStandIn) -> Api:
    return Api(client)


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal of the Web API."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]
