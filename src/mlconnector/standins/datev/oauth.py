"""Registered apps and the parts of OAuth messages: forms, client authentication, errors (RFC 6749)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from mlconnector.standins.datev.answers import json_answer


@dataclass(frozen=True, slots=True)
class App:
    """A registered app; `secret_on_refresh` apps authenticate a refresh, others must not."""

    client_id: str
    secret: str
    secret_on_refresh: bool
    redirect_uris: frozenset[str]

    def may_redirect_to(self, uri: str) -> bool:
        """Whether `uri` is registered: any plain-http loopback URL, or one of `redirect_uris` exactly."""
        parts = urlsplit(uri)
        if parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"} and not parts.fragment:
            return True
        return uri in self.redirect_uris


class OAuthError(Exception):
    """An error of the token or revocation endpoint."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status

    def answer(self) -> Response:
        """The JSON answer of RFC 6749, section 5.2."""
        headers = dict(NO_STORE)
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="DATEV"'
        return json_answer(
            {"error": self.error, "error_description": self.description}, self.status, headers=headers
        )


NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form-encoded body; each may appear once."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if content_type != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "Content-Type must be application/x-www-form-urlencoded")
    return single_values(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def single_values(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Parameters as a mapping; OAuthError when one is given twice."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is included more than once")
    return values


def basic_app(request: Request, apps: Mapping[str, App]) -> App | None:
    """The app authenticated by the Authorization header, None without one; OAuthError when it is wrong."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, encoded = header.partition(" ")
    try:
        client_id, separator, secret = b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        separator = ""
    if scheme.lower() != "basic" or not separator:
        raise OAuthError("invalid_client", "Authorization must be Basic", 401)
    app = apps.get(unquote_plus(client_id))
    if app is None or app.secret != unquote_plus(secret):
        raise OAuthError("invalid_client", "client id or secret is wrong", 401)
    return app


def required_basic_app(request: Request, form: Mapping[str, str], apps: Mapping[str, App]) -> App:
    """The app authenticated by Basic, the only way a secret may come (client_secret_basic)."""
    app = basic_app(request, apps)
    if app is None or "client_secret" in form:
        raise OAuthError("invalid_client", "the app must authenticate with HTTP Basic", 401)
    if form.get("client_id", app.client_id) != app.client_id:
        raise OAuthError("invalid_request", "client_id differs from the authenticated app")
    return app


def public_app(request: Request, form: Mapping[str, str], apps: Mapping[str, App]) -> App:
    """The app named by `client_id` in the form, where no secret may come along."""
    app = apps.get(form.get("client_id", ""))
    if app is None:
        raise OAuthError("invalid_client", "client_id is missing or unknown", 401)
    if "authorization" in request.headers or "client_secret" in form:
        raise OAuthError("invalid_client", "this app must not authenticate here", 401)
    return app
