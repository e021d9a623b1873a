"""The files of a deal, and which of them is its invoice."""

from __future__ import annotations

from collections.abc import Sequence

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.kit import invoice_files
from mlconnector.systems.kit.invoice_files import Candidate, media_type, nothing_found
from mlconnector.systems.pipedrive.settings import Documents
from mlconnector.systems.pipedrive.shapes import File

_OURS = frozenset({None, "", "s3"})


def chosen(
    files: Sequence[File], rule: Documents, title: str
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The invoice among a deal's files, and what is wrong with it.

    Signature pictures (inline) and deleted files are none; files in cloud drives have no bytes to fetch.
    """
    present = [_candidate(file) for file in files if file.active_flag and not file.inline_flag]
    found, problems = invoice_files.chosen(present, rule, title)
    return found, problems if found or problems else nothing_found(rule, title)


def _candidate(file: File) -> Candidate:
    kind = media_type(file.title)
    hindrance = "" if kind else "document_type_forbidden"
    if file.remote_location not in _OURS:
        hindrance = "document_remote"
    return Candidate(str(file.id), file.title, kind, file.file_size, hindrance)
