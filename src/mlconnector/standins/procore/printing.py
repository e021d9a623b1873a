"""Print jobs: a requisition and its files as one PDF, made in the background, or sent by e-mail.

Only with `polling=true` a job is made that can be asked for; without it the original sends an e-mail, which
nobody here would get: it is written down in `mailed`. Of the job's answer nothing is documented but its UUID.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlconnector.standins.procore.account import Account
from mlconnector.standins.procore.answers import not_found, refusal
from mlconnector.standins.procore.endpoint import Api, Asked
from mlconnector.standins.procore.identities import COMPANY_ID, SERVICE_ACCOUNT_ID, uuid
from mlconnector.standins.procore.records import File, Row
from mlconnector.standins.procore.times import from_seconds, stamp

_TYPES = ("cover_sheet", "prostore_file")


@dataclass
class Job:
    """A print job: of which requisition, since when, and how often somebody asked for it."""

    requisition_id: int
    began: float
    file_id: int
    asked: int = 0


class Printing:
    """The print jobs; `seconds` is how long one takes, and with `fails` none succeeds."""

    def __init__(
        self, account: Account, clock: Callable[[], float], seconds: float, found: Callable[[Asked], Row]
    ) -> None:
        self.account = account
        self.clock = clock
        self.seconds = seconds
        self.fails = False
        self.mailed: list[int] = []
        self.jobs: dict[str, Job] = {}
        self._found = found

    def routes(self) -> list[Api]:
        """The route table."""
        job = "/rest/v1.0/companies/{company_id}/invoices/async_jobs/{uuid}"
        return [
            Api("POST", "/rest/v1.0/requisitions/{id}/single_pdf_compilers", self._start),
            Api("GET", job, self._job),
        ]

    def _start(self, asked: Asked) -> Row:
        requisition = self._found(asked)
        files = (asked.body or {}).get("files") if isinstance(asked.body, dict) else None
        if not isinstance(files, list) or not files:
            raise refusal(400, "param is missing or the value is empty: files")
        if any(not _is_file(each) for each in files):
            raise refusal(400, "files must have a type and an id")
        if not asked.query.flag("polling"):
            self.mailed.append(requisition["id"])
            return {}
        name = uuid("print job", len(self.jobs))
        self.jobs[name] = Job(requisition["id"], self.clock(), self._print(requisition, len(files)))
        address = f"{asked.base_url}/rest/v1.0/companies/{COMPANY_ID}/invoices/async_jobs/{name}"
        return {"uuid": name, "status": "pending", "url": address}

    def _print(self, requisition: Row, sheets: int) -> int:
        text = [
            "Zahlungsantrag",
            requisition["contract_name"],
            f"Nr. {requisition['number']}",
            f"{sheets} Dateien",
        ]
        file = File(self.account.next_id("file"), 0, f"Requisition_{requisition['number']}.pdf", "pdf", text)
        self.account.put_file(file)
        return file.id

    def _job(self, asked: Asked) -> Row:
        asked.company()
        job = self.jobs.get(asked.path["uuid"])
        if job is None:
            raise not_found()
        status = self._status(job)
        job.asked += 1
        address = f"{asked.base_url}/rest/v1.0/attachments/{job.file_id}"
        return {
            "uuid": asked.path["uuid"],
            "company_id": COMPANY_ID,
            "created_by_id": SERVICE_ACCOUNT_ID,
            "status": status,
            "result": {"url": address} if status == "completed" else {},
            "created_at": stamp(from_seconds(job.began)),
            "updated_at": stamp(from_seconds(self.clock())),
        }

    def _status(self, job: Job) -> str:
        if job.asked == 0:
            return "pending"
        if self.clock() < job.began + self.seconds:
            return "in_progress"
        return "failed" if self.fails else "completed"


def _is_file(given: Any) -> bool:
    return isinstance(given, dict) and given.get("type") in _TYPES and "id" in given
