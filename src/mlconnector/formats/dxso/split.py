"""Entries into jobs: one ledger and one month each, within limits of documents and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlconnector.formats.dxso.ledger import LedgerFile
from mlconnector.formats.dxso.package import PackedDocument
from mlconnector.model.entries import Entry, Ledger

MAX_DOCUMENTS = 500
MAX_BYTES = 50_000_000
"""Our own limits for one job; DATEV's are 4,999 documents and 465 MB, which it asks not to use up."""


@dataclass(frozen=True, slots=True)
class Job:
    """The entries of one ledger and one month (`YYYY-MM`)."""

    ledger: Ledger
    month: str
    entries: tuple[Entry, ...]


class TooLarge(ValueError):
    """One document alone is larger than a job may be; `content_key` names it."""

    def __init__(self, content_key: str, size: int) -> None:
        super().__init__(f"entry {content_key} alone has {size} bytes with its images")
        self.content_key = content_key
        self.size = size


def split(entries: Iterable[Entry]) -> tuple[Job, ...]:
    """Entries by the month of their document date, oldest first, and by ledger; their order is kept.

    The month is that of the document, also of a late one: a ledger row has no other date to be booked on.
    """
    jobs: dict[tuple[str, Ledger], list[Entry]] = {}
    for entry in entries:
        jobs.setdefault((f"{entry.document_date:%Y-%m}", entry.ledger), []).append(entry)
    return tuple(Job(ledger, month, tuple(group)) for (month, ledger), group in sorted(jobs.items()))


def limit(
    documents: Iterable[tuple[PackedDocument, LedgerFile]],
    *,
    max_documents: int = MAX_DOCUMENTS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[tuple[tuple[PackedDocument, LedgerFile], ...]]:
    """The documents in groups that fit one job each, in their order; raises `TooLarge`."""
    group: list[tuple[PackedDocument, LedgerFile]] = []
    size = 0
    for document, made in documents:
        added = len(made.content) + sum(image.size for image in document.images)
        if added > max_bytes:
            raise TooLarge(made.content_key, added)
        if group and (len(group) >= max_documents or size + added > max_bytes):
            yield tuple(group)
            group, size = [], 0
        group.append((document, made))
        size += added
    if group:
        yield tuple(group)
