"""The whole server: sign-in, Web API, statistics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mlconnector.standins.dynamics.answers import Refusal, json_answer, unknown_segment
from mlconnector.standins.dynamics.entra import Entra
from mlconnector.standins.dynamics.webapi import WebApi

_FORM = "application/x-www-form-urlencoded"
_Answer = Callable[[Request], Awaitable[Response]]


def build(api: WebApi, entra: Entra) -> Router:
    """The server as an ASGI application; one host is both the sign-in and the environment."""

    async def token(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = await request.form() if kind == _FORM else {}
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        answer = entra.token(request.path_params["tenant"], texts, request.headers["host"])
        return json_answer(answer, headers={"Cache-Control": "no-store, no-cache"})

    async def discovery(request: Request) -> Response:
        return json_answer(entra.discovery(request.path_params["tenant"], request.headers["host"]))

    async def instances(request: Request) -> Response:
        endpoint = request.query_params.get("authorization_endpoint", "")
        return json_answer(entra.instances(endpoint, request.headers["host"]))

    async def statistics(_: Request) -> Response:
        return json_answer(api.statistics.body())

    routes = [
        Route("/_standin/statistics", statistics, methods=["GET"]),
        Route("/api/data/v9.2/{path:path}", api.serve, methods=["GET", "POST", "PATCH", "DELETE"]),
        Route("/common/discovery/instance", _refusing(instances), methods=["GET"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", _refusing(discovery), methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", _refusing(token), methods=["POST"]),
    ]
    return Router(routes, redirect_slashes=False, default=_unknown)


def _refusing(answer: _Answer) -> _Answer:
    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except Refusal as refused:
            return refused.answer()

    return answered


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    await unknown_segment(scope["path"].strip("/")).answer()(scope, receive, send)
