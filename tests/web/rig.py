"""An installation behind its web application, reached in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from mlconnector.app import Application, opened
from mlconnector.commands.demonstration import Scene
from mlconnector.flow.connect import setup
from mlconnector.flow.context.settings import read_connection
from mlconnector.settings import Settings
from mlconnector.standins.base import Clock as WallClock
from mlconnector.standins.base import Options
from mlconnector.standins.pipedrive import Authentication, PipedriveStandIn
from mlconnector.store.seals import generate_master_key
from mlconnector.web.application import create_app
from mlconnector.web.console.screens import console
from tests.clock import Clock
from tests.flow.rig import bookings_only

NAME = "demo-pipedrive"
HOOK = f"/webhooks/{NAME}"
WEBHOOK_KEY = "a-key-that-nobody-guesses"
USER, PASSWORD = "hook-user-4711", "hook-password-0815"
API_TOKEN = "a-long-token-of-the-api"
# Nothing listens there: whatever would ask the network fails at once.
NOWHERE = "http://127.0.0.1:9"
SIGNED = Authentication("hmac_sha256", key=WEBHOOK_KEY)
BASIC = Authentication("basic", user=USER, password=PASSWORD)


@dataclass
class Recorder:
    """Workflows that only write down what was asked of them."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    busy: bool = False

    def start_run(self, name: str, trigger: str) -> str:
        self.asked.append(("start_run", name, trigger))
        return f"run:{name}:1"

    def start_load(self, load: str = "") -> None:
        self.asked.append(("start_load", load))

    def is_loading(self) -> bool:
        return self.busy

    def nudge(self, name: str) -> None:
        self.asked.append(("nudge", name))

    def is_busy(self, name: str) -> bool:
        return self.busy

    def resume(self, name: str) -> list[str]:
        self.asked.append(("resume", name))
        return []


class _Lazy(httpx.AsyncByteStream):
    """A body that is made only when it is asked for."""

    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


class InProcess(httpx.BaseTransport):
    """Carries requests to an ASGI application and waits for its background work, too."""

    def __init__(self, app: FastAPI, *, raise_errors: bool = True) -> None:
        self._asgi = httpx.ASGITransport(app=app, raise_app_exceptions=raise_errors)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, httpx.AsyncByteStream):
            request.stream = _Lazy(request.stream)
        return asyncio.run(self._handled(request))

    async def _handled(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@dataclass
class Rig:
    """An installation, its web application, and a client for each kind of caller."""

    application: Application
    app: FastAPI
    work: Recorder
    clock: Clock

    def browser(self, **options: Any) -> httpx.Client:
        """Somebody without any credentials."""
        return httpx.Client(transport=InProcess(self.app, **options), base_url="http://test", trust_env=False)

    def program(self) -> httpx.Client:
        """A program that has the token of the API."""
        client = self.browser()
        client.headers["Authorization"] = f"Bearer {API_TOKEN}"
        return client

    def connect(
        self,
        *,
        pipedrive: str = NOWHERE,
        datev: str = NOWHERE,
        mode: str = "hmac_sha256",
        secrets: dict[str, str] | None = None,
    ) -> None:
        """Set the connection `NAME` up, as a user would."""
        text = bookings_only(Scene({"pipedrive": pipedrive, "datev": datev}))
        text = text.replace('mode = "hmac_sha256"', f'mode = "{mode}"')
        given = {
            "pipedrive.api_token": PipedriveStandIn.api_token,
            "pipedrive.webhook_key": WEBHOOK_KEY,
            "pipedrive.webhook_user": USER,
            "pipedrive.webhook_password": PASSWORD,
            "datev.client_secret": "standin-secret",
        }
        setup.connect(self.application.services, read_connection(text, "test"), secrets or given)


@contextmanager
def rig(database_url: str, folder: Path, *, works_here: bool = True, **settings: Any) -> Iterator[Rig]:
    """An empty installation on a migrated database."""
    values = {
        "data_dir": folder,
        "database_url": database_url,
        "master_key": generate_master_key(),
        "api_token": API_TOKEN,
        "public_url": "http://localhost:8080/",
        **settings,
    }
    clock, work = Clock(), Recorder()
    with opened(Settings.model_validate(values), clock) as application:
        app = create_app(application, work if works_here else None, console())
        yield Rig(application, app, work, clock)


def standin(records: int = 30) -> PipedriveStandIn:
    """A Pipedrive account."""
    return PipedriveStandIn(Options(records=records, clock=WallClock()))


def signed(account: PipedriveStandIn, deal: int = 1, **more: Any) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a genuine delivery about a deal."""
    return account.delivery(deal, SIGNED, **more)
