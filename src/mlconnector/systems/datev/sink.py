"""DATEV as a sink: files documents, takes batches, and says what became of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Literal

from mlconnector.errors import NeedsHuman, NeedsLogin
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.systems.datev import clients, documents, dxso_jobs, extf_files, ping
from mlconnector.systems.datev.answers import NOTHING_SAID
from mlconnector.systems.datev.connection import Connection, connect
from mlconnector.systems.datev.settings import SYSTEM
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.sink import SinkContext
from mlconnector.systems.transfers import (
    ClientFacts,
    DocumentType,
    JobStatus,
    OutgoingBatch,
    OutgoingDocument,
    Receipt,
    Remark,
    Transfer,
)

_RESULTS: Mapping[dxso_jobs.State, Literal["open", "pending", "succeeded", "partial", "failed"]] = {
    "open": "open",
    "processing": "pending",
    "succeeded": "succeeded",
    "partial": "partial",
    "failed": "failed",
    "cancelled": "failed",
    # What had been taken over stays, although somebody tried to withdraw it.
    "cancel_refused": "succeeded",
}


class DatevSink:
    """One connected client of DATEV; safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.settings.client
        self._reading_types = threading.Lock()
        self._types: tuple[DocumentType, ...] | None = None

    def check(self) -> Iterator[CheckStep]:
        """Login, client, each data service, right, fiscal year, account length, document type."""
        return ping.check(self._connection)

    def client_facts(self) -> ClientFacts:
        """What a run needs to know, after a check of the permissions.

        Fiscal years come from the Belegbilderservice or the Rechnungsdatenservice, document types and file
        name extensions from the former; they are None or empty where it is not used. Raises one of the four
        errors.
        """
        connection = self._connection
        found = clients.client(connection.clients, self._client)
        tokens = connection.tokens.current()
        for service in sorted(connection.settings.services):
            cause = ping.missing(service, found, tokens)
            name = ping.SERVICE_NAMES[service]
            if cause == "scope_not_granted":
                raise NeedsLogin(SYSTEM, f"the login was not granted the scopes of the {name}")
            if cause:
                facts = {"client": self._client, "service": name, "who": "adviser"}
                raise NeedsHuman(
                    Problem("datev_service_missing", {**NOTHING_SAID, **facts}, ("client", "service"))
                )
        services = connection.settings.services
        if "documents" not in services:
            told_by = connection.dxso_jobs if "dxso" in services else None
            years = None if told_by is None else clients.basics(told_by, self._client).fiscal_years
            allowed = dxso_jobs.IMAGES if "dxso" in services else ()
            ordered = _services(found)
            return ClientFacts(self._client, found.name, years, (), allowed, dxso_jobs.IMAGES, ordered)
        self._types = clients.document_types(connection.documents, self._client)
        return ClientFacts(
            client=self._client,
            name=found.name,
            fiscal_years=clients.basics(connection.documents, self._client).fiscal_years,
            document_types=self._types,
            allowed_extensions=clients.allowed_extensions(connection.documents, self._client),
            suggestion_extensions=dxso_jobs.IMAGES,
            services=_services(found),
        )

    def file_document(self, document: OutgoingDocument) -> Literal["filed", "already_filed"]:
        """File one document under our GUID. Raises one of the four errors."""
        category, folder, register = self._connection.settings.place(document.ledger)
        filed = documents.FiledDocument(
            guid=document.guid,
            file_name=document.file_name,
            media_type=document.media_type,
            content=document.content,
            document_type=self._document_type(document.ledger),
            note="",
            category=category,
            folder=folder,
            register=register or document.period.replace("-", "/"),
            attempted=document.attempted,
        )
        return documents.file_document(self._connection.documents, self._client, filed)

    def _document_type(self, ledger: Ledger) -> str:
        """The document type that is named; for purchases none rather than one for outgoing invoices."""
        settings = self._connection.settings
        wanted = settings.document_type if ledger == "receivable" else settings.incoming_type
        if not wanted or ledger == "receivable":
            return wanted
        with self._reading_types:
            if self._types is None:
                self._types = clients.document_types(self._connection.documents, self._client)
        return "" if clients.is_outgoing(wanted, self._types) else wanted

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

    def open_transfer(self, ledger: Ledger, month: str) -> Transfer:
        """Open a transfer of booking suggestions. Raises one of the four errors.

        A client with several invoice folders for the ledger has to have one named in its settings.
        """
        job = dxso_jobs.create(self._connection.dxso_jobs, self._client, ledger, month)
        wanted = self._connection.settings.invoice_folders.get(ledger, "")
        if wanted in job.folder_names:
            return Transfer(job.id, job.account_length, wanted)
        if len(job.folder_names) > 1 or wanted:
            folders = {"ledger": ledger, "wanted": wanted, "folders": ", ".join(job.folder_names)}
            facts = {**NOTHING_SAID, "client": self._client, "who": "you", **folders}
            dxso_jobs.delete(self._connection.dxso_jobs, self._client, job.id)
            raise NeedsHuman(Problem("dxso_folder_unknown", facts, ("client", "ledger")))
        return Transfer(job.id, job.account_length, job.folder_names[0])

    def attach(self, job_id: str, file_name: str, media_type: str, content: bytes) -> None:
        """Add a file to an open transfer. Raises one of the four errors."""
        dxso_jobs.attach(self._connection.dxso_jobs, self._client, job_id, file_name, media_type, content)

    def finish(self, job_id: str) -> None:
        """Let a transfer be processed. Raises one of the four errors; after any of them ask for its state."""
        dxso_jobs.make_ready(self._connection.dxso_jobs, self._client, job_id)

    def drop_transfer(self, job_id: str) -> None:
        """Remove an open transfer. Raises one of the four errors."""
        dxso_jobs.delete(self._connection.dxso_jobs, self._client, job_id)

    def transfer_status(self, job_id: str) -> JobStatus:
        """How far a transfer is. Raises one of the four errors."""
        found = dxso_jobs.status(self._connection.dxso_jobs, self._client, job_id)
        remarks = tuple(Remark(one.kind, one.text, one.file_name, one.context) for one in found.protocol)
        said = [asdict(one) for one in found.protocol]
        answer = {**found.answer, "state": found.state, "protocol": said}
        return JobStatus(_RESULTS[found.state], found.problem, answer, remarks=remarks)

    def close(self) -> None:
        """Let go of connections."""
        self._connection.close()


def _services(found: clients.Client) -> tuple[str, ...]:
    return tuple(service.name for service in found.services if service.name)


def open_datev(context: SinkContext) -> DatevSink:
    """The sink for the client in the settings; nothing is sent before it is asked for something."""
    return DatevSink(
        connect(
            context.settings,
            context.secrets,
            context.tokens,
            context.http,
            context.account_length,
            context.ledgers,
            context.today,
        )
    )
