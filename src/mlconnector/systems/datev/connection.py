"""A connected client of DATEV: its settings, its tokens, and HTTP to its services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from mlconnector.model.entries import Ledger
from mlconnector.systems.datev.answers import explain
from mlconnector.systems.datev.settings import SYSTEM, DatevSettings
from mlconnector.systems.kit.bearer import BearerAuth
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.oauth import TokenKeeper

_UPLOAD_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Connection:
    """What the sink works with; `account_length` and `ledgers` are those of the bookings."""

    settings: DatevSettings
    tokens: TokenKeeper
    clients: Http
    documents: Http
    dxso_jobs: Http
    extf_files: Http
    account_length: int
    ledgers: frozenset[Ledger]
    has_secret: bool
    today: Callable[[], date]

    def close(self) -> None:
        """Let go of all connections."""
        for http in (self.clients, self.documents, self.dxso_jobs, self.extf_files):
            http.close()


def connect(
    settings: DatevSettings,
    secrets: Mapping[str, str],
    tokens: TokenKeeper,
    http: HttpFactory,
    account_length: int,
    ledgers: frozenset[Ledger],
    today: Callable[[], date],
) -> Connection:
    """Make ready for calls; nothing is sent yet."""
    headers = {"X-DATEV-Client-Id": settings.client_id, "Accept": "application/json;charset=utf-8"}

    def service(address: str, timeout: float = 30.0) -> Http:
        return http(
            SYSTEM, address, explain=explain, auth=BearerAuth(tokens), headers=headers, timeout=timeout
        )

    return Connection(
        settings=settings,
        tokens=tokens,
        clients=service(settings.clients_url),
        documents=service(settings.documents_url, _UPLOAD_TIMEOUT),
        dxso_jobs=service(settings.dxso_jobs_url, _UPLOAD_TIMEOUT),
        extf_files=service(settings.extf_files_url, _UPLOAD_TIMEOUT),
        account_length=account_length,
        ledgers=ledgers,
        has_secret=bool(secrets.get("client_secret")),
        today=today,
    )
