"""The whole server: the API, the storage of attachments, and the page that answers everything else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from hmac import compare_digest
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mlconnector.standins.cin7.account import Account
from mlconnector.standins.cin7.answers import Refusal, json_answer, page, refusal
from mlconnector.standins.cin7.attachments import PATH, Storage
from mlconnector.standins.cin7.endpoint import Asked, Handler
from mlconnector.standins.cin7.identities import ACCOUNT_ID, KEY
from mlconnector.standins.cin7.limits import Limits
from mlconnector.standins.cin7.purchase_api import PurchaseApi
from mlconnector.standins.cin7.query import Query
from mlconnector.standins.cin7.reference_api import ReferenceApi
from mlconnector.standins.cin7.registrations import Registrations
from mlconnector.standins.cin7.sale_api import SaleApi
from mlconnector.standins.statistics import Statistics

ROOT = "/externalapi/v2/"


@dataclass
class Server:
    """The parts of the server that a test may look at or turn, and the application made of them."""

    account: Account
    limits: Limits
    storage: Storage
    registrations: Registrations
    statistics: Statistics = field(default_factory=Statistics)
    writes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sale_api, self.purchase_api = SaleApi(self.account), PurchaseApi(self.account)
        read = (
            self.sale_api.endpoints() | self.purchase_api.endpoints() | ReferenceApi(self.account).endpoints()
        )
        self._handlers = {("GET", name.lower()): handler for name, handler in read.items()}
        for method, handler in self.registrations.endpoints().items():
            self._handlers[method, "webhooks"] = handler
        self._names = {name for _, name in self._handlers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path.lower() == PATH.lower():
            return await self.storage.serve(request)
        if path == "/_standin/statistics":
            return json_answer(self.statistics.body())
        name = path.lower().removeprefix(ROOT).rstrip("/") if path.lower().startswith(ROOT) else ""
        if name not in self._names:
            return page()
        self.statistics.count(request.method, f"/ExternalApi/v2/{name}")
        try:
            return json_answer(await self._body(request, name))
        except Refusal as refused:
            return refused.answer()

    async def _body(self, request: Request, name: str) -> Any:
        _check_keys(request)
        self.limits.spend(name)
        handler = self._handlers.get((request.method, name))
        if handler is None:
            self.writes.append(f"{request.method} {name}")
            raise refusal(405, "The method used is not allowed")
        return await self._handled(request, handler)

    async def _handled(self, request: Request, handler: Handler) -> Any:
        host = request.headers.get("host", "localhost")
        body = await request.body()
        try:
            given = json.loads(body, parse_float=Decimal) if body else None
        except ValueError:
            raise refusal(500, "The object passed to the API could not be parsed") from None
        query = Query(request.query_params.multi_items())
        return handler(Asked(query, lambda file: self.storage.address(file, host), given))


def _check_keys(request: Request) -> None:
    """Both headers must be right; wrong ones are answered with 403."""
    account_id = request.headers.get("api-auth-accountid", "").lower()
    key = request.headers.get("api-auth-applicationkey", "").lower()
    if not (
        compare_digest(account_id.encode(), ACCOUNT_ID.encode())
        and compare_digest(key.encode(), KEY.encode())
    ):
        raise refusal(403, "Incorrect credentials!")
