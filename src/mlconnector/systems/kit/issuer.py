"""The issuer of tokens: authorization code with or without PKCE, refresh, revoke; as a model says."""

from __future__ import annotations

import base64
import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import httpx

from mlconnector.errors import Broken, ConnectorError, NeedsLogin, RetryLater
from mlconnector.systems.kit.http import Http, default_explanation, retry_after
from mlconnector.systems.kit.json_answers import object_in, object_or_nothing
from mlconnector.systems.kit.oauth import OAuthModel, PendingLogin, Tokens, app_refused
from mlconnector.systems.kit.redaction import without_echo

_ACCESS_TOKEN_LIFETIME = 900.0
# How an issuer may say that it does not know a token; RFC 7009 wants it to say nothing.
_WORTHLESS = ("invalid_grant", "invalid_token")
# What is said of the app and not of a login.
_OF_THE_APP = frozenset({"invalid_client", "unauthorized_client"})


def begin_login(model: OAuthModel, redirect_uri: str) -> tuple[PendingLogin, str]:
    """A new login: what to keep, and the address for the user's browser. Nothing in it is ever reused."""
    pending = PendingLogin(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        redirect_uri=redirect_uri,
        scopes=model.scopes,
    )
    query = {
        "response_type": "code",
        "client_id": model.client_id,
        "redirect_uri": redirect_uri,
        "state": pending.state,
        **model.authorize_extra,
    }
    if model.scopes:
        query["scope"] = " ".join(model.scopes)
    if model.pkce:
        digest = hashlib.sha256(pending.verifier.encode()).digest()
        query["code_challenge"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query["code_challenge_method"] = "S256"
    if model.issuer:
        query["nonce"] = pending.nonce
    return pending, str(httpx.URL(model.authorize_url).copy_merge_params(query))


def finish_login(
    model: OAuthModel, http: Http, secret: str, pending: PendingLogin, code: str, now: datetime
) -> Tokens:
    """Exchange the code for tokens. Raises NeedsLogin when the code, or the id token, is not accepted.

    Raises AppRefused when the app itself is not.

    The keys of the issuer are read before, so that a code is not used up in vain where they are out of reach.
    Tokens that come with an id token which is not accepted are revoked at once.
    """
    return _exchanged(model, http, secret, pending, code, now)[0]


def identify(
    model: OAuthModel, http: Http, secret: str, pending: PendingLogin, code: str, now: datetime
) -> dict[str, Any]:
    """Who has logged in: the claims of the id token that the code is exchanged for; raises as `finish_login`.

    The tokens that come with it are not needed, and revoked where the issuer offers that.
    """
    tokens, claims = _exchanged(model, http, secret, pending, code, now)
    with suppress(ConnectorError):
        # They end by themselves soon, and nobody keeps them.
        revoke(model, http, secret, tokens)
    return claims


def _exchanged(
    model: OAuthModel, http: Http, secret: str, pending: PendingLogin, code: str, now: datetime
) -> tuple[Tokens, dict[str, Any]]:
    """The tokens of a code, and the claims of the id token; none where the model has no issuer."""
    keys, claims = None, {}
    if model.issuer and model.jwks_url:
        keys = object_in(http.request("GET", model.jwks_url).content, model.system, model.jwks_url)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": pending.redirect_uri}
    if model.pkce:
        form["code_verifier"] = pending.verifier
    answer = http.request("POST", model.token_url, data=form, auth=(model.client_id, secret), repeat=False)
    content = _json(model, answer)
    tokens = _tokens(model, content, now, previous=None)
    if model.issuer:
        try:
            token, nonce = content.get("id_token"), pending.nonce
            # Only a login that is being finished needs the library for signatures.
            from mlconnector.systems.kit.id_token import check_id_token  # noqa: PLC0415

            claims = check_id_token(model.system, token, model.issuer, model.client_id, nonce, now, keys)
        except (NeedsLogin, Broken) as refused:
            _revoke_unwanted(model, http, secret, tokens, refused.said)
            raise
    return tokens, claims


def refresh(model: OAuthModel, http: Http, secret: str, tokens: Tokens, now: datetime) -> Tokens:
    """New tokens for the refresh token; it is sent once, because it may be good for one use only.

    Raises NeedsLogin when it is no longer accepted, AppRefused when the app is not, and RetryLater otherwise:
    with `outcome_unknown` it may have been used up, so that the caller tries it just once more and a refusal
    then is final.
    """
    form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    arguments: dict[str, Any] = {"data": form, "repeat": False}
    if model.refresh_authentication == "basic":
        arguments["auth"] = (model.client_id, secret)
    else:
        form["client_id"] = model.client_id
    answer = http.request("POST", model.token_url, **arguments)
    return _tokens(model, _json(model, answer), now, previous=tokens)


def is_known(model: OAuthModel, http: Http, secret: str, redirect_uri: str) -> bool:
    """Whether the issuer says that it knows the app by this secret; False where its answer leaves that open.

    It is asked for the tokens of a code that it never gave: who authenticates apps first (RFC 6749, section
    4.1.3) finds the code wrong only then. Raises AppRefused when it does not know the app, and one of the
    four errors when it does not answer.
    """
    form = {
        "grant_type": "authorization_code",
        "code": secrets.token_urlsafe(32),
        "redirect_uri": redirect_uri,
    }
    if model.pkce:
        form["code_verifier"] = secrets.token_urlsafe(48)
    try:
        http.request("POST", model.token_url, data=form, auth=(model.client_id, secret), repeat=False)
    except NeedsLogin as refused:
        return refused.reason.startswith("invalid_grant")
    return False


def revoke(model: OAuthModel, http: Http, secret: str, tokens: Tokens) -> None:
    """Make both tokens worthless at the issuer, the refresh token first, where it offers that.

    Each is tried whatever became of the other. Raises one of the four errors unless both are worthless; what
    the issuer does not know any more is.
    """
    if not model.revoke_url:
        return
    failure: ConnectorError | None = None
    for hint, token in (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token)):
        if not token:
            continue
        form = {"token": token, "token_type_hint": hint}
        try:
            http.request("POST", model.revoke_url, data=form, auth=(model.client_id, secret))
        except ConnectorError as error:
            gone = isinstance(error, NeedsLogin) and error.reason.startswith(_WORTHLESS)
            failure = failure if gone else failure or error
    if failure is not None:
        raise failure


def _revoke_unwanted(model: OAuthModel, http: Http, secret: str, tokens: Tokens, why: str) -> None:
    try:
        revoke(model, http, secret, tokens)
    except ConnectorError as error:
        reason = f"{why}; and what it brought could not be revoked: {error.said}"
        raise NeedsLogin(model.system, reason) from error


def explain_token_answer(system: str, answer: httpx.Response) -> ConnectorError:
    """What an answer of a token endpoint means, by its error code, else by HTTP.

    A refused app is a matter for whoever looks after it, any other refusal needs a login.
    """
    if answer.status_code in {400, 401, 403}:
        error, reason = _error_of(answer)
        return app_refused(system, error, reason) if error in _OF_THE_APP else NeedsLogin(system, reason)
    if answer.status_code == 429 or answer.status_code >= 500:
        return RetryLater(
            f"{system}: token endpoint answered {answer.status_code}",
            retry_after(answer),
            outcome_unknown=answer.status_code not in {429, 503},
        )
    return default_explanation(system, answer)


def _error_of(answer: httpx.Response) -> tuple[str, str]:
    """The error code of an answer, empty where it has none, and its reason in the issuer's own words."""
    content = object_or_nothing(answer.content)
    code = str(content.get("error") or "")
    words = str(content.get("error_description") or content.get("message") or "")
    # Some issuers name the code in words alone: "Invalid client: client is invalid".
    named = words.partition(":")[0].strip().lower().replace(" ", "_")
    parts = [part for part in (code, words) if part]
    reason = without_echo(": ".join(parts), answer.request) or f"HTTP {answer.status_code}"
    return code or (named if named in _OF_THE_APP else ""), reason


def _json(model: OAuthModel, answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError as error:
        raise Broken(f"{model.system}: the token endpoint did not answer with JSON") from error
    if not isinstance(content, dict) or not content.get("access_token"):
        raise Broken(f"{model.system}: the token endpoint answered without an access token")
    return content


def _tokens(model: OAuthModel, content: dict[str, Any], now: datetime, previous: Tokens | None) -> Tokens:
    known = {"access_token", "refresh_token", "expires_in", "refresh_token_expires_in", "scope", "id_token"}
    granted = tuple(str(content.get("scope") or "").split()) or (
        previous.scopes if previous else model.scopes
    )
    lifetime = _seconds(model, content, "refresh_token_expires_in")
    if lifetime is not None:
        refresh_end = now + timedelta(seconds=lifetime)
    elif previous is not None and not model.rolling:
        refresh_end = previous.refresh_expires_at
    else:
        refresh_end = now + timedelta(seconds=model.lifetime)
    extra = dict(previous.extra) if previous else {}
    extra.update({name: value for name, value in content.items() if name not in known})
    return Tokens(
        access_token=str(content["access_token"]),
        refresh_token=str(content.get("refresh_token") or (previous.refresh_token if previous else "")),
        expires_at=now + timedelta(seconds=_seconds(model, content, "expires_in") or _ACCESS_TOKEN_LIFETIME),
        refresh_expires_at=refresh_end,
        scopes=granted,
        extra=extra,
        client_id=model.client_id,
        revoke_url=model.revoke_url,
    )


def _seconds(model: OAuthModel, content: dict[str, Any], name: str) -> float | None:
    value = content.get(name)
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise Broken(f"{model.system}: the token endpoint says {name} is {value!r}") from error
