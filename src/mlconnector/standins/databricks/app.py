"""The whole server: login and APIs behind one address."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mlconnector.standins.base import AsgiApp
from mlconnector.standins.databricks.answers import Refusal, Row, invalid, json_answer, refusal
from mlconnector.standins.databricks.endpoint import Api, Asked
from mlconnector.standins.databricks.identities import WORKSPACE_ID
from mlconnector.standins.databricks.login import Login
from mlconnector.standins.databricks.sql_errors import SqlError
from mlconnector.standins.statistics import Statistics

_WORKSPACE = "x-databricks-workspace-id"
_OF_SQL = {"42501": (403, "PERMISSION_DENIED"), "42K03": (404, "NOT_FOUND"), "42704": (404, "NOT_FOUND")}


class Call(NamedTuple):
    """A request as it came: with which kind of credentials, and for which workspace."""

    method: str
    path: str
    credentials: str
    workspace_id: str | None


@dataclass
class Services:
    """The parts of the server that a test may look at or turn."""

    login: Login
    statistics: Statistics = field(default_factory=Statistics)
    calls: list[Call] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class _Endpoint:
    """Serves one row of a route table: counted, checked, then answered."""

    def __init__(self, api: Api, services: Services) -> None:
        self.api = api
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        self.services.statistics.count(request.method, self.api.path)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            principal = self.services.login.check(request.headers.get("authorization", ""))
            named = request.headers.get(_WORKSPACE)
            if named is not None and named != WORKSPACE_ID:
                raise refusal(403, "PERMISSION_DENIED", f"Workspace {named} is not this one.")
            body = await run_in_threadpool(self.api.handler, await _asked(request, principal))
        except Refusal as refused:
            return refused.answer()
        except SqlError as wrong:
            status, code = _OF_SQL.get(wrong.sql_state, (400, wrong.code))
            return refusal(status, code, str(wrong)).answer()
        return body if isinstance(body, Response) else json_answer({} if body is None else body)


def build(services: Services, tables: Sequence[Api], open_routes: Sequence[Route]) -> AsgiApp:
    """The server as an ASGI application."""
    routes = [Route(api.path, _Endpoint(api, services), methods=[api.method]) for api in tables]

    async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
        services.unknown.append(f"{scope['method']} {scope['path']}")
        text = f"No API found for '{scope['method']} {scope['path']}'"
        await refusal(404, "ENDPOINT_NOT_FOUND", text).answer()(scope, receive, send)

    login = _login_routes(services.login)
    router = Router([*login, *open_routes, *routes], redirect_slashes=False, default=unknown)

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Request(scope).headers
            credentials = headers.get("authorization", "").partition(" ")[0]
            call = Call(scope["method"], scope["path"], credentials, headers.get(_WORKSPACE))
            services.calls.append(call)
        await router(scope, receive, send)

    return served


async def _asked(request: Request, principal: str) -> Asked:
    return Asked(
        principal,
        {name: str(value) for name, value in request.path_params.items()},
        dict(request.query_params),
        await _body(request),
        await request.body() if not _is_form(request) else b"",
        str(request.base_url).rstrip("/"),
    )


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form"))


async def _body(request: Request) -> Row:
    if _is_form(request):
        async with request.form() as form:
            parts = form.items()
            return {name: part if isinstance(part, str) else await part.read() for name, part in parts}
    if request.url.path.startswith("/api/2.0/fs/"):
        return {}
    content = await request.body()
    try:
        given: Any = json.loads(content) if content else {}
    except ValueError:
        raise refusal(400, "MALFORMED_REQUEST", "Could not parse request object.") from None
    if not isinstance(given, dict):
        raise invalid("The body is no object.")
    return given


def _login_routes(login: Login) -> list[Route]:
    async def configuration(request: Request) -> Response:
        return json_answer(login.configuration(_base_url(request)))

    async def endpoints(request: Request) -> Response:
        return json_answer(login.endpoints(_base_url(request)))

    async def token(request: Request) -> Response:
        form = await request.form()
        values = {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            return json_answer(login.token(request.headers.get("authorization", ""), values))
        except Refusal as refused:
            return refused.answer()

    return [
        Route("/.well-known/databricks-config", configuration, methods=["GET"]),
        Route("/oidc/.well-known/oauth-authorization-server", endpoints, methods=["GET"]),
        Route("/oidc/v1/token", token, methods=["POST"]),
    ]


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")
