"""Guards around requests: who may use the API, how large and slow a body may be, which headers go out."""

from __future__ import annotations

import asyncio
import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlconnector.web.answers import http_error
from mlconnector.web.callers import has_token, is_inside
from mlconnector.web.parts import Web

MAX_BODY = 1024 * 1024
# A little more than DATEV takes, so that a file which is too large for DATEV is explained, not refused.
MAX_FILE = 64 * 1024 * 1024
LARGEST_HEAD = 32 * 1024
"""Bytes of a request's address and headers."""
BODY_SECONDS = 20.0
"""How long a body may take."""
KNOWN_BODY_SECONDS = 600.0
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_HOW_TO = (
    "This installation has no API token. Set the environment variable MLCONNECTOR_API_TOKEN, "
    "or api_token in ml-connector.toml, to a long random text and start `ml-connector serve` again."
)
_bearer = HTTPBearer(scheme_name="token", description="The api_token of the settings.", auto_error=False)


async def with_token(
    web: Web, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> None:
    """Let a request pass that carries the token: 401 for others, 403 where there is no token to carry."""
    setting = web.application.settings.api_token
    token = setting.get_secret_value() if setting is not None else ""
    if not token:
        raise HTTPException(HTTPStatus.FORBIDDEN, _HOW_TO)
    offered = given.credentials if given is not None else ""
    if not hmac.compare_digest(offered.encode(), token.encode()):
        headers = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Send Authorization: Bearer <api_token>.", headers)


async def inside_or_with_token(
    request: Request, web: Web, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> None:
    """Let a request pass that comes from this machine and through no proxy; others need the token."""
    if not is_inside(request.scope):
        await with_token(web, given)


def secured(send: Send) -> Send:
    """`send` with the security headers on the answer; a page with a policy of its own keeps that."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _size_of_head(scope: Scope) -> int:
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    return headers + len(scope["path"]) + len(scope["query_string"])


class BodyLimit:
    """Answers 413 to a body that is too large: before it comes where it says so, else once it is.

    Answers 408 to one that takes too long, and 431 to a head that is too large; who has the token may take
    longer.
    """

    def __init__(
        self,
        app: ASGIApp,
        larger: dict[str, int],
        token: SecretStr | None,
        seconds: float = BODY_SECONDS,
    ) -> None:
        self.app = app
        self.larger = larger
        self.token = token
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _size_of_head(scope) > LARGEST_HEAD:
            too_long = HTTPException(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "", {"Connection": "close"})
            await (await http_error(Request(scope), too_long))(scope, receive, send)
            return
        limit = self.larger.get(scope["path"], MAX_BODY)
        refused = HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"A body of at most {limit} bytes is taken here.",
            {"Connection": "close"},
        )
        too_late = HTTPException(
            HTTPStatus.REQUEST_TIMEOUT, "The body did not come in time.", {"Connection": "close"}
        )
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            answer = await http_error(Request(scope), refused)
            await answer(scope, receive, send)
            return
        left, ended = limit, False
        loop = asyncio.get_running_loop()
        patience = KNOWN_BODY_SECONDS if has_token(Headers(scope=scope), self.token) else self.seconds
        until = loop.time() + patience

        async def counting() -> Message:
            nonlocal left, ended
            if ended:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), until - loop.time())
            except TimeoutError:
                raise too_late from None
            ended = not message.get("more_body", False)
            left -= len(message.get("body", b""))
            if left < 0:
                raise refused
            return message

        await self.app(scope, counting, send)
