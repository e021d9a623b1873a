"""Every test of this folder has a fresh stand-in of its own, behind the one server of all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.cin7 import ACCOUNT_ID, KEY, Cin7StandIn, create
from tests.standins.conftest import Switch

KEYS = {"api-auth-accountid": ACCOUNT_ID, "api-auth-applicationkey": KEY}


class Api:
    """The API as a client with the right keys sees it; numbers come as exact decimals."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def get(self, path: str, **parameters: str | int) -> httpx.Response:
        return self.client.get(f"/ExternalApi/v2/{path}", params=parameters)

    def body(self, path: str, **parameters: str | int) -> Any:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content, parse_float=Decimal)

    def pages(self, path: str, key: str, limit: int, **parameters: str | int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        page = 1
        while found := self.body(path, Page=page, Limit=limit, **parameters)[key]:
            rows += found
            page += 1
        return rows


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=KEYS) as made:
        yield made


@pytest.fixture
def records() -> int:
    return 120


@pytest.fixture
def standin(switch: Switch, records: int, clock: Clock, extra: dict[str, str]) -> Cin7StandIn:
    made = create(Options(records=records, clock=clock, extra=extra))
    switch.app = made.app
    return made


@pytest.fixture
def api(client: httpx.Client, standin: Cin7StandIn) -> Api:
    return Api(client)


def of_case(standin: Cin7StandIn, case: str) -> dict[str, Any]:
    """The first sale or purchase of a case."""
    for record_id, name in standin.cases().items():
        if name == case:
            return standin.sales.get(record_id) or standin.purchases[record_id]
    raise AssertionError(f"no record of case {case}")


def purchase_of_case(standin: Cin7StandIn, case: str) -> dict[str, Any]:
    return next(standin.purchase(key) for key in standin.purchases if standin.cases()[key] == case)
