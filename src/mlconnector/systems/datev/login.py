"""Login mit DATEV: the OAuth model from OpenID discovery, the scopes, and who issued a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from mlconnector.errors import Broken
from mlconnector.systems.datev.answers import SYSTEM, object_in
from mlconnector.systems.datev.settings import DatevSettings, Service, is_safe
from mlconnector.systems.kit.http import HttpFactory, default_explanation
from mlconnector.systems.kit.oauth import OAuthModel, Tokens, explain_token_answer

LIFETIME = 11 * 3600.0
"""Seconds from the login until a normal refresh token ends, however often it is refreshed."""

LONG_TERM_LIFETIME = 2 * 365 * 86400.0
"""Seconds from its last use until a long-term refresh token ends."""

CONNECTED_APPS = "https://apps.datev.de/tokrevui"
"""Where people see, and end, what they allowed applications to do ("Verbundene Anwendungen")."""

CLIENTS_SCOPE = "datev:accounting:clients"
LONG_TERM_SCOPE = "offline_access"
CLIENT_SCOPE = "datev:iam:client:"
SERVICE_SCOPES: dict[Service, tuple[str, ...]] = {
    "documents": ("accounting:documents", "accounting:clients:read"),
    "dxso": ("accounting:dxso-jobs", "accounting:clients:read"),
    "extf": ("datev:accounting:extf-files-import",),
}
"""What each data service needs, as the API specifications name it; the first is the service's own scope."""

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint")


def scopes(settings: DatevSettings) -> tuple[str, ...]:
    """The scopes to ask for: no more than the data services in use need, and those the settings add."""
    asked = ["openid", "profile", CLIENTS_SCOPE]
    for service in sorted(settings.services):
        asked += SERVICE_SCOPES[service]
    if settings.long_term_token:
        asked += [LONG_TERM_SCOPE, f"{CLIENT_SCOPE}{settings.client}"]
    return tuple(dict.fromkeys([*asked, *settings.extra_scopes]))


def short_lived(model: OAuthModel) -> OAuthModel:
    """The same login without a long-term token, to see first whether the client can be used."""
    asked = tuple(
        scope for scope in model.scopes if scope != LONG_TERM_SCOPE and not scope.startswith(CLIENT_SCOPE)
    )
    return replace(model, scopes=asked, lifetime=LIFETIME, rolling=False)


def bound_client(scopes: Sequence[str]) -> str:
    """The only client that a long-term token with these scopes is good for; empty for a normal one."""
    clients = [scope.removeprefix(CLIENT_SCOPE) for scope in scopes if scope.startswith(CLIENT_SCOPE)]
    return clients[0] if clients and LONG_TERM_SCOPE in scopes else ""


def oauth_model(settings: DatevSettings, http: HttpFactory) -> OAuthModel:
    """How to log in, with the addresses that DATEV's discovery document names today.

    The issuer is the one that the environment has; the other addresses may be on other hosts. Raises
    RetryLater when discovery is out of reach, and Broken when the document cannot be trusted.
    """
    client = http(SYSTEM, settings.discovery_url, explain=partial(default_explanation, SYSTEM))
    try:
        found = object_in(client.request("GET", settings.discovery_url))
    finally:
        client.close()
    if found.get("issuer") != settings.issuer:
        raise Broken(
            f"{settings.discovery_url} names another issuer than {settings.issuer}: {found.get('issuer')}"
        )
    for name in _ENDPOINTS:
        if not is_safe(str(found.get(name, ""))):
            raise Broken(f"{settings.discovery_url} names no safe {name}: {found.get(name)}")
    jwks_url = found.get("jwks_uri")
    if jwks_url is not None and not is_safe(str(jwks_url)):
        raise Broken(f"{settings.discovery_url} names no safe jwks_uri: {jwks_url}")
    return OAuthModel(
        system=SYSTEM,
        client_id=settings.client_id,
        authorize_url=found["authorization_endpoint"],
        token_url=found["token_endpoint"],
        revoke_url=found["revocation_endpoint"],
        userinfo_url=found["userinfo_endpoint"],
        scopes=scopes(settings),
        issuer=settings.issuer,
        jwks_url=jwks_url,
        pkce=True,
        refresh_authentication="basic" if settings.confidential_refresh else "client_id",
        lifetime=LONG_TERM_LIFETIME if settings.long_term_token else LIFETIME,
        rolling=settings.long_term_token,
        authorize_extra={"enableWindowsSso": "true"} if settings.enable_windows_sso else {},
    )


def issued_by(model: OAuthModel, http: HttpFactory, tokens: Tokens) -> str:
    """The full name of the person whose login gave the tokens. Raises one of the four errors."""
    if model.userinfo_url is None:
        raise Broken("the OAuth model names no address for user data")
    headers = {
        "Authorization": f"Bearer {tokens.access_token}",
        "X-DATEV-Client-Id": model.client_id,
        "Accept": "application/json;charset=utf-8",
    }
    client = http(SYSTEM, model.userinfo_url, explain=partial(explain_token_answer, SYSTEM))
    try:
        found = object_in(client.request("GET", model.userinfo_url, headers=headers))
    finally:
        client.close()
    parts = " ".join(str(found[name]) for name in ("given_name", "family_name") if found.get(name))
    name = str(found.get("name") or parts)
    if not name:
        raise Broken("DATEV's user data carry no name although the scope profile was asked for")
    return name
