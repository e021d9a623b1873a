"""DATEV online as the sink of all transfers: Login mit DATEV, documents, EXTF files, booking suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlconnector.systems.datev.answers import SYSTEM, TITLE
from mlconnector.systems.datev.connection import SECRET_HEADERS
from mlconnector.systems.datev.job_waits import next_wait
from mlconnector.systems.datev.login import CONNECTED_APPS, bound_client, issued_by, oauth_model, short_lived
from mlconnector.systems.datev.redirects import redirect_objection
from mlconnector.systems.datev.settings import SECRETS, TEMPLATE, DatevSettings, Service
from mlconnector.systems.sink import Courtesy, LoginRules, Sink, SinkContext, SinkSystem, Takes

_TAKES: Mapping[Service, Takes] = {"documents": "documents", "dxso": "suggestions", "extf": "booking_files"}


def describe_sink() -> SinkSystem:
    """DATEV as the product knows it before any client is connected."""
    return SinkSystem(
        name=SYSTEM,
        title=TITLE,
        settings_model=DatevSettings,
        secrets=_secrets,
        oauth=oauth_model,
        open=_open,
        template=TEMPLATE,
        client=_client,
        takes=_takes,
        services=_services,
        login=LoginRules(CONNECTED_APPS, _objection, bound_client, short_lived, issued_by),
        courtesy=Courtesy(next_wait),
        secret_headers=SECRET_HEADERS,
    )


def _open(context: SinkContext) -> Sink:
    # Only who transfers something needs more than the settings.
    from mlconnector.systems.datev.sink import open_datev  # noqa: PLC0415

    return open_datev(context)


def _secrets(_settings: DatevSettings) -> Sequence[str]:
    return SECRETS


def _client(settings: DatevSettings) -> str:
    return settings.client


def _takes(settings: DatevSettings) -> frozenset[Takes]:
    return frozenset(_TAKES[service] for service in settings.services)


def _services(settings: DatevSettings) -> Sequence[str]:
    from mlconnector.systems.datev.ping import service_names  # noqa: PLC0415 - as in `_open`

    return service_names(settings.services)


def _objection(settings: DatevSettings, address: str) -> Mapping[str, str] | None:
    objection = redirect_objection(settings, address)
    if objection is None:
        return None
    return {"address": address, "objection": objection, "environment": settings.environment}
