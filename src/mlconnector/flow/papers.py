"""Papers: the document that belongs to each booking, fetched or rendered, checked, under its GUID."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlconnector.errors import NeedsHuman
from mlconnector.flow.services import Services
from mlconnector.formats.booking_document import render
from mlconnector.formats.document_check import document_file_name, inspect
from mlconnector.formats.naming import document_guid
from mlconnector.mapping.booking import Draft
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.store import documents
from mlconnector.store.vouchers import Waiting
from mlconnector.systems.sink import ClientFacts

LIMIT = 20 * 1024 * 1024
_RENDERED = Attachment(external_id="rendered", file_name="", media_type="application/pdf")


@dataclass(frozen=True, slots=True)
class Paper:
    """The document of one booking: the GUID to link, the row to store (None when it is filed), or why not."""

    guid: uuid.UUID | None
    row: dict[str, object] | None
    problem: Problem | None


def papers_for(
    services: Services, name: str, waiting: Sequence[Waiting], drafts: Mapping[str, Draft], facts: ClientFacts
) -> dict[str, Paper]:
    """The papers of all drafts by our key; attachments are fetched a few at a time."""
    wanted = [one for one in waiting if one.row.id in drafts]
    with services.database.read() as db:
        filed = documents.filed(db, [one.row.id for one in wanted])

    def fetched(one: Waiting) -> bytes | Problem | None:
        """The attachment's bytes; None where there is none. Only this waits for the network."""
        attachments = drafts[one.row.id].voucher.attachments
        try:
            return services.source(name).download(attachments[0].external_id, LIMIT) if attachments else None
        except NeedsHuman as error:
            return error.problem

    with ThreadPoolExecutor(services.settings.transfer_threads) as threads:
        contents = list(threads.map(fetched, wanted))
    return {
        one.row.id: Paper(None, None, content)
        if isinstance(content, Problem)
        else _paper(services, name, one, drafts[one.row.id], content, facts, filed)
        for one, content in zip(wanted, contents, strict=True)
    }


def _paper(
    services: Services,
    name: str,
    one: Waiting,
    draft: Draft,
    fetched: bytes | None,
    facts: ClientFacts,
    filed: Mapping[tuple[str, str], str],
) -> Paper:
    if fetched is None:
        attachment, content = _RENDERED, render(draft.voucher)
        file_name = document_file_name(f"Buchungsbeleg {draft.number}.pdf")
    else:
        attachment, content = draft.voucher.attachments[0], fetched
        file_name = document_file_name(attachment.file_name)
    wrong = inspect(file_name, attachment.media_type, content, facts.allowed_extensions)
    if wrong is not None:
        return Paper(None, None, wrong)
    client, sha256 = services.connection(name).client, hashlib.sha256(content).hexdigest()
    twin = filed.get((one.row.id, sha256))
    if twin is not None:
        return Paper(uuid.UUID(twin), None, None)
    guid = document_guid(client, one.row.id, one.row.revision, attachment.external_id)
    row: dict[str, object] = {
        "guid": str(guid),
        "connection": name,
        "client": client,
        "voucher": one.row.id,
        "revision": one.row.revision,
        "attachment": attachment.external_id,
        "file_name": file_name,
        "media_type": attachment.media_type,
        "size": len(content),
        "sha256": sha256,
        "content": content,
        "state": "stored",
        "changed_at": services.now(),
    }
    return Paper(guid, row, None)
