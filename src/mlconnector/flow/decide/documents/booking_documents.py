"""The documents that belong to each booking, fetched or rendered, checked, under their GUIDs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.documents.einvoices import judged
from mlconnector.flow.decide.documents.examiner import NotExamined, examiner
from mlconnector.flow.decide.documents.notes import size_note
from mlconnector.flow.decide.documents.own_documents import substitute
from mlconnector.formats.document_check import inspect, media_type
from mlconnector.formats.einvoice.invoice import Examination
from mlconnector.formats.names import document_guid
from mlconnector.mapping.channels import Channel
from mlconnector.mapping.drafts import Draft
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment, Kind
from mlconnector.store import documents
from mlconnector.store.documents import NewDocument
from mlconnector.store.vouchers import Waiting
from mlconnector.systems.sink import ClientFacts

LIMIT = 20 * 1024 * 1024


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


@dataclass(frozen=True, slots=True)
class _File:
    """A file with the name that it is filed under and what was found out about it."""

    attachment: Attachment
    content: bytes
    file_name: str
    problem: Problem | None
    examination: Examination


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What all bookings of a set have around them."""

    context: Context
    facts: ClientFacts
    filed: Mapping[tuple[str, str], str]


def documents_for(
    context: Context, waiting: Sequence[Waiting], drafts: Mapping[str, Draft], facts: ClientFacts
) -> dict[str, BookingDocuments]:
    """The documents of all drafts by our key; attachments are fetched a few at a time."""
    wanted = [one for one in waiting if one.row.id in drafts]
    settings = context.settings
    with context.read() as db:
        filed = documents.filed(db, [one.row.id for one in wanted])
    # A suggestion takes its document along: Belege online would skip both under a GUID that it has.
    by_channel: dict[Channel, _Surroundings] = {
        "extf": _Surroundings(context, facts, filed),
        "dxso": _Surroundings(context, replace(facts, allowed_extensions=facts.suggestion_extensions), {}),
    }

    def around(one: Waiting) -> _Surroundings:
        return by_channel[settings.channel_of(drafts[one.row.id].voucher)]

    def fetched(one: Waiting) -> list[bytes | Problem]:
        """The bytes of each attachment. Only this waits for the network."""
        attachments = drafts[one.row.id].voucher.attachments
        return [_downloaded(around(one), attachment) for attachment in attachments]

    with ThreadPoolExecutor(context.services.settings.transfer_threads) as threads:
        contents = list(threads.map(fetched, wanted))
    return {
        one.row.id: _documents(around(one), one, drafts[one.row.id], content)
        for one, content in zip(wanted, contents, strict=True)
    }


def _downloaded(around: _Surroundings, attachment: Attachment) -> bytes | Problem:
    try:
        return around.context.source.download(attachment.external_id, LIMIT)
    except NeedsHuman as error:
        if error.unsent:
            raise
        return error.problem


def _documents(
    around: _Surroundings, one: Waiting, draft: Draft, contents: Sequence[bytes | Problem]
) -> BookingDocuments:
    if not contents:
        return _substituted(around, one, draft)
    files: list[_File] = []
    notes: list[Because] = []
    for attachment, content in zip(draft.voucher.attachments, contents, strict=True):
        found = content if isinstance(content, Problem) else _looked_at(around, attachment, content)
        if isinstance(found, _File):
            files.append(found)
        elif not files:
            return BookingDocuments(problems=(found,))
        else:
            notes.append(Because("document", attachment.file_name, "document_unseen", {"cause": found.key}))
    chosen = _chosen(files)
    notes += [_left_out(file, chosen[0]) for file in files if file not in chosen]
    return _judged(around, one, draft, chosen, notes)


def _looked_at(around: _Surroundings, attachment: Attachment, content: bytes) -> _File | Problem:
    wanted = around.context.settings.documents
    try:
        file_name, problem, examination = examiner().check(
            attachment.file_name,
            attachment.media_type,
            content,
            around.facts.allowed_extensions,
            rules=wanted.en16931,
        )
    except NotExamined as error:
        facts = {"file_name": attachment.file_name, "reason": str(error)}
        return Problem("document_not_examined", facts)
    return _File(attachment, content, file_name, problem, examination)


def _chosen(files: Sequence[_File]) -> list[_File]:
    """What is filed of a voucher's files, the one that the booking links first.

    Without e-invoice it is the first file. Otherwise all e-invoices are, and where none of them is a PDF, so
    that Belege online may show it badly, the PDF beside it, which then is the one to link.
    """
    einvoices = [file for file in files if file.examination.is_einvoice]
    if not einvoices:
        return list(files[:1])
    hybrids = [file for file in einvoices if file.examination.form == "hybrid"]
    pictures = [file for file in files if file not in einvoices and file.file_name.lower().endswith(".pdf")]
    linked = (hybrids or pictures or einvoices)[0]
    return [linked, *(file for file in einvoices if file is not linked)]


def _left_out(file: _File, linked: _File) -> Because:
    return Because("document", file.file_name, "document_left_out", {"document": linked.file_name})


def _judged(
    around: _Surroundings, one: Waiting, draft: Draft, chosen: Sequence[_File], notes: Sequence[Because]
) -> BookingDocuments:
    settings = around.context.settings
    problems: list[Problem] = []
    because = list(notes)
    for file in chosen:
        if file.problem is not None:
            problems.append(file.problem)
            continue
        wrong, said = judged(file.file_name, file.examination, draft, settings.documents, settings.rules)
        problems += wrong
        because += [*said, *size_note(file.file_name, len(file.content))]
        if file.file_name != file.attachment.file_name:
            facts = {"name": file.attachment.file_name}
            because.append(Because("document", file.file_name, "document_renamed", facts))
    if problems:
        return BookingDocuments(problems=tuple(problems), because=tuple(because))
    return _stored(around, one, [(_as_filed(file), file.content) for file in chosen], because)


def _as_filed(file: _File) -> Attachment:
    """The attachment as DATEV gets it: an e-invoice may have been renamed by its content."""
    kind = media_type(file.file_name) if file.examination.is_einvoice else file.attachment.media_type
    return msgspec.structs.replace(file.attachment, file_name=file.file_name, media_type=kind)


def _substituted(around: _Surroundings, one: Waiting, draft: Draft) -> BookingDocuments:
    if draft.voucher.kind == Kind.PAYMENT:
        # A payment's document is the bank statement, which is not ours to write.
        return BookingDocuments()
    settings = around.context.settings
    made = substitute(draft, settings.documents, settings.rules)
    if isinstance(made, Problem):
        return BookingDocuments(problems=(made,))
    name = made.attachment.file_name
    wrong = inspect(name, made.attachment.media_type, made.content, around.facts.allowed_extensions)
    if wrong is not None:
        return BookingDocuments(problems=(wrong,))
    return _stored(around, one, [(made.attachment, made.content)], made.because)


def _stored(
    around: _Surroundings, one: Waiting, files: Sequence[tuple[Attachment, bytes]], because: Sequence[Because]
) -> BookingDocuments:
    """The documents with the rows of what is not filed yet; the first file is the one to link."""
    client, key = around.context.settings.client, one.row.id
    guids: dict[str, uuid.UUID] = {}
    rows: list[NewDocument] = []
    for attachment, content in files:
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 in guids:
            continue
        twin = around.filed.get((key, sha256))
        if twin is not None:
            guids[sha256] = uuid.UUID(twin)
            continue
        guids[sha256] = document_guid(client, key, one.row.revision, attachment.external_id)
        rows.append(
            {
                "guid": str(guids[sha256]),
                "connection": around.context.name,
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
                "changed_at": around.context.now(),
            }
        )
    return BookingDocuments(next(iter(guids.values())), tuple(rows), because=tuple(because))
