"""One real server for all tests of this folder; every test puts a fresh stand-in behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import httpx
import pytest

from mlconnector.standins.base import AsgiApp, Clock, Options, Receive, Send
from mlconnector.standins.pipedrive import API_TOKEN, PipedriveStandIn, create
from mlconnector.standins.serving import serve


class Switch:
    """An application that hands every request to the stand-in of the test that runs."""

    def __init__(self) -> None:
        self.app: AsgiApp | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def switch() -> Switch:
    return Switch()


@pytest.fixture(scope="session")
def url(switch: Switch) -> Iterator[str]:
    with serve(switch) as address:
        yield address


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
def clock() -> Clock:
    return Clock()


@pytest.fixture
def extra() -> dict[str, str]:
    return {}


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
