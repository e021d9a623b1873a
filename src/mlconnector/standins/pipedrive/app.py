"""The whole server: OAuth, API v1 and v2, storage of redirected downloads, statistics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mlconnector.standins.pipedrive.account import Account
from mlconnector.standins.pipedrive.answers import Refusal, json_answer, refusal
from mlconnector.standins.pipedrive.endpoint import Api, Endpoint
from mlconnector.standins.pipedrive.limits import Limits
from mlconnector.standins.pipedrive.login import Login
from mlconnector.standins.pipedrive.registrations import Registrations
from mlconnector.standins.pipedrive.storage import PATH, Storage
from mlconnector.standins.pipedrive.v1 import V1
from mlconnector.standins.pipedrive.v2 import V2
from mlconnector.standins.statistics import Statistics

_FORM = "application/x-www-form-urlencoded"
_Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Services:
    """The parts of the server that a test may look at or turn."""

    account: Account
    login: Login
    limits: Limits
    storage: Storage
    registrations: Registrations
    statistics: Statistics


def build(services: Services) -> Router:
    """The server as an ASGI application; v1 also answers without `/api`, v2 does not."""
    v1 = [*V1(services.account, services.storage).routes(), *services.registrations.routes()]
    tables = [("/api/v2", V2(services.account).routes()), ("/api/v1", v1), ("/v1", v1)]
    routes = [
        Route(prefix + api.path, _endpoint(services, prefix + api.path, api), methods=[api.method])
        for prefix, table in tables
        for api in table
    ]
    return Router([*routes, *_other_routes(services)], redirect_slashes=False, default=_unknown)


def _endpoint(services: Services, path: str, api: Api) -> Endpoint:
    return Endpoint(api, path, services.login, services.limits, services.statistics)


def _other_routes(services: Services) -> list[Route]:
    async def authorize(request: Request) -> Response:
        return RedirectResponse(services.login.authorize(request.query_params), 302)

    async def token(request: Request) -> Response:
        form, domain = await _form(request), f"http://{request.headers['host']}"
        return json_answer(services.login.token(request.headers.get("authorization", ""), form, domain))

    async def revoke(request: Request) -> Response:
        services.login.revoke(request.headers.get("authorization", ""), await _form(request))
        return Response()

    async def statistics(_: Request) -> Response:
        return json_answer(services.statistics.body())

    return [
        Route("/oauth/authorize", _refusing(authorize), methods=["GET"]),
        Route("/oauth/token", _refusing(token), methods=["POST"]),
        Route("/oauth/revoke", _refusing(revoke), methods=["POST"]),
        Route(PATH.replace("{id}", "{id:int}"), services.storage.serve, methods=["GET"]),
        Route("/_standin/statistics", statistics, methods=["GET"]),
    ]


def _refusing(answer: _Answer) -> _Answer:
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Refusal as refused:
            return json_answer(refused.body, refused.status)

    return answered


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise refusal(400, f"Invalid request: content must be {_FORM}")
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    refused = refusal(404, "Unknown method .")
    await json_answer(refused.body, refused.status)(scope, receive, send)
