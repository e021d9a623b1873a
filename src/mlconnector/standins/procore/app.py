"""The whole server: login, API and storage behind one address."""

from __future__ import annotations

import json
import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mlconnector.standins.base import AsgiApp
from mlconnector.standins.procore.access import Access
from mlconnector.standins.procore.answers import Refusal, json_answer, not_found, refusal
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.limits import Limits
from mlconnector.standins.procore.listing import Page
from mlconnector.standins.procore.login import Login
from mlconnector.standins.procore.query import Query
from mlconnector.standins.procore.storage import Storage
from mlconnector.standins.statistics import Statistics

ATTACHMENT = "/rest/v1.0/attachments/{id}"
_MAY_BE_WRITTEN = re.compile(r"/webhooks/|/single_pdf_compilers$")


@dataclass
class Services:
    """The parts of the server that a test may look at or turn."""

    access: Access
    login: Login
    limits: Limits
    storage: Storage
    statistics: Statistics = field(default_factory=Statistics)
    page_cap: int | None = None
    goes_round: bool = False
    unknown: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)


class _Endpoint:
    """Serves one row of a route table: counted, checked, then answered."""

    def __init__(self, api: Api, services: Services, needs_company: bool = True) -> None:
        self.api = api
        self.services = services
        self.needs_company = needs_company

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        self.services.statistics.count(request.method, self.api.path)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        services = self.services
        try:
            services.login.check(request.headers.get("authorization", ""))
            services.limits.spend()
            if self.needs_company:
                services.access.check_header(request.headers.get("procore-company-id"))
            answer = _written(self.api.handler(await _asked(request, services)))
            if services.goes_round and "total" in answer.headers:
                answer.headers["Link"] = f'<{request.url}>; rel="next"'
        except Refusal as refused:
            answer = refused.answer()
        for name, value in services.limits.headers().items():
            answer.headers.setdefault(name, value)
        return answer


def build(services: Services, tables: Sequence[Api]) -> AsgiApp:
    """The server as an ASGI application; what a client tries to write is noted, hooks and prints apart."""
    routes = [Route(api.path, _Endpoint(api, services), methods=[api.method]) for api in tables]
    attachment = Api("GET", ATTACHMENT, services.storage.redirect)
    routes.append(Route(ATTACHMENT, _Endpoint(attachment, services, needs_company=False), methods=["GET"]))

    async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
        services.unknown.append(f"{scope['method']} {scope['path']}")
        await not_found().answer()(scope, receive, send)

    router = Router([*routes, *_other_routes(services)], redirect_slashes=False, default=unknown)

    async def served(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] != "GET" and path.startswith("/rest/") and not _MAY_BE_WRITTEN.search(path):
            services.writes.append(f"{scope['method']} {path}")
        await router(scope, receive, send)

    return served


async def _asked(request: Request, services: Services) -> Asked:
    body = await request.body()
    try:
        given = json.loads(body) if body else None
    except ValueError:
        raise refusal(400, "Malformed JSON") from None
    base_url = str(request.base_url).rstrip("/")
    return Asked(
        services.access,
        Query(request.query_params.multi_items()),
        {name: str(value) for name, value in request.path_params.items()},
        base_url,
        f"{base_url}{request.url.path}",
        services.page_cap,
        given,
    )


def _written(body: Any) -> Response:
    if isinstance(body, Response):
        return body
    return json_answer(body.body(), 200, body.headers) if isinstance(body, Page) else json_answer(body)


def _other_routes(services: Services) -> list[Route]:
    async def token(request: Request) -> Response:
        try:
            return json_answer(services.login.token(await _form(request)))
        except Refusal as refused:
            return refused.answer()

    async def info(request: Request) -> Response:
        try:
            return json_answer(services.login.info(request.headers.get("authorization", "")))
        except Refusal as refused:
            return refused.answer()

    async def revoke(request: Request) -> Response:
        try:
            return json_answer(services.login.revoke(await _form(request)))
        except Refusal as refused:
            return refused.answer()

    async def statistics(_: Request) -> Response:
        return json_answer(services.statistics.body())

    return [
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/token/info", info, methods=["GET"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
        Route("/storage/{id}/{name}", services.storage.serve, methods=["GET"]),
        Route("/_standin/statistics", statistics, methods=["GET"]),
    ]


async def _form(request: Request) -> dict[str, str]:
    """The parameters of a form, or of a JSON object; both are documented."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            given = await request.json()
        except ValueError:
            raise refusal(400, "Malformed JSON") from None
        return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}
