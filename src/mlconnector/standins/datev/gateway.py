"""What every API call passes before its API sees it: token, app, scope, client, right and service."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconnector.standins.base import Clock
from mlconnector.standins.datev.answers import (
    JSON,
    JSON_UTF8,
    Refusal,
    bare,
    empty,
    fault,
    problem,
    unauthorized,
)
from mlconnector.standins.datev.clients import Client, Directory
from mlconnector.standins.datev.statistics import REQUEST_ID
from mlconnector.standins.datev.tokens import Session, Tokens

MISSING_PERMISSION = (
    "Permission to transfer data for this client-id is missing or has expired. "
    "Please contact your tax consultant."
)
CLIENT_ID = re.compile(r"[1-9]\d{3,6}-[1-9]\d{0,4}")
Shape = Literal["problem", "dco"]


@dataclass(frozen=True, slots=True)
class Call:
    """An API call that passed the gateway; the body has been read."""

    request: Request
    body: bytes
    session: Session


ListHandler = Callable[[Call], Response]
ClientHandler = Callable[[Call, Client], Response]


class Gateway:
    """The gateway in front of one API, whose errors have the given shape."""

    def __init__(self, prefix: str, shape: Shape, directory: Directory, tokens: Tokens, clock: Clock) -> None:
        self.prefix = prefix
        self.shape = shape
        self.directory = directory
        self.tokens = tokens
        self.clock = clock

    def of_all(self, path: str, scope: str, handler: ListHandler) -> Route:
        """A GET that is about no single client; long-term tokens may not use it."""

        def handle(request: Request, body: bytes) -> Response:
            session = self._session(request, scope)
            if session.client_id is not None:
                raise _other_client()
            return handler(Call(request, body, session))

        return Route(self.prefix + path, _endpoint(handle), methods=["GET"])

    def of_client(self, method: str, path: str, scope: str, handler: ClientHandler) -> Route:
        """An operation below `/clients/{client_id}`."""

        def handle(request: Request, body: bytes) -> Response:
            session = self._session(request, scope)
            client = self._client(request.path_params["client_id"], session)
            return handler(Call(request, body, session), client)

        return Route(f"{self.prefix}/clients/{{client_id}}{path}", _endpoint(handle), methods=[method])

    def require_service(self, client: Client, service: str) -> None:
        """Refuse with 403 when the client has not ordered `service`."""
        if service in client.services:
            return
        if self.shape == "dco":
            raise bare(403)
        raise problem(403, "Missing permission", number=1008838, detail=MISSING_PERMISSION)

    def unknown(self, status: int) -> Refusal:
        """The answer to an unknown path (404) or a method it does not have (405)."""
        if self.shape == "dco":
            return bare(status)
        return problem(status, {404: "Not Found", 405: "Method Not Allowed"}[status])

    def _session(self, request: Request, scope: str) -> Session:
        headers = request.headers
        scheme, _, token = headers.get("authorization", "").partition(" ")
        session = self.tokens.session_of(token, self.clock()) if scheme.lower() == "bearer" else None
        if session is None:
            raise unauthorized("Access token is missing, invalid or expired")
        if headers.get("x-datev-client-id") != session.app_id:
            raise unauthorized("Invalid client id or secret")
        if not _takes_json(headers.get("accept", "*/*")):
            raise bare(406) if self.shape == "dco" else problem(406, "Not Acceptable")
        if scope not in session.scopes:
            raise self._missing_scope(scope)
        return session

    def _missing_scope(self, scope: str) -> Refusal:
        if self.shape == "dco":
            return fault("DCO01005", 403)
        return problem(403, "Missing required scope", number=1008829, detail=f"Missing scope(s) are: {scope}")

    def _client(self, client_id: str, session: Session) -> Client:
        if session.client_id is not None and session.client_id != client_id:
            raise _other_client()
        client = self.directory.get(client_id)
        if client is None:
            raise self._unknown_client(client_id)
        if not client.user_has_right:
            raise bare(403, JSON if self.shape == "dco" else JSON_UTF8)
        return client

    def _unknown_client(self, client_id: str) -> Refusal:
        if self.shape == "dco":
            return bare(404)
        if "extf-files" in self.prefix and CLIENT_ID.fullmatch(client_id) is None:
            return problem(
                400,
                "Invalid request URI path",
                number=1008835,
                detail="Request-URI contains one or more invalid path segments",
                elements=[("client-id", "Path segment client-id is invalid")],
            )
        return empty(404)


def _endpoint(handle: Callable[[Request, bytes], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        # The body is read even when the call is refused, so that the sender can finish and read the answer.
        body = b"" if request.method == "GET" else await request.body()
        try:
            return handle(request, body)
        except Refusal as refusal:
            return refusal.answer(request.scope[REQUEST_ID])

    return endpoint


def _other_client() -> Refusal:
    return unauthorized("this offline access token is not authorized to access requested clients")


def _takes_json(accept: str) -> bool:
    ranges: Collection[str] = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return not {"*/*", "application/*", "application/json"}.isdisjoint(ranges)
