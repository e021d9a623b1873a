"""The files of a previewed voucher, judged as the run would, without a word to the sink.

Which kinds of files a client takes only the sink says. Where it has not said so, only PDFs are sure to be
taken: what is found in others is told, but a voucher of which nothing was found counts as not examined.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlconnector.errors import RetryLater
from mlconnector.flow.context.context import Context
from mlconnector.flow.decide.documents.booking_documents import extensions
from mlconnector.flow.decide.documents.judged_files import UNAVAILABLE, fetched, judge
from mlconnector.flow.decide.documents.notes import known_notes
from mlconnector.flow.decide.documents.own_documents import missing_document
from mlconnector.flow.preview.booking_list import Files
from mlconnector.formats.document_names import KNOWN_EXTENSIONS
from mlconnector.mapping.drafts import Draft
from mlconnector.model.entries import Because
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Kind


@dataclass(frozen=True, slots=True)
class VoucherFiles:
    """Whether the files were examined, what keeps the voucher from being booked, and what is to be said.

    `linked` is the name of the one that the booking would link, where that is known.
    """

    files: Files = "none"
    linked: str = ""
    problems: tuple[Problem, ...] = ()
    because: tuple[Because, ...] = ()


def files_of(context: Context, draft: Draft, *, examine: bool) -> VoucherFiles:
    """What is known of the files of a voucher; `examine` lets them be fetched and looked into."""
    settings, voucher = context.settings, draft.voucher
    if (
        draft.is_statistical
        or not settings.takes_documents
        or (not voucher.attachments and voucher.kind == Kind.PAYMENT)
    ):
        return VoucherFiles()
    if not voucher.attachments:
        missing = missing_document(voucher, settings.documents)
        return VoucherFiles(problems=() if missing is None else (missing,))
    unseen = VoucherFiles("not_examined", because=known_notes(voucher))
    if not examine:
        return unseen
    try:
        contents = fetched(context, voucher)
    except RetryLater:
        return unseen
    if any(isinstance(one, Problem) and one.key == UNAVAILABLE for one in contents):
        # The run tries again; a list of twenty vouchers does not wait for one file.
        return unseen
    channel = settings.channel_of(voucher)
    allowed = extensions(context.facts, channel) if context.has_facts else KNOWN_EXTENSIONS
    found = judge(draft, contents, settings, allowed)
    linked = found.files[0][0].file_name if found.files else ""
    names = [attachment.file_name for attachment, _ in found.files]
    is_certain = bool(found.problems) or context.has_facts or all(map(_every_client_takes, names))
    return VoucherFiles("examined" if is_certain else "not_examined", linked, found.problems, found.because)


def _every_client_takes(file_name: str) -> bool:
    return file_name.lower().endswith(".pdf")
