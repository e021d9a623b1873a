from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlconnector.standins.base import AsgiApp, Options, Receive, Send
from mlconnector.standins.datev import create
from mlconnector.standins.serving import serve
from tests.systems.datev.rig import Rig


@dataclass
class Server:
    """One server for all tests, because stopping one takes longer than a test; the stand-ins change."""

    url: str = ""
    standin: AsgiApp | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        assert self.standin is not None
        await self.standin(scope, receive, send)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    server = Server()
    with serve(server) as url:
        server.url = url
        yield server


@pytest.fixture
def rig(server: Server, tmp_path: Path) -> Iterator[Rig]:
    standin = create(Options(received=tmp_path / "received"))
    server.standin = standin.app
    rig = Rig(standin, server.url)
    yield rig
    rig.wiring.close()
