"""Which attachment of a sale or purchase is the picture of a document; chosen by rule, never by date."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Attachment
from mlconnector.systems.cin7.names import folded
from mlconnector.systems.cin7.settings import Documents
from mlconnector.systems.cin7.shapes import Attachment as File
from mlconnector.systems.kit import invoice_files
from mlconnector.systems.kit.fields import clean
from mlconnector.systems.kit.invoice_files import Candidate, media_type, nothing_found

_NOT_IN_NUMBERS = re.compile(r"[^0-9a-z]+")


def chosen(
    files: Sequence[File], record: str, number: str | None, numbers: Sequence[str], rule: Documents
) -> tuple[tuple[Attachment, ...], list[Problem]]:
    """The files of the document `number` among those of its record, which holds documents of `numbers`.

    A file that names another document of the record is not this one's; one that names this document goes
    before those that name none.
    """
    title = number or record
    usable = [file for file in files if media_type(clean(file.file_name))]
    others = [other for other in numbers if other != number]
    free = [
        file
        for file in usable
        if not any(_names(file, other) for other in others if not _within(other, number))
    ]
    own = [file for file in free if number and _names(file, number)]
    candidates = [
        Candidate(f"{record}/{folded(file.id)}", clean(file.file_name), media_type(clean(file.file_name)))
        for file in (own or (free if len(numbers) < 2 else []))
    ]
    attachments, problems = invoice_files.chosen(candidates, rule, title)
    return attachments, problems or ([] if attachments else nothing_found(rule, title))


def _names(file: File, number: str) -> bool:
    return _plain(number) in _plain(clean(file.file_name))


def _within(other: str, number: str | None) -> bool:
    """Whether a number is part of this document's own, so that every file of it would name both."""
    return number is not None and _plain(other) in _plain(number)


def _plain(text: str) -> str:
    return _NOT_IN_NUMBERS.sub("", text.lower())
