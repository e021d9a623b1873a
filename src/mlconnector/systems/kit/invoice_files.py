"""Which of the files beside a record is its invoice: chosen by rule, where that says enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from mlconnector.errors import ConnectorError, NeedsHuman
from mlconnector.formats.document_names import LARGEST
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.setting_types import Pattern, Table

PDF = "application/pdf"
_MEDIA_TYPES = {".pdf": PDF, ".xml": "application/xml"}


class FileRule(Table):
    """How the invoice is found among several files.

    Files whose name matches `pattern` are preferred to others; of the others, those that match `ignore`
    never are the invoice. `missing` says what happens when no file is left: `render` lets the flow make a
    PDF, `hold` asks.
    """

    pattern: Pattern
    ignore: Pattern = r"(?i)(angebot|offerte|quot(e|ation)|offer|proposal|lieferschein|vertrag|contract)"
    missing: Literal["render", "hold"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be the invoice; `hindrance` is the problem that keeps it from being taken, if any."""

    external_id: str
    name: str
    media_type: str
    size: int | None = None
    hindrance: str = ""


def media_type(name: str, without_ending: str = "", other: str = "") -> str:
    """What a file is by the ending of its name: PDF, XML or `other`; `without_ending` where it has none."""
    suffix = PurePosixPath(name).suffix.lower()
    return _MEDIA_TYPES.get(suffix, other) if suffix else without_ending


def chosen(
    files: Sequence[Candidate], rule: FileRule, title: str
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The invoice among the files of the record `title`, and what is wrong with it.

    One PDF and one XML are an e-invoice and its picture, told apart once they are read; the PDF comes first.
    Nothing found and no problem means that there is no file that could be the invoice.
    """
    usable = [file for file in files if not file.hindrance]
    preferred = [file for file in usable if re.search(rule.pattern, file.name)]
    found = preferred or [file for file in usable if not re.search(rule.ignore, file.name)]
    found.sort(key=lambda file: file.media_type)
    if len(found) > 1 and [file.media_type for file in found] != sorted(_MEDIA_TYPES.values()):
        names = ", ".join(clean(file.name) for file in files if file in found)
        return (), [Problem("document_ambiguous", {"title": title, "files": names})]
    if not found:
        named = next((file for file in files if re.search(rule.pattern, file.name)), None)
        facts = {"title": title, "file": clean(named.name) if named else ""}
        return (), [Problem(named.hindrance, facts)] if named else []
    attachments = tuple(
        Attachment(
            external_id=file.external_id,
            file_name=clean(file.name),
            media_type=file.media_type,
            size=file.size,
        )
        for file in found
    )
    return attachments, too_large(attachments)


def too_large(attachments: Sequence[Attachment]) -> list[Problem]:
    """A problem for each file that is known to be larger than DATEV takes."""
    return [
        Problem(
            "document_too_large",
            {"file": each.file_name, "size": str(each.size), "limit": str(LARGEST)},
        )
        for each in attachments
        if each.size is not None and each.size > LARGEST
    ]


def nothing_found(rule: FileRule, title: str) -> list[Problem]:
    """What it means that the record `title` has no invoice file: nothing where the flow may make one."""
    return [Problem("document_missing", {"title": title})] if rule.missing == "hold" else []


def downloaded(
    attachment_id: str, limit: int, read: Callable[[], bytes | None], not_found: type[ConnectorError]
) -> bytes:
    """The bytes of an attachment, as `read` gives them (None: more than `limit`).

    Raises NeedsHuman when it is gone, for which `read` raises `not_found`, too large, or empty.
    """
    facts = {"file": attachment_id, "limit": str(limit)}
    try:
        content = read()
    except not_found as error:
        raise NeedsHuman(Problem("document_gone", facts)) from error
    if content is None or len(content) > limit:
        raise NeedsHuman(Problem("document_too_large", facts))
    if not content:
        raise NeedsHuman(Problem("document_empty", facts))
    return content
