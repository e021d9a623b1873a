"""accounting:dxso-jobs: a job is created, gets its files one by one, is made ready once, and is followed.

Nothing is processed before a job is made ready, so an open one that is lost does no harm: the caller keeps
the job's id before the first file. After an unknown outcome of `make_ready` it asks `status`: an open job
may be made ready again, any other state shows that the first time arrived.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mlconnector.errors import Broken, NeedsHuman
from mlconnector.formats.document_names import LARGEST
from mlconnector.model.entries import Ledger
from mlconnector.model.problems import Problem
from mlconnector.systems.datev.answers import MEANINGS, NOTHING_SAID, object_in, objects_in
from mlconnector.systems.kit.http import Http

State = Literal["open", "processing", "succeeded", "failed", "partial", "cancelled", "cancel_refused"]

IMPORT_TYPES: Mapping[Ledger, str] = {
    "receivable": "accountsReceivableLedgerImport",
    "payable": "accountsPayableLedgerImport",
}
IMAGES = ("pdf", "jpg", "jpeg", "png", "gif", "tif", "tiff")
"""Extensions of documents that go with suggestions; that a bare XML invoice may is said nowhere."""

_STATES: Mapping[int, State] = {
    0: "open",
    1: "processing",
    2: "succeeded",
    3: "failed",
    4: "partial",
    5: "cancelled",
    6: "cancel_refused",
}
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_FILE_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
_JOB_ID = re.compile(r"[-0-9A-Za-z]{1,64}")
_READY = json.dumps({"ready": "true"}).encode()


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job that takes files. `account_length` is None where DATEV does not tell it.

    `folder_names` are the client's invoice folders, mostly one; `document.xml` has to name one of them.
    """

    id: str
    account_length: int | None
    folder_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProtocolEntry:
    """A line of DATEV's protocol: German words for people, which may change; kept there for two months.

    `kind` is `information`, `warning` or `error`; `context` may name a GUID.
    """

    at: str
    kind: str
    text: str
    file_name: str
    context: str


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is, with its protocol once it is at an end; `problem` says what a person has to do.

    `partial`: some documents were taken over, others not, among them those whose GUID is there already.
    `cancelled`: somebody withdrew in Belege online what had been taken over. `cancel_refused`: somebody
    tried to, and what had been taken over stays.
    """

    state: State
    protocol: tuple[ProtocolEntry, ...] = ()
    problem: Problem | None = None
    answer: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_final(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.state not in {"open", "processing"}


def create(http: Http, client_id: str, ledger: Ledger, month: str) -> OpenJob:
    """Open a job for one ledger and one month (`YYYY-MM`). Raises one of the four errors.

    After `outcome_unknown` an empty job may be left over, from which nothing is ever processed: the caller
    simply creates another one. DATEV may open the client's next fiscal year for it.
    """
    if not _MONTH.fullmatch(month):
        raise Broken(f"{month!r} is not a month as DATEV takes it")
    wanted = {"import_type": IMPORT_TYPES[ledger], "accounting_month": month}
    answer = http.request(
        "POST", f"/clients/{client_id}/dxso-jobs", json=wanted, repeat=False, keep_body=True
    )
    found = object_in(answer)
    job_id, folders = found.get("id"), found.get("ledger_folder_names") or []
    if not isinstance(job_id, str) or not _JOB_ID.fullmatch(job_id):
        raise Broken(f"DATEV opened a job without a usable id: {job_id!r}")
    if not isinstance(folders, list) or not all(isinstance(name, str) and name for name in folders):
        raise Broken(f"DATEV names folders of job {job_id} in a form that cannot be read: {folders!r}")
    if not folders:
        facts = {**NOTHING_SAID, "client": client_id, "who": "adviser"}
        raise NeedsHuman(Problem("dxso_target_missing", facts, ("client",)))
    return OpenJob(job_id, _length(found.get("account_length"), job_id), tuple(folders))


def attach(http: Http, client_id: str, job_id: str, file_name: str, media_type: str, content: bytes) -> None:
    """Add one file to an open job. Raises one of the four errors.

    Safe to repeat, and repeated after an unknown outcome: the same name replaces the file, and DATEV notes
    that in the protocol.
    """
    if not _FILE_NAME.fullmatch(file_name) or not content:
        raise Broken(f"DATEV does not take the file {file_name!r} of {len(content)} bytes")
    if len(content) > LARGEST:
        facts = {**NOTHING_SAID, "client": client_id, "who": "you"}
        too_large = _about_file(Problem("document_too_large", facts), file_name, content)
        raise NeedsHuman(too_large, single=True)
    files = {"files": (file_name, content, media_type)}
    try:
        http.request("POST", f"{_path(client_id, job_id)}/files", files=files)
    except NeedsHuman as error:
        if error.unsent:
            raise
        raise NeedsHuman(_about_file(error.problem, file_name, content), single=error.single) from error


def make_ready(http: Http, client_id: str, job_id: str) -> Literal["made_ready", "was_ready"]:
    """Let DATEV process the job; it takes no more files afterwards. Raises one of the four errors.

    Sent once. After `outcome_unknown`, NeedsHuman or Broken it may have arrived: ask `status` before sending
    it again. `was_ready` is the answer to a second time.
    """
    headers = {"Content-Type": "application/merge-patch+json"}
    try:
        http.request("PUT", _path(client_id, job_id), content=_READY, headers=headers, repeat=False)
    except NeedsHuman as error:
        if error.problem.key == MEANINGS["#DCO01007"].problem:
            return "was_ready"
        raise
    return "made_ready"


def status(http: Http, client_id: str, job_id: str) -> JobState:
    """How far the job is, with the protocol when it is at its end. Raises one of the four errors.

    A job that DATEV does not know is NeedsHuman: it was deleted, or is older than two months.
    """
    found = _known(http, client_id, job_id)
    state = _STATES.get(_whole(found.get("status")))
    if state is None:
        raise Broken(f"DATEV says that job {job_id} is {found.get('status')!r}")
    if state in {"open", "processing"}:
        return JobState(state, answer=found)
    entries = protocol(http, client_id, job_id)
    return JobState(state, entries, _problem(state, entries, client_id, job_id), found)


def protocol(http: Http, client_id: str, job_id: str) -> tuple[ProtocolEntry, ...]:
    """DATEV's protocol of the job, also of an open one. Raises one of the four errors."""
    path = f"{_path(client_id, job_id)}/protocol-entries"
    listed = objects_in(http.request("GET", path, keep_body=True))
    return tuple(
        ProtocolEntry(
            at=str(each.get("time") or ""),
            kind=str(each.get("type") or ""),
            text=str(each.get("text") or ""),
            file_name=str(each.get("filename") or ""),
            context=str(each.get("context") or ""),
        )
        for each in listed
    )


def delete(http: Http, client_id: str, job_id: str) -> Literal["deleted", "was_gone"]:
    """Remove an open job with its files. Raises one of the four errors; NeedsHuman where it is not open."""
    try:
        http.request("DELETE", _path(client_id, job_id))
    except NeedsHuman as error:
        if error.problem.facts.get("status") == "404":
            return "was_gone"
        raise
    return "deleted"


def _known(http: Http, client_id: str, job_id: str) -> dict[str, Any]:
    try:
        return object_in(http.request("GET", _path(client_id, job_id), keep_body=True))
    except NeedsHuman as error:
        if error.problem.facts.get("status") != "404":
            raise
        facts = {**NOTHING_SAID, **error.problem.facts, "transfer": job_id, "who": "you"}
        raise NeedsHuman(Problem("dxso_transfer_gone", facts, ("transfer",))) from error


def _problem(state: State, entries: tuple[ProtocolEntry, ...], client_id: str, job_id: str) -> Problem | None:
    if state not in {"failed", "partial", "cancelled"}:
        return None
    said = [each for each in entries if each.kind == "error"] or [
        each for each in entries if each.kind == "warning"
    ]
    words = " · ".join(dict.fromkeys(_words(each) for each in said))
    key = "dxso_failed" if state == "failed" else "dxso_partial" if state == "partial" else "dxso_cancelled"
    return Problem(key, {"client": client_id, "transfer": job_id, "protocol": words}, ("transfer",))


def _words(entry: ProtocolEntry) -> str:
    return ": ".join(part for part in (entry.file_name, entry.text, entry.context) if part)


def _about_file(problem: Problem, file_name: str, content: bytes) -> Problem:
    facts = {"file_name": file_name, "size": str(len(content)), "limit": str(LARGEST)}
    return replace(problem, facts={**problem.facts, **facts})


def _path(client_id: str, job_id: str) -> str:
    if not _JOB_ID.fullmatch(job_id):
        raise Broken(f"{job_id!r} is not the id of a job")
    return f"/clients/{client_id}/dxso-jobs/{job_id}"


def _length(value: object, job_id: str) -> int | None:
    if value is None:
        return None
    length = _whole(value)
    if not 4 <= length <= 8:
        raise Broken(f"DATEV says that accounts of job {job_id} have {value!r} digits")
    return length


def _whole(value: object) -> int:
    """A number, which DATEV's examples also show as text; -1 for what is none."""
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else -1
