"""One real server for all tests of this folder; every test of a source puts a fresh stand-in behind it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from mlconnector.standins.base import AsgiApp, Clock, Receive, Send
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
def clock() -> Clock:
    return Clock()


@pytest.fixture
def extra() -> dict[str, str]:
    return {}
