"""Which file of a deal is its invoice: chosen by rule, and left to a human where the rule is not enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.kit.values import clean
from mlconnector.systems.pipedrive.settings import Documents
from mlconnector.systems.pipedrive.shapes import File

LARGEST = 20 * 1024 * 1024
_MEDIA_TYPES = {".pdf": "application/pdf", ".xml": "application/xml"}
_OURS = frozenset({None, "", "s3"})


def chosen(
    files: Sequence[File], rule: Documents, title: str
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The invoice among a deal's files, and what is wrong with it.

    Signature pictures (inline), deleted files and files in cloud drives have no bytes to fetch. No file and
    no problem means that the flow makes a PDF.
    """
    present = [file for file in files if file.active_flag and not file.inline_flag]
    usable = [file for file in present if _media_type(file) and file.remote_location in _OURS]
    preferred = [file for file in usable if re.search(rule.pattern, file.title)]
    candidates = preferred or [file for file in usable if not re.search(rule.ignore, file.title)]
    if len(candidates) > 1 and not _are_one_invoice(candidates):
        names = ", ".join(clean(file.title) for file in candidates)
        return (), [Problem("document_ambiguous", {"title": title, "files": names})]
    if not candidates:
        return (), _without_document(present, rule, title)
    candidates = sorted(candidates, key=_suffix)
    too_large = [file for file in candidates if file.file_size is not None and file.file_size > LARGEST]
    problems = [
        Problem(
            "document_too_large",
            {"file": clean(file.title), "size": str(file.file_size), "limit": str(LARGEST)},
        )
        for file in too_large
    ]
    return tuple(_attachment(file) for file in candidates), problems


def _are_one_invoice(candidates: Sequence[File]) -> bool:
    """Whether they are one PDF and one XML: an e-invoice and its picture, told apart once they are read."""
    return sorted(_suffix(file) for file in candidates) == [".pdf", ".xml"]


def _attachment(file: File) -> Attachment:
    return Attachment(
        external_id=str(file.id),
        file_name=clean(file.title),
        media_type=_media_type(file) or "",
        size=file.file_size,
    )


def _without_document(present: Sequence[File], rule: Documents, title: str) -> list[Problem]:
    for file in present:
        if re.search(rule.pattern, file.title):
            remote = file.remote_location not in _OURS
            key = "document_remote" if remote else "document_type_forbidden"
            return [Problem(key, {"title": title, "file": clean(file.title)})]
    return [Problem("document_missing", {"title": title})] if rule.missing == "hold" else []


def _media_type(file: File) -> str | None:
    return _MEDIA_TYPES.get(_suffix(file))


def _suffix(file: File) -> str:
    return PurePosixPath(file.title).suffix.lower()
