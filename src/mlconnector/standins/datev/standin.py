"""The DATEV stand-in as a whole: one server for the login and the four APIs, and its switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconnector.standins.base import AsgiApp, Options
from mlconnector.standins.datev import clients_api, dxso_jobs, extf_files, scopes, state_file
from mlconnector.standins.datev.answers import json_answer
from mlconnector.standins.datev.clients import SERVICE_SCOPES, Client, Directory
from mlconnector.standins.datev.documents import Document, Documents
from mlconnector.standins.datev.dxso_jobs import DxsoJob, DxsoJobs
from mlconnector.standins.datev.extf_files import ExtfFiles, Job, LocationStyle
from mlconnector.standins.datev.gateway import Gateway, Shape
from mlconnector.standins.datev.login import Login
from mlconnector.standins.datev.oauth import App
from mlconnector.standins.datev.received import Received
from mlconnector.standins.datev.signature import SigningKey
from mlconnector.standins.datev.statistics import REQUEST_ID, ObservedApp, Statistics
from mlconnector.standins.datev.tokens import Session, Tokens
from mlconnector.standins.faults import Faults, FaultyApp

APP = "ml-connector-standin"
CONFIDENTIAL_APP = "ml-connector-confidential"
SECRET = "standin-secret"

CLIENTS = "/accounting-clients/platform/v2"
DOCUMENTS = "/accounting-documents/platform/v2"
EXTF_FILES = "/accounting-extf-files/platform/v3"
DXSO_JOBS = "/accounting-dxso-jobs/platform/v2"


class DatevStandIn:
    """A running imitation of DATEV."""

    name = "datev"

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = options.clock
        self.faults = Faults()
        self.statistics = Statistics()
        self.tokens = Tokens()
        self.directory = Directory()
        self._key = SigningKey()
        self._gateways: list[Gateway] = []
        received = Received(options.received)
        self._login = Login(_apps(options), self.tokens, self._key, self.clock)
        self._clients_gateway = self._gateway(CLIENTS, "problem")
        self._documents = Documents(self._gateway(DOCUMENTS, "dco"), received, self.clock)
        self._extf = ExtfFiles(
            self._gateway(EXTF_FILES, "problem"),
            received,
            self.statistics,
            self.clock,
            options.delay,
            int(options.extra.get("retry_after", extf_files.shortest_wait(options.delay))),
        )
        self._dxso = DxsoJobs(
            self._gateway(DXSO_JOBS, "dco"), self._documents, received, self.clock, options.delay
        )
        self.set_location_style(options.extra.get("location", "relative"))
        self._load()
        self._app = ObservedApp(FaultyApp(self._starlette(), self.faults), self.statistics)

    @property
    def app(self) -> AsgiApp:
        """The server as an ASGI application."""
        return self._app

    @property
    def documents(self) -> dict[tuple[str, str], Document]:
        """Everything in Belege online, by client id and GUID in lower case."""
        return self._documents.by_guid

    @property
    def jobs(self) -> list[Job]:
        """The EXTF jobs of all clients, the oldest first."""
        return self._extf.jobs

    @property
    def dxso_jobs(self) -> list[DxsoJob]:
        """The dxso jobs of all clients, the oldest first."""
        return self._dxso.jobs

    @property
    def sessions(self) -> list[Session]:
        """The sessions that still have a valid refresh token, the oldest first."""
        return self.tokens.sessions

    def client(self, client_id: str) -> Client:
        """A client that may be changed; KeyError when there is none of that id."""
        return self.directory.clients[client_id]

    def log_in(self, scope: Sequence[str], app_id: str = APP) -> Session:
        """Open a session as if a user had logged in and the code had been exchanged."""
        objection = scopes.objection(scope)
        if objection is not None:
            raise ValueError(objection)
        return self.tokens.open(app_id, scope, self.clock())

    def rotate_secret(self, secret: str, app_id: str = APP) -> None:
        """Give an app another secret; its sessions stay as they are."""
        self._login.apps[app_id] = replace(self._login.apps[app_id], secret=secret)

    def expire_access_tokens(self) -> None:
        """Let every access token be expired; refresh tokens stay valid."""
        self.tokens.expire_access_tokens()

    def fail_next_job(self, client_id: str, number: int) -> None:
        """Let the client's next EXTF job fail with problem `number`, e.g. 1008837 (try again).

        A `number` from 2 to 6 is a state instead, in which the client's next dxso job ends.
        """
        if number in dxso_jobs.FINAL_STATES:
            self._dxso.planned_states[self.client(client_id).id].append(number)
        else:
            self._extf.planned_failures[self.client(client_id).id].append(extf_files.check_number(number))

    def order_service(self, client_id: str, service: str) -> None:
        """Let the client have ordered a data service, e.g. `Buchungsdatenservice`."""
        if service not in SERVICE_SCOPES:
            raise ValueError(f"there is no data service {service}; there are {', '.join(SERVICE_SCOPES)}")
        self.client(client_id).services.add(service)

    def withdraw_service(self, client_id: str, service: str) -> None:
        """Let the client have cancelled a data service."""
        self.client(client_id).services.discard(service)

    def set_location_style(self, style: str) -> None:
        """How `Location` of an import is written: relative, unrooted, rooted or absolute."""
        known: dict[str, LocationStyle] = {name: name for name in get_args(LocationStyle)}
        self._extf.location_style = known[style]

    def save(self) -> None:
        """Write tokens, clients, documents, jobs and the signing key to `Options.state_file`."""
        if self.options.state_file is None:
            return
        state = {
            "signing_key": self._key.dump(),
            "tokens": self.tokens.dump(),
            "clients": self.directory.dump(),
            "documents": self._documents.dump(),
            "jobs": self._extf.dump(),
            "dxso_jobs": self._dxso.dump(),
        }
        state_file.write(self.options.state_file, state)

    def _load(self) -> None:
        state = state_file.read(self.options.state_file)
        if state is None:
            return
        self._key.load(state["signing_key"])
        self.tokens.load(state["tokens"])
        self.directory.load(state["clients"])
        self._documents.load(state["documents"])
        self._extf.load(state["jobs"])
        self._dxso.load(state["dxso_jobs"])

    def _gateway(self, prefix: str, shape: Shape) -> Gateway:
        gateway = Gateway(prefix, shape, self.directory, self.tokens, self.clock)
        self._gateways.append(gateway)
        return gateway

    def _starlette(self) -> Starlette:
        routes = [
            *self._documents.routes(),
            *self._extf.routes(),
            *clients_api.routes(self._clients_gateway),
            *self._dxso.routes(),
            *self._login.routes(),
            Route("/_standin/statistics", self._show_statistics),
        ]
        app = Starlette(routes=routes, exception_handlers={404: self._unknown, 405: self._unknown})
        app.router.redirect_slashes = False
        return app

    async def _unknown(self, request: Request, exception: Exception) -> Response:
        status = exception.status_code if isinstance(exception, HTTPException) else 500
        for gateway in self._gateways:
            if request.url.path.startswith(gateway.prefix):
                return gateway.unknown(status).answer(request.scope[REQUEST_ID])
        return Response(status_code=status)

    async def _show_statistics(self, _request: Request) -> Response:
        tokens = {"refreshes": self.tokens.refreshes, "replays": self.tokens.replays}
        return json_answer({**self.statistics.as_json(), "tokens": tokens})


def create(options: Options) -> DatevStandIn:
    """Build the stand-in, continuing from `options.state_file` when that exists.

    `options.extra` may hold `redirect_uris` (registered in addition to loopback URLs, separated by
    blanks), `location` (see `DatevStandIn.set_location_style`) and `retry_after` (seconds).
    """
    return DatevStandIn(options)


def _apps(options: Options) -> dict[str, App]:
    uris = frozenset(options.extra.get("redirect_uris", "").split())
    return {
        APP: App(APP, SECRET, secret_on_refresh=False, redirect_uris=uris),
        CONFIDENTIAL_APP: App(CONFIDENTIAL_APP, SECRET, secret_on_refresh=True, redirect_uris=uris),
    }
