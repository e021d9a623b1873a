"""accounting:extf-files: hands over a batch once, finds its job again, and reads how far the job is.

DATEV recognises no file that it was sent before: the same file twice is two jobs. So a batch is sent once,
and after an unknown outcome the job that carries our reference is looked for first.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import httpx

from mlconnector import __version__
from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.systems.datev.answers import MEANINGS, NOTHING_SAID, explain_job, object_in
from mlconnector.systems.datev.job_waits import DEFAULT_RETRY_AFTER
from mlconnector.systems.datev.pages import pages
from mlconnector.systems.kit.http import Http, retry_after
from mlconnector.systems.transfers import JobStatus, OutgoingBatch, Receipt

LARGEST = 50 * 1024 * 1024
"""Bytes of a file that the interface takes (413, 1008833)."""

_FILE_NAME = re.compile(r"EXTF_[-0-9A-Za-z_]{0,51}\.csv")
_REFERENCE = re.compile(r"[-0-9A-Za-z_. +?;]{1,254}")
_JOB_PATH = re.compile(r"/clients/([^/]+)/extf-files/jobs/([-0-9A-Za-z._~]+)/?$")
_RESULTS: dict[object, Literal["pending", "succeeded", "failed"]] = {
    "pending": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
}


def submit(http: Http, client_id: str, batch: OutgoingBatch) -> Receipt:
    """Send the batch, once. Raises one of the four errors, RetryLater with `outcome_unknown` among them."""
    _check(client_id, batch)
    headers = {
        "Content-Type": "application/octet-stream",
        "Filename": batch.file_name,
        "Reference-Id": batch.reference_id,
        "Client-Application-Version": __version__,
    }
    path = f"/clients/{client_id}/extf-files/import"
    answer = http.request("POST", path, content=batch.content, headers=headers, repeat=False)
    wait = retry_after(answer)
    return Receipt(job_of(answer, client_id), DEFAULT_RETRY_AFTER if wait is None else wait)


def job_of(answer: httpx.Response, client_id: str) -> str:
    """The id of the job that the Location of `answer` names.

    Location may be an address, or a path from the host, from the API's root or without a leading slash
    (the specification shows the third). Where it names another host or client, or no job, the batch is
    there and only its job is not known: RetryLater with `outcome_unknown`, so that it is looked for.
    """
    location = answer.headers.get("Location", "")
    asked = answer.request.url
    try:
        target = asked.join(location)
    except httpx.InvalidURL as error:
        raise _unnamed(location) from error
    named = _JOB_PATH.search(target.path)
    if named is None or named[1] != client_id or (target.host, target.port) != (asked.host, asked.port):
        raise _unnamed(location)
    return named[2]


def _unnamed(location: str) -> RetryLater:
    return RetryLater(
        f"DATEV took a batch and did not name its job: Location {location!r}",
        DEFAULT_RETRY_AFTER,
        outcome_unknown=True,
    )


def find(http: Http, client_id: str, reference_id: str) -> Receipt | None:
    """The newest job that carries our reference, None when there is none. Raises one of the four errors.

    A batch that DATEV wanted again has several jobs; the newest is the one that counts. The list shows the
    newest first, as far as can be seen; where it does not, all of it is read.
    """
    newest: dict[str, Any] | None = None
    previous = ""
    newest_first = True
    for page in pages(http, f"/clients/{client_id}/extf-files/jobs"):
        for job in page:
            newest_first = newest_first and (not previous or _moment(job) <= previous)
            previous = _moment(job)
            if job.get("reference_id") == reference_id and (newest is None or previous > _moment(newest)):
                newest = job
        if newest is not None and newest_first:
            break
    if newest is None:
        return None
    job_id = newest.get("id")
    if not isinstance(job_id, str) or not job_id:
        raise Broken(f"DATEV lists a job with the reference {reference_id} that has no id")
    return Receipt(job_id, DEFAULT_RETRY_AFTER)


def status(http: Http, client_id: str, job_id: str) -> JobStatus:
    """How far the job is. Raises one of the four errors.

    A job that DATEV does not know counts as pending, with the status 404 in `answer`: right after its
    creation that passes, later the caller runs out of queries.
    """
    path = f"/clients/{client_id}/extf-files/jobs/{job_id}"
    try:
        job = object_in(http.request("GET", path, keep_body=True))
    except NeedsHuman as error:
        if error.problem.facts.get("status") != "404":
            raise
        return JobStatus("pending", answer={"status": 404})
    result = _RESULTS.get(job.get("result"))
    if result is None:
        raise Broken(f"DATEV says that job {job_id} is {job.get('result')!r}")
    if result != "failed":
        return JobStatus(result, answer=job)
    details = job.get("validation_details")
    problem, again = explain_job(details if isinstance(details, dict) else {}, client_id)
    return JobStatus("failed", problem, job, again)


def probe(http: Http, client_id: str) -> None:
    """Ask for one job only, to see whether the user may see jobs. Raises one of the four errors."""
    http.request("GET", f"/clients/{client_id}/extf-files/jobs", params={"skip": 0, "top": 1})


def _moment(job: dict[str, Any]) -> str:
    """When DATEV received the file; all in the same form, so that text order is time order."""
    return str(job.get("timestamp") or "")


def _check(client_id: str, batch: OutgoingBatch) -> None:
    if not _FILE_NAME.fullmatch(batch.file_name) or not _REFERENCE.fullmatch(batch.reference_id):
        raise Broken(f"DATEV does not take {batch.file_name!r} with the reference {batch.reference_id!r}")
    if not batch.content:
        raise Broken(f"{batch.file_name} is empty")
    if len(batch.content) > LARGEST:
        facts = {"client": client_id, "file_name": batch.file_name, "who": MEANINGS["HTTP 413"].who}
        sizes = {"size": str(len(batch.content)), "limit": str(LARGEST)}
        raise NeedsHuman(Problem(MEANINGS["HTTP 413"].problem, {**NOTHING_SAID, **facts, **sizes}))
