"""The files of a voucher: fetched, examined, and judged against what is booked; nothing of them is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.flow.decide.documents.einvoices import judged
from mlconnector.flow.decide.documents.examiner import NotExamined, examiner
from mlconnector.flow.decide.documents.notes import size_note
from mlconnector.flow.decide.documents.own_documents import substitute
from mlconnector.formats.document_check import inspect
from mlconnector.formats.document_names import LARGEST, media_type
from mlconnector.formats.einvoice.invoice import Examination
from mlconnector.mapping.drafts import Draft
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment, Kind, Voucher
from mlconnector.systems.kit.pacing import TooMany

UNAVAILABLE = "document_unavailable"
_FEW = 3


@dataclass(frozen=True, slots=True)
class JudgedFiles:
    """The files that a booking is filed with, the one to link first, or why it cannot be booked with them.

    There are none for a voucher that has none and gets none. `because` is what the audit trail tells of them.
    """

    files: tuple[tuple[Attachment, bytes], ...] = ()
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


def fetched(context: Context, voucher: Voucher) -> list[bytes | Problem]:
    """The bytes of each attachment, or why it has none. Only this waits for the network."""
    return [_downloaded(context, attachment) for attachment in voucher.attachments]


def _downloaded(context: Context, attachment: Attachment) -> bytes | Problem:
    try:
        return context.source.download(attachment.external_id, LARGEST)
    except NeedsHuman as error:
        if error.unsent:
            raise
        return error.problem
    except TooMany:
        raise
    except (Broken, RetryLater) as error:
        return Problem(UNAVAILABLE, {"file": attachment.file_name, "reason": str(error)})


def refuse_to_hold_for_an_outage(contents: Iterable[Sequence[bytes | Problem]]) -> None:
    """Raise RetryLater where of many files none was given: then not the files are to blame."""
    found = [each for some in contents for each in some]
    missed = [each for each in found if isinstance(each, Problem) and each.key == UNAVAILABLE]
    if len(missed) > _FEW and not any(isinstance(each, bytes) for each in found):
        raise RetryLater(missed[0].facts["reason"])


def judge(
    draft: Draft, contents: Sequence[bytes | Problem], settings: ConnectionSettings, allowed: Collection[str]
) -> JudgedFiles:
    """Judge the `contents` of a voucher's attachments; `allowed` are the endings that the sink takes."""
    if not contents:
        return _substituted(draft, settings, allowed)
    files: list[_File] = []
    notes: list[Because] = []
    for attachment, content in zip(draft.voucher.attachments, contents, strict=True):
        found = (
            content if isinstance(content, Problem) else _looked_at(attachment, content, settings, allowed)
        )
        if isinstance(found, _File):
            files.append(found)
        elif not files or found.key == UNAVAILABLE:
            return JudgedFiles(problems=(found,))
        else:
            notes.append(Because("document", attachment.file_name, "document_unseen", {"cause": found.key}))
    chosen = _chosen(files)
    notes += [_left_out(file, chosen[0]) for file in files if file not in chosen]
    return _judged(draft, settings, chosen, notes)


def _looked_at(
    attachment: Attachment, content: bytes, settings: ConnectionSettings, allowed: Collection[str]
) -> _File | Problem:
    name, kind, rules = attachment.file_name, attachment.media_type, settings.documents.en16931
    try:
        file_name, problem, examination = examiner().check(name, kind, content, allowed, rules=rules)
    except NotExamined as error:
        return Problem("document_not_examined", {"file_name": name, "reason": str(error)})
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
    draft: Draft, settings: ConnectionSettings, chosen: Sequence[_File], notes: Sequence[Because]
) -> JudgedFiles:
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
        return JudgedFiles(problems=tuple(problems), because=tuple(because))
    return JudgedFiles(tuple((_as_filed(file), file.content) for file in chosen), because=tuple(because))


def _as_filed(file: _File) -> Attachment:
    """The attachment as DATEV gets it: an e-invoice may have been renamed by its content."""
    kind = media_type(file.file_name) if file.examination.is_einvoice else file.attachment.media_type
    return msgspec.structs.replace(file.attachment, file_name=file.file_name, media_type=kind)


def _substituted(draft: Draft, settings: ConnectionSettings, allowed: Collection[str]) -> JudgedFiles:
    if draft.voucher.kind == Kind.PAYMENT:
        # A payment's document is the bank statement, which is not ours to write.
        return JudgedFiles()
    made = substitute(draft, settings.documents, settings.rules)
    if isinstance(made, Problem):
        return JudgedFiles(problems=(made,))
    name = made.attachment.file_name
    wrong = inspect(name, made.attachment.media_type, made.content, allowed)
    if wrong is not None:
        return JudgedFiles(problems=(wrong,))
    return JudgedFiles(((made.attachment, made.content),), because=made.because)
