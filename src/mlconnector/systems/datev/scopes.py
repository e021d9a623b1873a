"""What a login to DATEV asks for, and how long and for which client it is good then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlconnector.systems.datev.settings import DatevSettings, Service
from mlconnector.systems.kit.oauth import OAuthModel

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
