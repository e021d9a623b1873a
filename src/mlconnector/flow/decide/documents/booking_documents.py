"""The documents that belong to each booking, fetched or rendered, checked, under their GUIDs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.documents.judged_files import (
    JudgedFiles,
    fetched,
    judge,
    refuse_to_hold_for_an_outage,
)
from mlconnector.formats.names import document_guid
from mlconnector.mapping.channels import Channel
from mlconnector.mapping.drafts import Draft
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.store import documents
from mlconnector.store.documents import NewDocument
from mlconnector.store.vouchers import Waiting
from mlconnector.systems.transfers import ClientFacts


@dataclass(frozen=True, slots=True)
class BookingDocuments:
    """The documents of one booking, or why it has none.

    `guid` is the one to link, `rows` are those to store (without those that are filed already), `because` is
    what the audit trail tells of them.
    """

    guid: uuid.UUID | None = None
    rows: tuple[NewDocument, ...] = ()
    problems: tuple[Problem, ...] = ()
    because: tuple[Because, ...] = ()


def documents_for(
    context: Context, waiting: Sequence[Waiting], drafts: Mapping[str, Draft], facts: ClientFacts
) -> dict[str, BookingDocuments]:
    """The documents of all drafts by our key; attachments are fetched a few at a time.

    Nothing is filed for statistical bookings: what was agreed is no Beleg of a transaction.
    """
    wanted = [
        one for one in waiting if (draft := drafts.get(one.row.id)) is not None and not draft.is_statistical
    ]
    settings = context.settings
    with context.read() as db:
        filed = documents.filed(db, [one.row.id for one in wanted])

    with ThreadPoolExecutor(context.services.settings.transfer_threads) as threads:
        contents = list(threads.map(lambda one: fetched(context, drafts[one.row.id].voucher), wanted))
    refuse_to_hold_for_an_outage(contents)
    found: dict[str, BookingDocuments] = {}
    for one, content in zip(wanted, contents, strict=True):
        draft = drafts[one.row.id]
        channel = settings.channel_of(draft.voucher)
        its = judge(draft, content, settings, extensions(facts, channel))
        # A suggestion takes its document along: Belege online would skip both under a GUID that it has.
        found[one.row.id] = _stored(context, one, its, filed if channel == "extf" else {})
    return found


def extensions(facts: ClientFacts, channel: Channel) -> tuple[str, ...]:
    """The endings of files that the sink takes beside bookings of a format."""
    return facts.allowed_extensions if channel == "extf" else facts.suggestion_extensions


def _stored(
    context: Context, one: Waiting, its: JudgedFiles, filed: Mapping[tuple[str, str], str]
) -> BookingDocuments:
    """The documents with the rows of what is not filed yet; the first file is the one to link."""
    if its.problems or not its.files:
        return BookingDocuments(problems=its.problems, because=its.because)
    client, key = context.settings.client, one.row.id
    guids: dict[str, uuid.UUID] = {}
    rows: list[NewDocument] = []
    for attachment, content in its.files:
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 in guids:
            continue
        twin = filed.get((key, sha256))
        if twin is not None:
            guids[sha256] = uuid.UUID(twin)
            continue
        guids[sha256] = document_guid(client, key, one.row.revision, attachment.external_id)
        rows.append(
            {
                "guid": str(guids[sha256]),
                "connection": context.name,
                "client": client,
                "voucher": key,
                "revision": one.row.revision,
                "attachment": attachment.external_id,
                "file_name": attachment.file_name,
                "media_type": attachment.media_type,
                "size": len(content),
                "sha256": sha256,
                "content": content,
                "state": "stored",
                "changed_at": context.now(),
            }
        )
    return BookingDocuments(next(iter(guids.values())), tuple(rows), because=its.because)
