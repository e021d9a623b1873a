"""DATEV as a sink: files documents, takes batches, and says what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Literal

from mlconnector.errors import NeedsHuman, NeedsLogin
from mlconnector.model.problems import Problem
from mlconnector.systems.checks import CheckStep
from mlconnector.systems.datev import checking, clients, documents, extf_files
from mlconnector.systems.datev.answers import NOTHING_SAID, SYSTEM
from mlconnector.systems.datev.connection import Connection, connect
from mlconnector.systems.datev.settings import DatevSettings
from mlconnector.systems.http import HttpFactory
from mlconnector.systems.oauth import TokenKeeper
from mlconnector.systems.sink import ClientFacts, JobStatus, OutgoingBatch, OutgoingDocument, Receipt


class DatevSink:
    """One connected client of DATEV; safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.settings.client

    def check(self) -> Iterator[CheckStep]:
        """Login, client, each data service, right, fiscal year, account length, document type."""
        return checking.check(self._connection)

    def client_facts(self) -> ClientFacts:
        """What a run needs to know, after a check of the permissions.

        Fiscal years, document types and file name extensions come from the Belegbilderservice and are
        None or empty where it is not used. Raises one of the four errors.
        """
        connection = self._connection
        found = clients.client(connection.clients, self._client)
        tokens = connection.tokens.current()
        for service in sorted(connection.settings.services):
            cause = checking.missing(service, found, tokens)
            name = checking.SERVICE_NAMES[service]
            if cause == "scope_not_granted":
                raise NeedsLogin(SYSTEM, f"the login was not granted the scopes of the {name}")
            if cause:
                facts = {"client": self._client, "service": name, "who": "adviser"}
                raise NeedsHuman(
                    Problem("datev_service_missing", {**NOTHING_SAID, **facts}, ("client", "service"))
                )
        if "documents" not in connection.settings.services:
            return ClientFacts(self._client, found.name, None, (), ())
        return ClientFacts(
            client=self._client,
            name=found.name,
            fiscal_years=clients.basics(connection.documents, self._client).fiscal_years,
            document_types=clients.document_types(connection.documents, self._client),
            allowed_extensions=clients.allowed_extensions(connection.documents, self._client),
        )

    def file_document(self, document: OutgoingDocument) -> Literal["filed", "already_filed"]:
        """File one document under our GUID. Raises one of the four errors."""
        return documents.file_document(self._connection.documents, self._client, document)

    def submit(self, batch: OutgoingBatch) -> Receipt:
        """Send a batch once. Raises one of the four errors.

        After `outcome_unknown`, NeedsHuman or Broken it may be there: `find` it before sending it again.
        """
        return extf_files.submit(self._connection.extf_files, self._client, batch)

    def find(self, reference_id: str) -> Receipt | None:
        """The newest job that carries our reference. Raises one of the four errors."""
        return extf_files.find(self._connection.extf_files, self._client, reference_id)

    def status(self, job_id: str) -> JobStatus:
        """How far the job is. Raises one of the four errors."""
        return extf_files.status(self._connection.extf_files, self._client, job_id)

    def close(self) -> None:
        """Let go of connections."""
        self._connection.close()


def open_datev(
    settings: DatevSettings,
    secrets: Mapping[str, str],
    tokens: TokenKeeper,
    http: HttpFactory,
    account_length: int,
    today: Callable[[], date] = date.today,
) -> DatevSink:
    """The sink for the client in `settings`; nothing is sent before it is asked for something.

    `secrets` are the unsealed credentials by name. `account_length` is the length of general ledger
    accounts that bookings are made for; the ping compares it with the client's.
    """
    return DatevSink(connect(settings, secrets, tokens, http, account_length, today))
