"""Callers: who is known, who is inside, and how many requests of whoever is neither are answered.

A caller is known by the token of the API, for its delivery by the signature of a webhook that was taken, and
by the session of a user: an office behind one address must not be shut out by one of its machines.
Inside is who comes from this machine and through no proxy.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlconnector.web.answers import http_error

A_MINUTE = 60.0
REFUSED_A_MINUTE = 120
"""Requests of one address that may be refused, or answered to somebody unknown, within a minute."""
_MOST_ADDRESSES = 10_000
_REMEMBERED_SECONDS = 600.0
_KNOWN = "known_caller"
_OF_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_FOR_MONITORS = ("/healthz", "/readyz", "/metrics")
# A delivery that is taken was signed; how many of those come is the source's matter.
_SIGNED = "/webhooks/"


def has_token(headers: Headers, token: SecretStr | None) -> bool:
    """Whether a request carries the token of the API."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    expected = token.get_secret_value() if token is not None else ""
    is_right = hmac.compare_digest(given.strip().encode(), expected.encode())
    return bool(expected) and scheme.lower() == "bearer" and is_right


def is_inside(scope: Scope) -> bool:
    """Whether a request comes from this machine, and no proxy has handed it on."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client is None or any(name in headers for name in _OF_PROXIES):
        return False
    try:
        address = ip_address(client[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def known(scope: Scope) -> None:
    """Say that a request comes from somebody who is known by a cookie."""
    scope.setdefault("state", {})[_KNOWN] = True


class CallerLimit:
    """Answers 429 to an address that was refused too often within a minute.

    Known callers are always answered. In memory, for this process, and for so many addresses at most.
    """

    def __init__(
        self, app: ASGIApp, token: SecretStr | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self.token = token
        self.clock = clock
        self._counted: dict[str, tuple[float, int]] = {}
        # Who was known by cookies a short while ago: to refuse others, nothing has to be read.
        self._remembered: dict[bytes, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; count how it was answered."""
        if scope["type"] != "http" or has_token(Headers(scope=scope), self.token):
            await self.app(scope, receive, send)
            return
        address, hung_up = _network(scope), False
        cookies = hashlib.sha256(Headers(scope=scope).get("cookie", "").encode()).digest()
        wait = 0.0 if self._remembers(cookies) else self._wait(address)
        if wait and not (is_inside(scope) and scope["path"] in _FOR_MONITORS):
            headers = {"Retry-After": str(math.ceil(wait)), "Connection": "close"}
            refused = HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests were refused.", headers)
            answer = await http_error(Request(scope), refused)
            await answer(scope, receive, send)
            return

        async def listening() -> Message:
            nonlocal hung_up
            message = await receive()
            hung_up = message["type"] == "http.disconnect"
            return message

        async def counting(message: Message) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and scope.get("state", {}).get(_KNOWN):
                self._remember(cookies)
            elif is_start and not hung_up and self._counts(scope, message["status"]):
                self._count(address)
            await send(message)

        await self.app(scope, listening, counting)

    def _counts(self, scope: Scope, status: int) -> bool:
        if status >= HTTPStatus.BAD_REQUEST:
            return status < HTTPStatus.INTERNAL_SERVER_ERROR
        return not scope["path"].startswith(_SIGNED) and not is_inside(scope)

    def _remembers(self, cookies: bytes) -> bool:
        return self._remembered.get(cookies, -math.inf) > self.clock() - _REMEMBERED_SECONDS

    def _remember(self, cookies: bytes) -> None:
        self._remembered.pop(cookies, None)
        while len(self._remembered) >= _MOST_ADDRESSES:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[cookies] = self.clock()

    def _wait(self, address: str) -> float:
        """Seconds until an address is answered again; 0 when it is now."""
        since, count = self._counted.get(address, (0.0, 0))
        left = since + A_MINUTE - self.clock()
        return left if count >= REFUSED_A_MINUTE and left > 0 else 0.0

    def _count(self, address: str) -> None:
        now = self.clock()
        since, count = self._counted.pop(address, (now, 0))
        if now - since >= A_MINUTE:
            since, count = now, 0
        while len(self._counted) >= _MOST_ADDRESSES:
            del self._counted[next(iter(self._counted))]
        self._counted[address] = (since, count + 1)


def _network(scope: Scope) -> str:
    """The address of a caller; of IPv6 the network that one household or server has."""
    client = scope.get("client")
    text = str(client[0]) if client else ""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Address(int(address) >> 64 << 64))
    return text
