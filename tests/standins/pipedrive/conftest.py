"""Every test of this folder has a fresh stand-in of its own, behind the one server of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from tests.standins.conftest import Switch

from mlconnector.standins.base import Clock, Options
from mlconnector.standins.pipedrive import API_TOKEN, PipedriveStandIn, create


@pytest.fixture
def put_behind(switch: Switch) -> Callable[[PipedriveStandIn], None]:
    """Puts another stand-in behind the server."""

    def put(standin: PipedriveStandIn) -> None:
        switch.app = standin.app

    return put


@pytest.fixture
def records() -> int:
    return 30


@pytest.fixture
def standin(switch: Switch, records: int, clock: Clock, extra: dict[str, str]) -> PipedriveStandIn:
    made = create(Options(records=records, clock=clock, extra=extra))
    switch.app = made.app
    return made


@pytest.fixture(scope="session")
def client_with_token(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"x-api-token": API_TOKEN}) as made:
        yield made


@pytest.fixture(scope="session")
def client_without_login(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as made:
        yield made


@pytest.fixture
def client(client_with_token: httpx.Client, standin: PipedriveStandIn) -> httpx.Client:
    """A client of `standin` that is logged in by API token."""
    return client_with_token


@pytest.fixture
def stranger(client_without_login: httpx.Client, standin: PipedriveStandIn) -> httpx.Client:
    """A client of `standin` without any login."""
    return client_without_login
