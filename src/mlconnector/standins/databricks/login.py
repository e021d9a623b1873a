"""The login: discovery, and tokens for the credentials of a service principal, which are not refreshed."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from hmac import compare_digest

from mlconnector.standins.databricks.answers import Refusal, Row
from mlconnector.standins.databricks.identities import (
    ACCOUNT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    WORKSPACE_ID,
)

LIFE = 3600


class Login:
    """The principals with their secrets, and the tokens that were given out; `life` is that of new ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.secrets = {CLIENT_ID: CLIENT_SECRET}
        self.tokens: dict[str, tuple[str, float]] = {}
        self.life = LIFE
        self.given_out = 0

    def configuration(self, base_url: str) -> Row:
        """Where the login of the workspace is, and whose workspace it is."""
        return {
            "oidc_endpoint": f"{base_url}/oidc",
            "account_id": ACCOUNT_ID,
            "workspace_id": WORKSPACE_ID,
            "cloud": "AWS",
            "host_type": "workspace",
        }

    def endpoints(self, base_url: str) -> Row:
        """The addresses of the login."""
        return {
            "issuer": f"{base_url}/oidc",
            "authorization_endpoint": f"{base_url}/oidc/v1/authorize",
            "token_endpoint": f"{base_url}/oidc/v1/token",
            "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token"],
        }

    def token(self, authorization: str, form: Mapping[str, str]) -> Row:
        """The answer of the token endpoint; raises Refusal. Credentials are taken from the header alone."""
        principal = self._principal(authorization)
        if form.get("grant_type") != "client_credentials":
            raise _refusal(400, "unsupported_grant_type", "The grant type is not supported.")
        if form.get("scope") != "all-apis":
            raise _refusal(400, "invalid_scope", "The scope is not supported.")
        token = secrets.token_urlsafe(32)
        self.tokens[token] = (principal, self.clock() + self.life)
        self.given_out += 1
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.life, "scope": "all-apis"}

    def check(self, authorization: str) -> str:
        """The principal of a call; raises Refusal where its token does not open anything."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise _unauthorized("Credential was not sent or was of an unsupported type for this API.")
        principal, until = self.tokens.get(token, ("", 0.0))
        if not principal:
            raise _unauthorized("Invalid access token.")
        if until <= self.clock():
            raise _unauthorized("Access token has expired.")
        return principal

    def expire(self) -> None:
        """Let every token that was given out be expired."""
        self.tokens = {token: (principal, 0.0) for token, (principal, _) in self.tokens.items()}

    def _principal(self, authorization: str) -> str:
        kind, _, given = authorization.partition(" ")
        try:
            text = base64.b64decode(given, validate=True).decode() if kind.lower() == "basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        principal, _, secret = text.partition(":")
        known = self.secrets.get(principal)
        if known is None or not compare_digest(secret.encode(), known.encode()):
            raise _refusal(401, "invalid_client", "Client authentication failed")
        return principal


def _refusal(status: int, error: str, text: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": text})


def _unauthorized(text: str) -> Refusal:
    challenge = {"WWW-Authenticate": 'Bearer realm="DatabricksRealm"'}
    return Refusal(401, {"error_code": "UNAUTHENTICATED", "message": text}, challenge)
