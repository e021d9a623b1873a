"""The OAuth seam: how a system does OAuth, and what a login to it gives; models differ by data only.

Loading this loads no HTTP, which most commands do not need; `issuer` and `bearer` do what takes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec

from mlconnector.errors import NeedsHuman
from mlconnector.model.problems import Problem

ClientAuthentication = Literal["basic", "client_id"]

DISCOVERY = "/.well-known/openid-configuration"
"""Where an issuer publishes its addresses (OpenID Connect Discovery 4)."""


_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


def error_code(error: str) -> str:
    """The error code as OAuth defines them; anything else is not kept, because anybody could send it."""
    return error if _ERROR_CODE.fullmatch(error) else "error"


class AppRefused(NeedsHuman):
    """An issuer does not accept the app itself: whoever looks after it can help, and no login can.

    RFC 6749, section 5.2: `invalid_client` (unknown, or its secret is wrong) is the problem
    `app_secret_refused`, `unauthorized_client` (may not ask for this) the problem `app_not_allowed`.
    `of_secret` is True where it is the app's secret that is not accepted.
    """

    def __init__(self, problem: Problem, *, of_secret: bool) -> None:
        super().__init__(problem)
        self.of_secret = of_secret


def app_refused(system: str, error: str, answer: str) -> AppRefused:
    """What a refusal of the app by this error code means."""
    of_secret = error == "invalid_client"
    key = "app_secret_refused" if of_secret else "app_not_allowed"
    problem = Problem(key, {"system": system, "place": system, "answer": answer}, ("system",))
    return AppRefused(problem, of_secret=of_secret)


@dataclass(frozen=True, slots=True)
class OAuthModel:
    """How one system does OAuth.

    `jwks_url` has the keys that the issuer signs id tokens with. `refresh_authentication` says what a
    refresh sends: the client id alone in the body (`client_id`), or HTTP Basic with the secret (`basic`).
    `margin` is how many seconds before its end an access token is renewed. `lifetime` is how long a refresh
    token lives when the answer does not say; `rolling` says whether a refresh prolongs that.
    """

    system: str
    client_id: str
    authorize_url: str
    token_url: str
    revoke_url: str
    scopes: tuple[str, ...] = ()
    issuer: str | None = None
    jwks_url: str | None = None
    userinfo_url: str | None = None
    pkce: bool = True
    refresh_authentication: ClientAuthentication = "basic"
    margin: float = 120.0
    lifetime: float = 60 * 86400.0
    rolling: bool = True
    authorize_extra: Mapping[str, str] = field(default_factory=dict)


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a login or a refresh gave; sealed before it is stored.

    `client_id` and `revoke_url` say for which app, and where the tokens can be revoked, because the settings
    may name another app meanwhile; empty in tokens that were stored before this was noted.
    """

    access_token: str
    refresh_token: str
    expires_at: datetime
    refresh_expires_at: datetime
    scopes: tuple[str, ...] = ()
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    client_id: str = ""
    revoke_url: str = ""

    def __repr__(self) -> str:
        return f"Tokens(***, expires_at={self.expires_at}, refresh_expires_at={self.refresh_expires_at})"


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login that was begun: kept sealed for ten minutes, looked up by its state, used once.

    `scopes` are those that were asked for.
    """

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    scopes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"PendingLogin(***, redirect_uri={self.redirect_uri!r})"


class TokenKeeper(Protocol):
    """Keeps the tokens of one connection and one system; safe between threads and processes."""

    def current(self) -> Tokens:
        """Tokens that are good for a while, refreshed if need be; raises NeedsLogin."""

    def renewed(self, rejected: str) -> Tokens:
        """Other tokens than those with the access token `rejected`; raises NeedsLogin."""
