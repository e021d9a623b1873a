"""An OpenID Connect issuer for tests: it lets everybody in, and says of them whatever a test wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mlconnector.standins.datev.oauth import form_of
from mlconnector.standins.datev.signature import SigningKey
from mlconnector.standins.serving import serve

CLIENT, SECRET = "console-app", "the-secret-of-the-console-app"
Signer = Callable[[dict[str, Any]], str]


@dataclass
class Issuer:
    """What it says of whoever logs in (`claims`), and how it signs that (`sign`)."""

    url: str = ""
    key: SigningKey = field(default_factory=SigningKey)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Signer | None = None
    found: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    web: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, verify=False))

    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    async def discovery(self, _request: Request) -> Response:
        """Its addresses."""
        places = {
            f"{name}_endpoint": f"{self.url}/{path}"
            for name, path in (("authorization", "authorize"), ("token", "token"))
        }
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **places, **self.found})

    async def authorize(self, request: Request) -> Response:
        """Somebody logs in at once."""
        self.asked = dict(request.query_params)
        back = {"code": "a-code", "state": self.asked["state"], "iss": self.url}
        return RedirectResponse(f"{self.asked['redirect_uri']}?{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """The id token of the login that was asked for last."""
        self.forms.append(dict(await form_of(request)))
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "4711",
            "nonce": self.asked["nonce"],
            "exp": self.clock() + 300,
            "preferred_username": "anna@example.com",
            "roles": ["books"],
            **self.claims,
        }
        said = {name: value for name, value in claims.items() if value is not None}
        token = (self.sign or self.key.sign)(said)
        return JSONResponse({"access_token": "worthless", "token_type": "Bearer", "id_token": token})

    async def keys(self, _request: Request) -> Response:
        """Its public keys."""
        return JSONResponse(self.key.public_keys())

    def back(self, address: str) -> str:
        """Where the browser is led that was sent to this address, as path and query."""
        answer = self.web.get(address)
        parts = urlsplit(answer.headers["location"])
        return f"{parts.path}?{parts.query}"


def state_of(address: str) -> str:
    """The state that an address carries."""
    return parse_qs(urlsplit(address).query)["state"][0]


@contextmanager
def running() -> Iterator[Issuer]:
    """The issuer behind a real address of this machine."""
    issuer = Issuer()
    with serve(issuer.app()) as url:
        issuer.url = url
        yield issuer
        issuer.web.close()
