"""Which kind of voucher each row of one of our batches books: its bytes do not say it, its bookings do."""

from __future__ import annotations

from collections.abc import Iterable

from mlconnector.flow.warehouse.read_file import ReadFile
from mlconnector.model.entries import Entry
from mlconnector.systems.warehouse import Row


def voucher_kinds(read: ReadFile, booked: Iterable[Entry]) -> list[str | None]:
    """The kind of voucher of each line by the bookings of the batch; None where they leave it open."""
    kinds: dict[object, set[str]] = {}
    for entry in booked:
        kinds.setdefault(entry.content_key, set()).add(entry.voucher_kind)
        document = None if entry.document is None else str(entry.document)
        for line in entry.lines:
            said = (line.account, line.contra_account, abs(line.amount), document)
            kinds.setdefault(said, set()).add(entry.voucher_kind)
    known = read.content_keys or [_said(line) for line in read.lines]
    return [_only(kinds.get(one, set())) for one in known]


def _said(line: Row) -> object:
    return line["account"], line["contra_account"], abs(line["amount"]), line["document_id"]


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None
