"""A DATEV sink that is connected to the stand-in over loopback HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from typing import Any

from mlconnector.model.entries import Ledger
from mlconnector.standins.datev import APP, CONFIDENTIAL_APP, SECRET, DatevStandIn
from mlconnector.systems.datev.documents import FiledDocument, file_document
from mlconnector.systems.datev.login import oauth_model
from mlconnector.systems.datev.scopes import scopes
from mlconnector.systems.datev.settings import DatevSettings
from mlconnector.systems.datev.sink import DatevSink, open_datev
from mlconnector.systems.kit import issuer
from mlconnector.systems.kit.http import Http
from mlconnector.systems.kit.http_factory import HttpFactory
from mlconnector.systems.kit.issuer import explain_token_answer
from mlconnector.systems.kit.oauth import OAuthModel, Tokens
from mlconnector.systems.sink import SinkContext
from mlconnector.systems.transfers import OutgoingBatch
from tests.systems.wire import Wiring

MUSTERHOLZ = "29098-55003"
TODAY = date(2026, 11, 21)
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
BACK = "http://localhost:8080/oauth/callback"


def token_http(model: OAuthModel, http: HttpFactory) -> Http:
    """A client of the token endpoint, to log in, refresh and revoke with; it is the caller's to close."""
    return http("datev", model.token_url, explain=partial(explain_token_answer, "datev"))


@dataclass
class Keeper:
    """A token keeper without a store."""

    model: OAuthModel
    wiring: Wiring
    tokens: Tokens
    renewals: int = 0

    def current(self) -> Tokens:
        return self.tokens

    def renewed(self, rejected: str) -> Tokens:
        if self.tokens.access_token == rejected:
            self.renewals += 1
            http = token_http(self.model, self.wiring)
            self.tokens = issuer.refresh(self.model, http, SECRET, self.tokens, datetime.now(UTC))
        return self.tokens


@dataclass
class Rig:
    """The stand-in at `url`, and what it takes to be its client."""

    standin: DatevStandIn
    url: str
    wiring: Wiring = field(default_factory=Wiring)
    given: Mapping[str, Any] = field(default_factory=dict)
    account_length: int = 4
    ledgers: frozenset[Ledger] = frozenset({"receivable"})
    secrets: Mapping[str, str] = field(default_factory=lambda: {"client_secret": SECRET})

    @cached_property
    def settings(self) -> DatevSettings:
        return DatevSettings.model_validate(
            {
                "client": MUSTERHOLZ,
                "client_id": CONFIDENTIAL_APP if self.given.get("confidential_refresh") else APP,
                "discovery_url": f"{self.url}/openid/.well-known/openid-configuration",
                "clients_url": f"{self.url}/accounting-clients/platform/v2",
                "documents_url": f"{self.url}/accounting-documents/platform/v2",
                "dxso_jobs_url": f"{self.url}/accounting-dxso-jobs/platform/v2",
                "extf_files_url": f"{self.url}/accounting-extf-files/platform/v3",
                **self.given,
            }
        )

    @cached_property
    def model(self) -> OAuthModel:
        return oauth_model(self.settings, self.wiring)

    @cached_property
    def keeper(self) -> Keeper:
        """Tokens as if somebody had logged in with the scopes of the settings."""
        session = self.standin.log_in(scopes(self.settings), self.settings.client_id)
        tokens = Tokens(
            access_token=session.access_token,
            refresh_token=session.refresh_token,
            expires_at=datetime.fromtimestamp(session.access_expires_at, UTC),
            refresh_expires_at=datetime.fromtimestamp(session.refresh_expires_at, UTC),
            scopes=session.scopes,
        )
        return Keeper(self.model, self.wiring, tokens)

    @cached_property
    def sink(self) -> DatevSink:
        return open_datev(
            SinkContext(
                self.settings,
                self.secrets,
                self.keeper,
                self.wiring,
                self.account_length,
                self.ledgers,
                lambda: TODAY,
            )
        )

    def file(self, document: FiledDocument) -> str:
        """File one document, whatever the settings say of where it goes."""
        return file_document(self.sink._connection.documents, self.settings.client, document)

    def with_settings(self, **given: Any) -> Rig:
        """The same stand-in with other settings."""
        return replace(self, given={**self.given, **given})

    def booking(self, *ledgers: Ledger) -> Rig:
        """The same stand-in for a connection whose rules book these ledgers."""
        return replace(self, ledgers=frozenset(ledgers))

    def with_keeper(self, **given: Any) -> Rig:
        """The same stand-in and the same login with other settings."""
        other = self.with_settings(**given)
        other.keeper = self.keeper
        return other

    def statuses(self) -> list[int | None]:
        """The status of every exchange so far, in order."""
        return [exchange.status for exchange in self.wiring.log.exchanges]


def document(**changes: Any) -> FiledDocument:
    values: dict[str, Any] = {
        "guid": uuid.UUID("9e290b5c-cdf4-58c3-a935-b260ca54fcff"),
        "file_name": "Rechnung RE-1.pdf",
        "media_type": "application/pdf",
        "content": PDF,
        "document_type": "Rechnungsausgang",
        "note": "Müller GmbH",
        "category": "ml-connector",
        "folder": "Rechnungen",
        "register": "2026/11",
        "attempted": False,
        **changes,
    }
    return FiledDocument(**values)


def extf(client: str = MUSTERHOLZ, label: str = "Rechnungen 11/2026") -> bytes:
    """A small batch that the data center accepts."""
    consultant, number = client.split("-")
    header = [
        *('"EXTF"', "700", "21", '"Buchungsstapel"', "13", "20261121120000000", "", '"RE"', '""', '""'),
        *(consultant, number, "20260101", "4", "20261101", "20261130", f'"{label}"', '""', "1", "0"),
        *("0", '"EUR"', "", '""', "", "", '"03"', "", "", '""', '""'),
    ]
    lines = [";".join(header), "Umsatz;Soll/Haben", '119,00;"S"']
    return b"\xef\xbb\xbf" + "".join(f"{line}\r\n" for line in lines).encode()


def batch(reference_id: str = "5f3c6b0e-0000-5000-8000-000000000001", **changes: Any) -> OutgoingBatch:
    values: dict[str, Any] = {
        "reference_id": reference_id,
        "file_name": "EXTF_Buchungsstapel_1.csv",
        "content": extf(),
        **changes,
    }
    return OutgoingBatch(**values)
