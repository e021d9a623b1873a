"""One API endpoint as an ASGI application: counted, checked, charged, then answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlconnector.standins.pipedrive.answers import Refusal, json_answer
from mlconnector.standins.pipedrive.limits import Limits
from mlconnector.standins.pipedrive.login import Login
from mlconnector.standins.statistics import Statistics

Handler = Callable[[Request], Awaitable[Any]]


class Api(NamedTuple):
    """A row of a route table; `cost` in tokens, `scope` what an OAuth app must have been granted."""

    method: str
    path: str
    cost: int
    scope: str
    handler: Handler


class Endpoint:
    """Serves one row of a route table; a handler returns a JSON body or a whole answer."""

    def __init__(self, api: Api, path: str, login: Login, limits: Limits, statistics: Statistics) -> None:
        self.api = api
        self.path = path
        self.login = login
        self.limits = limits
        self.statistics = statistics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        self.statistics.count(request.method, self.path)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        token = None
        try:
            token = self.login.check(request.headers, request.query_params, self.api.scope)
            self.limits.spend(token, self.api.cost)
            body = await self.api.handler(request)
            answer = body if isinstance(body, Response) else json_answer(body)
        except Refusal as refused:
            answer = json_answer(refused.body, refused.status)
        if token is not None:
            answer.headers.update(self.limits.headers(token))
        return answer
