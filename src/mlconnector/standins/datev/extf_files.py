"""accounting:extf-files: files that are taken in at once and judged by a job later.

Nothing recognises a file that was sent before: the same file twice is two jobs.
"""

from __future__ import annotations

import hashlib
import math
import re
import uuid
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mlconnector.standins.base import Clock
from mlconnector.standins.datev.answers import JSON_UTF8, json_answer, problem
from mlconnector.standins.datev.clients import POSTINGS_SERVICE, Client
from mlconnector.standins.datev.extf_header import TITLES, examine, failure
from mlconnector.standins.datev.gateway import MISSING_PERMISSION, Call, Gateway
from mlconnector.standins.datev.pages import page
from mlconnector.standins.datev.received import Received
from mlconnector.standins.datev.statistics import Statistics

SCOPE = "datev:accounting:extf-files-import"
LARGEST = 50 * 1024 * 1024
LocationStyle = Literal["relative", "unrooted", "rooted", "absolute"]
_FILENAME = re.compile(r"EXTF_.{0,51}\.csv")
_HEADER_TEXT = re.compile(r"[-0-9A-Za-z_äöüÄÖÜß_. +?;]{0,254}")
_NOT_ALLOWED_IN_NAMES = re.compile(r"[^-0-9A-Za-z_. ]")
_DETAILS = {
    1008833: "No payload",
    1008834: "Fields with error",
    1008836: "The transferred EXTF-file contains a virus",
    1008837: "An internal error occurred. Job failed. Try again.",
    1008838: MISSING_PERMISSION,
}


@dataclass(slots=True)
class Job:
    """The processing of one file; `failure` is known from the start and shown when the job is over."""

    id: str
    client_id: str
    filename: str
    received_at: float
    ready_at: float
    sha256: str
    application: str
    reference_id: str = ""
    application_version: str = ""
    result: Literal["pending", "succeeded", "failed"] = "pending"
    fields: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The job as the API shows it, without what is not known."""
        shown: dict[str, Any] = {
            "id": self.id,
            "filename": self.filename,
            "client_application_display_name": self.application,
            "client_application_version": self.application_version,
            "reference_id": self.reference_id,
            "result": self.result,
            "timestamp": datetime.fromtimestamp(self.received_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        if self.result != "pending":
            shown |= {**self.fields, "validation_details": self.failure}
        return {name: value for name, value in shown.items() if value is not None and value != ""}


class ExtfFiles:
    """The jobs of all clients, and the operations on them."""

    def __init__(
        self,
        gateway: Gateway,
        received: Received,
        statistics: Statistics,
        clock: Clock,
        delay: float,
        retry_after: int,
    ) -> None:
        self.gateway = gateway
        self.received = received
        self.statistics = statistics
        self.clock = clock
        self.delay = delay
        self.retry_after = retry_after
        self.location_style: LocationStyle = "relative"
        self.planned_failures: defaultdict[str, deque[int]] = defaultdict(deque)
        self._jobs: dict[str, Job] = {}
        self._of_client: defaultdict[str, list[Job]] = defaultdict(list)

    def routes(self) -> list[Route]:
        """The operations of accounting:extf-files."""
        of_client = self.gateway.of_client
        return [
            of_client("POST", "/extf-files/import", SCOPE, self._import),
            of_client("GET", "/extf-files/jobs", SCOPE, self._list),
            of_client("GET", "/extf-files/jobs/{job_id}", SCOPE, self._one),
        ]

    @property
    def jobs(self) -> list[Job]:
        """All jobs in the order of their files, with results that are due."""
        return [self._settled(job) for job in self._jobs.values()]

    def dump(self) -> list[dict[str, Any]]:
        """All jobs."""
        return [asdict(job) for job in self._jobs.values()]

    def load(self, dumped: Sequence[Mapping[str, Any]]) -> None:
        """Bring dumped jobs back."""
        for row in dumped:
            self._add(Job(**row))

    def _add(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._of_client[job.client_id].append(job)

    def _import(self, call: Call, client: Client) -> Response:
        self.gateway.require_service(client, POSTINGS_SERVICE)
        headers = call.request.headers
        if headers.get("content-type", "").strip().lower() != "application/octet-stream":
            raise problem(415, "Unsupported Media Type")
        filename = _checked(headers.get("filename", ""), "Filename", _FILENAME)
        reference_id = _checked(headers.get("reference-id", ""), "Reference-Id", _HEADER_TEXT)
        version = _checked(
            headers.get("client-application-version", ""), "Client-Application-Version", _HEADER_TEXT
        )
        if not call.body:
            detail = "Message body for request is missing"
            raise problem(400, "Invalid message-body", number=1008831, detail=detail)
        if len(call.body) > LARGEST:
            raise problem(413, "Invalid file", number=1008833, detail="File size exceeds 50 MB")
        now = self.clock()
        job = Job(
            id=str(uuid.uuid4()),
            client_id=client.id,
            filename=_NOT_ALLOWED_IN_NAMES.sub("_", filename),
            received_at=now,
            ready_at=now + self.delay,
            sha256=hashlib.sha256(call.body).hexdigest(),
            application=call.session.app_id,
            reference_id=reference_id,
            application_version=version,
        )
        self._judge(job, client, call.body)
        self._add(job)
        answer = {"Location": self._location(call.request, job), "Retry-After": str(self.retry_after)}
        return Response(status_code=202, headers=answer)

    def _judge(self, job: Job, client: Client, content: bytes) -> None:
        findings = examine(content, client.consultant_number, client.client_number)
        job.fields, job.failure = findings.job_fields, findings.failure
        planned = self.planned_failures[client.id]
        if planned:
            number = planned.popleft()
            job.failure = failure(number, _DETAILS[number])
        if job.failure is None:
            self.received.extf(client.id, job.filename, content)

    def _location(self, request: Request, job: Job) -> str:
        path = f"/clients/{job.client_id}/extf-files/jobs/{job.id}"
        match self.location_style:
            case "relative":
                return path
            case "unrooted":
                return path.removeprefix("/")
            case "rooted":
                return self.gateway.prefix + path
            case "absolute":
                return str(request.base_url).rstrip("/") + self.gateway.prefix + path

    def _list(self, call: Call, client: Client) -> Response:
        newest_first = self._of_client[client.id][::-1]
        jobs, headers = page(newest_first, call.request.query_params)
        return json_answer(
            [self._settled(job).as_json() for job in jobs], media_type=JSON_UTF8, headers=headers
        )

    def _one(self, call: Call, client: Client) -> Response:
        job = self._jobs.get(call.request.path_params["job_id"])
        if job is None or job.client_id != client.id:
            raise self.gateway.unknown(404)
        if self.clock() < job.received_at + self.retry_after:
            self.statistics.early_polls += 1
        return json_answer(self._settled(job).as_json(), media_type=JSON_UTF8)

    def _settled(self, job: Job) -> Job:
        """The job, with its result when it is due."""
        if job.result == "pending" and self.clock() >= job.ready_at:
            client = self.gateway.directory.clients[job.client_id]
            if job.failure is None and POSTINGS_SERVICE not in client.services:
                job.failure = failure(1008838, MISSING_PERMISSION)
            job.result = "succeeded" if job.failure is None else "failed"
        return job


def check_number(number: int) -> int:
    """`number` when a job can fail with it, ValueError otherwise."""
    if number not in TITLES:
        raise ValueError(f"a job cannot fail with {number}; possible are {', '.join(map(str, TITLES))}")
    return number


def shortest_wait(delay: float) -> int:
    """The `Retry-After` of jobs that take `delay` seconds."""
    return math.ceil(delay)


def _checked(text: str, name: str, pattern: re.Pattern[str]) -> str:
    if pattern.fullmatch(text):
        return text
    detail = f"{name} must conform to following pattern '{pattern.pattern}'" if text else f"{name} is empty"
    raise problem(400, "Invalid header fields", number=1008832, detail=detail, elements=[(name, detail)])
