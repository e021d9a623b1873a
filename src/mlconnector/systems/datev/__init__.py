"""DATEV online as the sink of all transfers: Login mit DATEV, documents, EXTF files, booking suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlconnector.systems.datev.job_waits import next_wait
from mlconnector.systems.datev.redirects import redirect_objection
from mlconnector.systems.datev.scopes import CONNECTED_APPS, bound_client, short_lived
from mlconnector.systems.datev.settings import SECRETS, SYSTEM, TEMPLATE, TITLE, DatevSettings, Service
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import OAuthModel, Tokens
from mlconnector.systems.sink import Courtesy, LoginRules, Sink, SinkContext, SinkSystem, Takes

_TAKES: Mapping[Service, Takes] = {"documents": "documents", "dxso": "suggestions", "extf": "booking_files"}


def describe_sink() -> SinkSystem:
    """DATEV as the product knows it before any client is connected."""
    return SinkSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=DatevSettings,
        secrets=_secrets,
        oauth=_oauth_model,
        open=_open,
        template=TEMPLATE,
        client=_client,
        takes=_takes,
        services=_services,
        login=LoginRules(CONNECTED_APPS, _objection, bound_client, short_lived, _issued_by),
        courtesy=Courtesy(next_wait),
        secret_headers=frozenset({"x-datev-client-secret"}),
    )


# Only who asks DATEV something needs more than the settings.


def _open(context: SinkContext) -> Sink:
    from mlconnector.systems.datev.sink import open_datev  # noqa: PLC0415

    return open_datev(context)


def _oauth_model(settings: DatevSettings, http: HttpFactory) -> OAuthModel:
    from mlconnector.systems.datev.login import oauth_model  # noqa: PLC0415

    return oauth_model(settings, http)


def _issued_by(model: OAuthModel, http: HttpFactory, tokens: Tokens) -> str:
    from mlconnector.systems.datev.login import issued_by  # noqa: PLC0415

    return issued_by(model, http, tokens)


def _secrets(_settings: DatevSettings) -> Sequence[str]:
    return SECRETS


def _client(settings: DatevSettings) -> str:
    return settings.client


def _takes(settings: DatevSettings) -> frozenset[Takes]:
    return frozenset(_TAKES[service] for service in settings.services)


def _services(settings: DatevSettings) -> Sequence[str]:
    from mlconnector.systems.datev.ping import service_names  # noqa: PLC0415

    return service_names(settings.services)


def _objection(settings: DatevSettings, address: str) -> Mapping[str, str] | None:
    objection = redirect_objection(settings, address)
    if objection is None:
        return None
    return {"address": address, "objection": objection, "environment": settings.environment}
