"""Which attachment is the picture of a document, and Procore's own print of a bill that has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlconnector.errors import Broken, RetryLater
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.kit import invoice_files
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.invoice_files import PDF, Candidate, media_type, nothing_found
from mlconnector.systems.procore.answers import NotFound
from mlconnector.systems.procore.client import Client
from mlconnector.systems.procore.names import SYSTEM, Name, name_in
from mlconnector.systems.procore.settings import Settings
from mlconnector.systems.procore.shapes import Attachment as File
from mlconnector.systems.procore.shapes import text
from mlconnector.systems.source import Memory

_PRINT = "print"
_SECONDS_BETWEEN = 5.0


def chosen(
    files: Sequence[File], record: str, title: str, settings: Settings
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The files of a document, and what is wrong with them.

    What Procore prints of a bill is our own making and no invoice of the vendor; its name says so.
    """
    rule = settings.documents
    candidates = [
        Candidate(f"{record}/{text(file.id)}", clean(file.filename), media_type(clean(file.filename)))
        for file in files
        if media_type(clean(file.filename))
    ]
    attachments, problems = invoice_files.chosen(candidates, rule, title)
    if attachments or problems:
        return attachments, problems
    if rule.missing == "print" and record.startswith("requisition/"):
        name = f"Procore-Ausdruck {title}.pdf"
        return (Attachment(external_id=f"{record}/{_PRINT}", file_name=name, media_type=PDF),), []
    if rule.missing == "print":
        return (), [Problem("document_missing", {"title": title})]
    return (), nothing_found(rule, title)


def content(client: Client, memory: Memory, attachment_id: str, limit: int) -> bytes | None:
    """The bytes of a file, by an address asked for anew; None where it has more than `limit`.

    Raises NotFound where there is none, and RetryLater while Procore prints.
    """
    record, _, file_id = attachment_id.rpartition("/")
    name = name_in(record)
    if name is None:
        raise NotFound(f"{SYSTEM} has no record {record}")
    company = name.project.company
    if file_id == _PRINT:
        return client.file(company, _printed(client, memory, name), limit)
    address = next((clean(one.url) for one in _files(client, name) if text(one.id) == file_id), "")
    if not address:
        raise NotFound(f"{SYSTEM} has no file {file_id} at {record}")
    return client.file(company, address, limit)


def _files(client: Client, name: Name) -> Sequence[File]:
    if name.kind == "requisition":
        return client.requisition(name.project, name.id).attachments or ()
    if name.kind == "direct-cost":
        return client.direct_cost(name.project, name.id).attachments or ()
    return ()


def _printed(client: Client, memory: Memory, name: Name) -> str:
    """The address of a print, which is begun where nobody has begun it yet.

    Without `polling` Procore would send it by e-mail to people.
    """
    key, company = f"{_PRINT} {name}", name.project.company
    job = memory.recall(key)
    if job is None:
        made = client.send(
            "POST",
            company,
            f"/rest/v1.0/requisitions/{name.id}/single_pdf_compilers",
            query={"project_id": name.project.id, "polling": "true"},
            body={"files": [{"type": "cover_sheet", "id": ""}]},
        )
        job = made.get("uuid") if isinstance(made, dict) else None
        if not job:
            raise Broken(f"{SYSTEM} did not say which print it has begun")
        memory.remember(key, str(job))
    try:
        state: Any = client.read(company, f"/rest/v1.0/companies/{company}/invoices/async_jobs/{job}", {})
    except NotFound:
        # Procore does not keep jobs for ever: the next attempt begins another.
        memory.remember(key, None)
        raise
    status = state.get("status") if isinstance(state, dict) else None
    if status in {"pending", "in_progress"}:
        raise RetryLater(f"{SYSTEM} is still printing", _SECONDS_BETWEEN)
    memory.remember(key, None)
    result = state.get("result") if isinstance(state, dict) else None
    address = result.get("url") if isinstance(result, dict) else result
    if status != "completed" or not isinstance(address, str) or not address:
        raise NotFound(f"{SYSTEM} could not print {name}: {status}")
    return address
