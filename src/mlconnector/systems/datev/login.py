"""Login mit DATEV: the OAuth model from OpenID discovery, and who issued a token."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from mlconnector.errors import Broken
from mlconnector.systems.datev.answers import object_in
from mlconnector.systems.datev.scopes import LIFETIME, LONG_TERM_LIFETIME, scopes
from mlconnector.systems.datev.settings import SYSTEM, DatevSettings
from mlconnector.systems.kit.discovery import discovered
from mlconnector.systems.kit.http import default_explanation
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.issuer import explain_token_answer
from mlconnector.systems.kit.oauth import OAuthModel, Tokens

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint")


def oauth_model(settings: DatevSettings, http: HttpFactory) -> OAuthModel:
    """How to log in, with the addresses that DATEV's discovery document names today.

    The issuer is the one that the environment has; the other addresses may be on other hosts. Raises
    RetryLater when discovery is out of reach, and Broken when the document cannot be trusted.
    """
    client = http(SYSTEM, settings.discovery_url, explain=partial(default_explanation, SYSTEM))
    with closing(client):
        found = discovered(client, settings.issuer, _ENDPOINTS, ["jwks_uri"])
    return OAuthModel(
        system=SYSTEM,
        client_id=settings.client_id,
        authorize_url=found["authorization_endpoint"],
        token_url=found["token_endpoint"],
        revoke_url=found["revocation_endpoint"],
        userinfo_url=found["userinfo_endpoint"],
        scopes=scopes(settings),
        issuer=settings.issuer,
        jwks_url=found.get("jwks_uri"),
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
