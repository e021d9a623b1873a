"""Login mit DATEV: discovery, authorization page, tokens, user data, revocation (OpenID Connect).

A user who is always logged in and always consents sits behind the authorization page, unless the
request carries `login_hint=deny`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mlconnector.standins.base import Clock
from mlconnector.standins.datev import oauth, scopes
from mlconnector.standins.datev.answers import json_answer
from mlconnector.standins.datev.oauth import App, OAuthError
from mlconnector.standins.datev.signature import SigningKey, base64url
from mlconnector.standins.datev.tokens import ACCESS_SECONDS, InvalidGrantError, Session, Tokens

CODE_SECONDS = 300
SHORTEST_RANDOM = 20
USER = {"name": "Erika Beispiel", "given_name": "Erika", "family_name": "Beispiel"}
EMAIL = "erika.beispiel@example.com"


@dataclass(slots=True)
class Code:
    """An authorization code and what it was given for; `session` once it was exchanged."""

    app_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str
    challenge: str
    expires_at: float
    session: Session | None = None


class Login:
    """The login server with its registered apps."""

    def __init__(self, apps: Mapping[str, App], tokens: Tokens, key: SigningKey, clock: Clock) -> None:
        self.apps = dict(apps)
        self.tokens = tokens
        self.key = key
        self.clock = clock
        self.codes: dict[str, Code] = {}

    def routes(self) -> list[Route]:
        """The login server's addresses."""
        return [
            Route("/openid/.well-known/openid-configuration", self.discovery),
            Route("/openid/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/userinfo", self.userinfo),
            Route("/revoke", self.revoke, methods=["POST"]),
            Route("/certs", self.certs),
            Route("/endsession", self.end_session),
        ]

    async def discovery(self, request: Request) -> Response:
        """The discovery document; all but the authorization endpoint live outside the issuer's path."""
        base = _base(request)
        return json_answer(
            {
                "issuer": f"{base}/openid",
                "authorization_endpoint": f"{base}/openid/authorize",
                "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo",
                "revocation_endpoint": f"{base}/revoke",
                "jwks_uri": f"{base}/certs",
                "end_session_endpoint": f"{base}/endsession",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": sorted(scopes.KNOWN),
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Redirect back with a code, or show an error page when the request is not allowed."""
        try:
            given = oauth.single_values(request.query_params.multi_items())
        except OAuthError as error:
            return _error_page(error.description)
        app = self.apps.get(given.get("client_id", ""))
        if app is None:
            return _error_page("client_id is missing or unknown")
        objection = _objection(app, given)
        if objection is not None:
            return _error_page(objection)
        back = {"state": given["state"]}
        if given.get("login_hint") == "deny":
            back = {"error": "access_denied", "error_description": "The user did not consent", **back}
        else:
            code = secrets.token_urlsafe(24)
            self.codes[code] = Code(
                app.client_id, given["redirect_uri"], tuple(given["scope"].split()), given["nonce"],
                given["code_challenge"], self.clock() + CODE_SECONDS,
            )  # fmt: skip
            back = {"code": code, **back}
        uri = given["redirect_uri"]
        return RedirectResponse(f"{uri}{'&' if '?' in uri else '?'}{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """Exchange a code or a refresh token."""
        try:
            form = await oauth.form_of(request)
            match form.get("grant_type"):
                case "authorization_code":
                    return self._exchange(request, form)
                case "refresh_token":
                    return self._refresh(request, form)
                case None:
                    raise OAuthError("invalid_request", "grant_type is missing")
                case other:
                    raise OAuthError("unsupported_grant_type", f"{other} is not supported")
        except OAuthError as error:
            return error.answer()

    async def userinfo(self, request: Request) -> Response:
        """Who the access token was issued by; names need the scope `profile`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        session = self.tokens.session_of(token, self.clock()) if scheme.lower() == "bearer" else None
        if session is None:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return json_answer({"error": "invalid_token"}, 401, headers=headers)
        answer = {"sub": _subject(session.app_id)}
        if "profile" in session.scopes:
            answer |= USER
        if "email" in session.scopes:
            answer["email"] = EMAIL
        if "account_id" in session.scopes:
            answer["account_id"] = hashlib.sha256(EMAIL.encode()).hexdigest()[:32]
        return json_answer(answer)

    async def revoke(self, request: Request) -> Response:
        """Make one token invalid; an unknown one is revoked already (RFC 7009)."""
        try:
            form = await oauth.form_of(request)
            app = oauth.basic_app(request, self.apps) or oauth.public_app(request, form, self.apps)
            if form.get("token_type_hint") not in {"access_token", "refresh_token"}:
                raise OAuthError("invalid_request", "token_type_hint must be access_token or refresh_token")
            if not form.get("token"):
                raise OAuthError("invalid_request", "token is missing")
            owner = self.tokens.owner_of(form["token"])
            if owner is not None and owner.app_id != app.client_id:
                raise OAuthError("unauthorized_client", "the token was issued to another app")
        except OAuthError as error:
            return error.answer()
        self.tokens.revoke(form["token"])
        return Response(status_code=200)

    async def certs(self, _request: Request) -> Response:
        """The public keys of id tokens."""
        return json_answer(self.key.public_keys())

    async def end_session(self, request: Request) -> Response:
        """End the browser session; tokens stay as they are."""
        uri = request.query_params.get("post_logout_redirect_uri")
        if uri is not None and any(app.may_redirect_to(uri) for app in self.apps.values()):
            return RedirectResponse(uri, 302)
        return PlainTextResponse("Sie sind abgemeldet.")

    def _exchange(self, request: Request, form: Mapping[str, str]) -> Response:
        app = oauth.required_basic_app(request, form, self.apps)
        code = self.codes.get(form.get("code", ""))
        if code is None or code.app_id != app.client_id:
            raise OAuthError("invalid_grant", "code is unknown")
        if code.session is not None:
            self.tokens.end(code.session)
            raise OAuthError("invalid_grant", "code was already used, its session has been ended")
        if code.expires_at <= self.clock():
            raise OAuthError("invalid_grant", "code has expired")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri differs from the authorization request")
        if not _verifies(form.get("code_verifier", ""), code.challenge):
            raise OAuthError("invalid_grant", "code_verifier does not match code_challenge")
        code.session = self.tokens.open(app.client_id, code.scopes, self.clock())
        return self._token_answer(code.session, id_token=self._id_token(_base(request), code, code.session))

    def _refresh(self, request: Request, form: Mapping[str, str]) -> Response:
        named = self.apps.get(form.get("client_id", ""))
        if "authorization" not in request.headers and (named is None or not named.secret_on_refresh):
            app = oauth.public_app(request, form, self.apps)
        else:
            app = oauth.required_basic_app(request, form, self.apps)
            if not app.secret_on_refresh:
                raise OAuthError("invalid_client", "this app must not authenticate a refresh", 401)
        if not form.get("refresh_token"):
            raise OAuthError("invalid_request", "refresh_token is missing")
        owner = self.tokens.owner_of(form["refresh_token"])
        if owner is not None and not set(form.get("scope", "").split()) <= set(owner.scopes):
            raise OAuthError("invalid_scope", "scope exceeds what was granted")
        try:
            session = self.tokens.refresh(form["refresh_token"], app.client_id, self.clock())
        except InvalidGrantError as error:
            raise OAuthError("invalid_grant", str(error)) from error
        return self._token_answer(session)

    def _token_answer(self, session: Session, **more: str) -> Response:
        answer = {
            "access_token": session.access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "refresh_token": session.refresh_token,
            "refresh_token_expires_in": int(session.refresh_expires_at - self.clock()),
            "scope": " ".join(session.scopes),
            **more,
        }
        return json_answer(answer, headers=oauth.NO_STORE)

    def _id_token(self, base: str, code: Code, session: Session) -> str:
        now = int(self.clock())
        claims = {
            "iss": f"{base}/openid",
            "sub": _subject(session.app_id),
            "aud": session.app_id,
            "iat": now,
            "exp": now + ACCESS_SECONDS,
            "auth_time": now,
            "nonce": code.nonce,
            "at_hash": base64url(hashlib.sha256(session.access_token.encode()).digest()[:16]),
        }
        return self.key.sign(claims)


def _objection(app: App, given: Mapping[str, str]) -> str | None:
    if not app.may_redirect_to(given.get("redirect_uri", "")):
        return "redirect_uri is not registered for this client_id"
    if given.get("response_type") != "code":
        return "response_type must be code"
    for name in ("state", "nonce"):
        if len(given.get(name, "")) < SHORTEST_RANDOM:
            return f"{name} too short"
    if not given.get("code_challenge"):
        return "code_challenge missing"
    if given.get("code_challenge_method") != "S256":
        return "code_challenge_method must be S256"
    if re.fullmatch(r"[A-Za-z0-9_-]{43}", given["code_challenge"]) is None:
        return "code_challenge is not a SHA-256 hash in base64url without padding"
    return scopes.objection(given.get("scope", "").split())


def _verifies(verifier: str, challenge: str) -> bool:
    if re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) is None:
        return False
    return base64url(hashlib.sha256(verifier.encode()).digest()) == challenge


def _subject(app_id: str) -> str:
    return hashlib.sha256(f"{app_id} {EMAIL}".encode()).hexdigest()[:36]


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _error_page(text: str) -> Response:
    return PlainTextResponse(text, 400)
