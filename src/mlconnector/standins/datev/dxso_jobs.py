"""accounting:dxso-jobs: a job is created, gets its files, is made ready, and is processed afterwards."""

from __future__ import annotations

import json
import re
import uuid
from base64 import b64decode, b64encode
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from mlconnector.standins.base import Clock
from mlconnector.standins.datev import clients_api
from mlconnector.standins.datev.answers import JSON_UTF8, bare, fault, json_answer
from mlconnector.standins.datev.clients import INVOICES_SERVICE, Client
from mlconnector.standins.datev.documents import GUID, Document, Documents
from mlconnector.standins.datev.dxso_package import Entry, Expected, Outcome, process
from mlconnector.standins.datev.gateway import Call, Gateway
from mlconnector.standins.datev.received import Received
from mlconnector.standins.datev.uploads import (
    ANY_BELEGE_ONLINE,
    LARGEST,
    MultipartError,
    Part,
    content_fits,
    extension_of,
    parts_of,
    stored_name,
)

SCOPE = "accounting:dxso-jobs"
OPEN, RUNNING = 0, 1
CASH = "cashLedgerImport"
FOLDER_NAMES = {
    "accountsPayableLedgerImport": "Eingangsrechnungen",
    "accountsReceivableLedgerImport": "Ausgangsrechnungen",
    CASH: "Kasse",
}
FINAL_STATES = range(2, 7)


@dataclass(slots=True)
class DxsoJob:
    """A data transfer; `files` holds bytes by name until it is processed, at `ready_at`.

    `planned` is the state in which it was told to end, None where its files decide.
    """

    id: str
    client_id: str
    import_type: str
    accounting_month: str
    status: int = OPEN
    ready_at: float = 0.0
    files: dict[str, bytes] = field(default_factory=dict)
    protocol: list[dict[str, str]] = field(default_factory=list)
    planned: int | None = None


class DxsoJobs:
    """The jobs of all clients, and the operations on them."""

    def __init__(
        self, gateway: Gateway, documents: Documents, received: Received, clock: Clock, delay: float
    ) -> None:
        self.gateway = gateway
        self.documents = documents
        self.received = received
        self.clock = clock
        self.delay = delay
        self.planned_states: defaultdict[str, deque[int]] = defaultdict(deque)
        self._jobs: dict[str, DxsoJob] = {}

    def routes(self) -> list[Route]:
        """The operations of accounting:dxso-jobs."""
        of_client = self.gateway.of_client
        return [
            *clients_api.basics_routes(self.gateway, JSON_UTF8),
            of_client("POST", "/dxso-jobs", SCOPE, self._create),
            of_client("POST", "/dxso-jobs/{job_id}/files", SCOPE, self._attach),
            of_client("PUT", "/dxso-jobs/{job_id}", SCOPE, self._make_ready),
            of_client("GET", "/dxso-jobs/{job_id}", SCOPE, self._status),
            of_client("GET", "/dxso-jobs/{job_id}/protocol-entries", SCOPE, self._protocol),
            of_client("DELETE", "/dxso-jobs/{job_id}", SCOPE, self._delete),
        ]

    @property
    def jobs(self) -> list[DxsoJob]:
        """All jobs in the order they were created, with states that are due."""
        self._process_due()
        return list(self._jobs.values())

    def dump(self) -> list[dict[str, Any]]:
        """All jobs with the files that are not processed yet."""
        return [
            {
                **asdict(job),
                "files": {name: b64encode(content).decode() for name, content in job.files.items()},
            }
            for job in self._jobs.values()
        ]

    def load(self, dumped: Sequence[Mapping[str, Any]]) -> None:
        """Bring dumped jobs back."""
        for row in dumped:
            job = DxsoJob(**row)
            job.files = {name: b64decode(content) for name, content in row["files"].items()}
            self._jobs[job.id] = job

    def _create(self, call: Call, client: Client) -> Response:
        self._require_service(client)
        _require_content_type(call, "application/json")
        wanted = _json_object(call.body or b"{}")
        import_type, month = wanted.get("import_type"), wanted.get("accounting_month")
        if (import_type is None) != (month is None):
            raise fault("DCO01017")
        job = DxsoJob(str(uuid.uuid4()).upper(), client.id, import_type or "", month or "")
        answer: dict[str, Any] = {"id": job.id}
        if import_type is not None:
            is_month = isinstance(month, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII)
            if import_type not in FOLDER_NAMES or not is_month:
                raise fault("DCO01008")
            _open_fiscal_year(client, int(job.accounting_month[:4]), import_type)
            names = "cash_ledger_names" if import_type == CASH else "ledger_folder_names"
            folders = client.folders(FOLDER_NAMES[import_type])
            answer |= {"account_length": client.account_length, names: folders}
        self._jobs[job.id] = job
        return json_answer(answer, 201, JSON_UTF8)

    def _attach(self, call: Call, client: Client) -> Response:
        self._require_service(client)
        job_id = call.request.path_params["job_id"]
        job = self._find(job_id, client) if GUID.fullmatch(job_id) else None
        if job is None:
            raise fault("DCO01003")
        if job.status != OPEN:
            raise fault("DCO01007")
        part = _single_file(call)
        name = stored_name(part.filename or "")
        if name in job.files:
            self._note(job, Entry("warning", "wurde erneut empfangen und ersetzt!", name))
        else:
            self._note(job, Entry("information", "wurde empfangen!", name))
        job.files[name] = part.content
        self.received.dxso(client.id, job.id, name, part.content)
        return json_answer({}, 201)

    def _make_ready(self, call: Call, client: Client) -> Response:
        job = self._existing(call, client)
        self._require_service(client)
        _require_content_type(call, "application/merge-patch+json")
        if _json_object(call.body) != {"ready": "true"}:
            raise fault("DCO01008")
        if job.status != OPEN:
            raise fault("DCO01007")
        if job.import_type == CASH and any(
            other.import_type == CASH and other.client_id == client.id and other.status == RUNNING
            for other in self.jobs
        ):
            raise fault("DCO01001")
        job.status, job.ready_at = RUNNING, self.clock() + self.delay
        if self.planned_states[client.id]:
            job.planned = self.planned_states[client.id].popleft()
        return Response(status_code=204)

    def _status(self, call: Call, client: Client) -> Response:
        job = self._existing(call, client)
        return json_answer({"id": job.id, "status": job.status}, media_type=JSON_UTF8)

    def _protocol(self, call: Call, client: Client) -> Response:
        return json_answer(self._existing(call, client).protocol, media_type=JSON_UTF8)

    def _delete(self, call: Call, client: Client) -> Response:
        job = self._existing(call, client)
        if job.status != OPEN:
            raise fault("DCO01007")
        del self._jobs[job.id]
        self.received.forget_dxso(client.id, job.id)
        return Response(status_code=204)

    def _require_service(self, client: Client) -> None:
        if client.belege_online_next:
            raise fault("DCO01301")
        self.gateway.require_service(client, INVOICES_SERVICE)

    def _find(self, job_id: str, client: Client) -> DxsoJob | None:
        self._process_due()
        job = self._jobs.get(job_id.upper())
        return job if job is not None and job.client_id == client.id else None

    def _existing(self, call: Call, client: Client) -> DxsoJob:
        job = self._find(call.request.path_params["job_id"], client)
        if job is None:
            raise bare(404)
        return job

    def _process_due(self) -> None:
        """Process the jobs whose time has come, in the order they were made ready."""
        now = self.clock()
        due = [job for job in self._jobs.values() if job.status == RUNNING and job.ready_at <= now]
        for job in sorted(due, key=lambda each: each.ready_at):
            self._process(job)

    def _process(self, job: DxsoJob) -> None:
        client = self.gateway.directory.clients[job.client_id]
        folders = client.folders(FOLDER_NAMES[job.import_type]) if job.import_type else []
        taken = {guid for client_id, guid in self.documents.by_guid if client_id == client.id}
        expected = Expected(client, job.import_type, job.accounting_month, folders, taken.__contains__)
        if job.planned is None:
            outcome = process(job.files, expected)
        else:
            outcome = Outcome(job.planned, [Entry("error", "Die Verarbeitung wurde abgebrochen.")])
        for entry in outcome.entries:
            self._note(job, entry)
        for guid, names in outcome.documents:
            if guid:
                self.documents.add(self._document(job, guid, names))
        job.status = outcome.status
        job.files.clear()

    def _document(self, job: DxsoJob, guid: str, names: tuple[str, ...]) -> Document:
        return Document(
            client_id=job.client_id,
            guid=guid,
            file_names=names,
            document_type="",
            category="",
            folder="",
            register="",
            note=f"dxso-job {job.id}",
            size=sum(len(job.files[name]) for name in names),
            sha256="",
            received_at=self._now(),
        )

    def _note(self, job: DxsoJob, entry: Entry) -> None:
        line = {"text": entry.text, "type": entry.type, "filename": entry.filename, "time": self._now()}
        job.protocol.append({**line, "context": entry.context} if entry.context else line)

    def _now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds")


def _open_fiscal_year(client: Client, year: int, import_type: str) -> None:
    """DCO01002 without a fiscal year; the one after the last is made for invoices, not for cash."""
    if year in client.fiscal_years:
        return
    if import_type == CASH or year - 1 not in client.fiscal_years:
        raise fault("DCO01002")
    client.fiscal_years.append(year)


def _require_content_type(call: Call, wanted: str) -> None:
    given = call.request.headers.get("content-type")
    if given is None:
        raise fault("DCO01018")
    if given.partition(";")[0].strip().lower() != wanted:
        raise bare(415)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode())
    except ValueError as error:
        raise fault("DCO01008") from error
    if not isinstance(value, dict):
        raise fault("DCO01008")
    return value


def _single_file(call: Call) -> Part:
    try:
        parts = parts_of(call.request.headers.get("content-type", ""), call.body)
    except MultipartError as error:
        raise fault("DCO01004") from error
    if len(parts) != 1 or parts[0].name != "files" or not parts[0].filename:
        raise fault("DCO01004")
    extension = extension_of(parts[0].filename)
    if extension not in ANY_BELEGE_ONLINE:
        raise fault("DCO01015")
    if len(parts[0].content) > LARGEST:
        raise fault("DCO01016")
    if not content_fits(extension, parts[0].content):
        raise fault("DCO01219")
    return parts[0]
