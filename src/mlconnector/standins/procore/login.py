"""The login: tokens for the credentials of a client, which live ninety minutes and are not refreshed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from hmac import compare_digest

from mlconnector.standins.procore.answers import Refusal, unauthorized
from mlconnector.standins.procore.identities import CLIENT_ID, CLIENT_SECRET, SERVICE_ACCOUNT_ID
from mlconnector.standins.procore.records import Row

LIFE = 5400


class Login:
    """The tokens that were given out; a test may change the `secret` of the app."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.secret = CLIENT_SECRET
        self.tokens: dict[str, float] = {}
        self.given_out = 0

    def token(self, form: Mapping[str, str]) -> Row:
        """The answer of the token endpoint; raises Refusal."""
        self._check_client(form)
        grant_type = form.get("grant_type")
        if not grant_type:
            raise _refusal(400, "invalid_request", "Missing required parameter: grant_type.")
        if grant_type != "client_credentials":
            raise _refusal(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        token, now = secrets.token_urlsafe(32), self.clock()
        self.tokens[token] = now
        self.given_out += 1
        return {"access_token": token, "token_type": "bearer", "expires_in": LIFE, "created_at": int(now)}

    def info(self, authorization: str) -> Row:
        """What is known of the token of a call; raises Refusal."""
        token = self.check(authorization)
        return {
            "resource_owner_id": SERVICE_ACCOUNT_ID,
            "scopes": [],
            "expires_in_seconds": int(self.tokens[token] + LIFE - self.clock()),
            "application": {"uid": CLIENT_ID},
            "created_at": int(self.tokens[token]),
        }

    def revoke(self, form: Mapping[str, str]) -> Row:
        """Forget a token; unknown ones are fine (RFC 7009). Raises Refusal for another client."""
        self._check_client(form)
        self.tokens.pop(form.get("token", ""), None)
        return {}

    def check(self, authorization: str) -> str:
        """The token of a call; raises Refusal where it does not open anything."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise unauthorized("The access token is missing")
        if token not in self.tokens:
            raise unauthorized("The access token is invalid")
        if self.tokens[token] + LIFE <= self.clock():
            raise unauthorized("The access token expired")
        return token

    def expire(self) -> None:
        """Let every token be invalid, as when somebody revoked them."""
        self.tokens.clear()

    def _check_client(self, form: Mapping[str, str]) -> None:
        is_known = compare_digest(form.get("client_id", "").encode(), CLIENT_ID.encode())
        if not is_known or not compare_digest(form.get("client_secret", "").encode(), self.secret.encode()):
            raise _refusal(401, "invalid_client", "Client authentication failed.")


def _refusal(status: int, error: str, text: str) -> Refusal:
    return Refusal(status, {"error": error, "error_description": text})
