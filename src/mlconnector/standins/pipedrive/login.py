"""OAuth login and API token: who may call, and until when.

Official rules: a code lives five minutes and is exchanged once; an access token lives an hour; the
refresh token comes back unchanged, expires after sixty days without use, and revoking it uninstalls the
app. Refusals of `/oauth/token` carry the messages of the page "OAuth status codes".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from mlconnector.standins.pipedrive.answers import Refusal, refusal, unauthorized

CLIENT_ID = "pipedrive-standin"
CLIENT_SECRET = "standin-secret"
API_TOKEN = "5ca1ab1ec0ffee00decade0ba5eba11facade123"
ALL_SCOPES = "base,deals:read,contacts:read,products:read,admin,recents:read"
CODE_LIFE = 5 * 60
ACCESS_LIFE = 3599
REFRESH_LIFE = 60 * 86_400


class Grant(msgspec.Struct):
    """What a code or token allows: until when, where a code was sent to, which installation it is of."""

    expires: float
    redirect_uri: str = ""
    refresh_token: str = ""


class Tokens(msgspec.Struct):
    """All tokens that were given out, as they survive a restart."""

    access: dict[str, Grant] = {}
    refresh: dict[str, Grant] = {}


class Login:
    """The OAuth server, and the check of every call.

    A test may set `user_declines`, `rotates_refresh_tokens` (an official page names refresh tokens that
    were "already exchanged"), or `scopes` and `secret` of the app's registration.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.tokens = Tokens()
        self.secret = CLIENT_SECRET
        self.scopes = ALL_SCOPES
        self.user_declines = False
        self.rotates_refresh_tokens = False
        self._codes: dict[str, Grant] = {}

    def authorize(self, query: Mapping[str, str]) -> str:
        """The URL the browser is sent back to once the user agreed; raises Refusal."""
        if query.get("client_id") != CLIENT_ID:
            raise refusal(400, "Invalid client: client is invalid")
        redirect_uri = query.get("redirect_uri", "")
        if not _is_registered(redirect_uri):
            raise refusal(400, "Invalid request: redirect_uri is invalid")
        answer = {"error": "user_denied"}
        if not self.user_declines:
            code = secrets.token_hex(20)
            self._codes[code] = Grant(self.clock() + CODE_LIFE, redirect_uri)
            answer = {"code": code}
        if "state" in query:
            answer["state"] = query["state"]
        return f"{redirect_uri}{'&' if urlsplit(redirect_uri).query else '?'}{urlencode(answer)}"

    def token(self, authorization: str, form: Mapping[str, str], api_domain: str) -> dict[str, Any]:
        """The answer of the token endpoint; raises Refusal."""
        self._check_client(authorization)
        grant_type = form.get("grant_type")
        if not grant_type:
            raise _oauth_refusal("invalid_request", "Missing parameter: grant_type")
        if grant_type == "authorization_code":
            refresh_token = self._exchange(form)
        elif grant_type == "refresh_token":
            refresh_token = self._refresh(form)
        else:
            raise _oauth_refusal("unsupported_grant_type", "Unsupported grant type: grant_type is invalid")
        return self._answer(refresh_token, api_domain)

    def revoke(self, authorization: str, form: Mapping[str, str]) -> None:
        """Forget a token; with a refresh token the app is uninstalled. Unknown tokens are fine (RFC 7009)."""
        self._check_client(authorization)
        self.tokens.access.pop(form.get("token", ""), None)
        if self.tokens.refresh.pop(form.get("token", ""), None):
            self._forget_installation(form["token"])

    def uninstall(self) -> None:
        """Remove the app from the account, as its administrator can."""
        self.tokens = Tokens()

    def check(self, headers: Mapping[str, str], query: Mapping[str, str], scope: str) -> str:
        """The token of a call that is allowed to do what needs `scope`; raises Refusal."""
        if "api_token" in query:
            raise unauthorized()
        api_token = headers.get("x-api-token")
        if api_token is not None:
            if not compare_digest(api_token.encode(), API_TOKEN.encode()):
                raise unauthorized()
            return api_token
        kind, _, token = headers.get("authorization", "").partition(" ")
        if not token:
            raise unauthorized()
        grant = self.tokens.access.get(token)
        if kind.lower() != "bearer" or grant is None or grant.expires <= self.clock():
            raise unauthorized("Invalid token: access token is invalid")
        if scope not in self.scopes.split(","):
            raise refusal(403, "Scope and URL mismatch")
        return token

    def _check_client(self, authorization: str) -> None:
        kind, _, encoded = authorization.partition(" ")
        if kind.lower() != "basic":
            raise _oauth_refusal("invalid_client", "Invalid client: cannot retrieve client credentials")
        try:
            given = base64.b64decode(encoded, validate=True)
        except binascii.Error as problem:
            refused = _oauth_refusal("invalid_client", "Invalid client: cannot retrieve client credentials")
            raise refused from problem
        if not compare_digest(given, f"{CLIENT_ID}:{self.secret}".encode()):
            raise _oauth_refusal("invalid_client", "Invalid client: client is invalid")

    def _exchange(self, form: Mapping[str, str]) -> str:
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None:
            raise _oauth_refusal("invalid_grant", "Invalid grant: authorization_code is invalid")
        if grant.expires <= self.clock():
            raise _oauth_refusal("invalid_grant", "Invalid grant: authorization_code has expired")
        if form.get("redirect_uri") != grant.redirect_uri:
            raise _oauth_refusal("invalid_request", "Invalid request: redirect_uri is invalid")
        return self._new_refresh_token()

    def _refresh(self, form: Mapping[str, str]) -> str:
        given = form.get("refresh_token", "")
        grant = self.tokens.refresh.get(given)
        if grant is None or grant.expires <= self.clock():
            raise _oauth_refusal("invalid_grant", "Invalid grant: refresh_token is invalid")
        if self.rotates_refresh_tokens:
            del self.tokens.refresh[given]
            return self._new_refresh_token()
        grant.expires = self.clock() + REFRESH_LIFE
        return given

    def _new_refresh_token(self) -> str:
        token = f"7654321:101:{secrets.token_hex(20)}"
        self.tokens.refresh[token] = Grant(self.clock() + REFRESH_LIFE)
        return token

    def _answer(self, refresh_token: str, api_domain: str) -> dict[str, Any]:
        # The real token is this long, too; a column of 255 characters does not hold it.
        access_token = "v1u:" + base64.b64encode(secrets.token_bytes(330)).decode()
        self.tokens.access[access_token] = Grant(self.clock() + ACCESS_LIFE, refresh_token=refresh_token)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "refresh_token": refresh_token,
            "scope": self.scopes,
            "expires_in": ACCESS_LIFE,
            "api_domain": api_domain,
        }

    def _forget_installation(self, refresh_token: str) -> None:
        kept = {
            text: grant for text, grant in self.tokens.access.items() if grant.refresh_token != refresh_token
        }
        self.tokens.access = kept


def _is_registered(redirect_uri: str) -> bool:
    try:
        parts = urlsplit(redirect_uri)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1") and not parts.fragment


def _oauth_refusal(error: str, message: str) -> Refusal:
    return Refusal(400, {"success": False, "message": message, "error": error})
