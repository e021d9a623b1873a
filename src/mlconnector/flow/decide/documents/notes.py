"""What there is to say of a voucher's files before anybody has looked into them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mlconnector.model.entries import Because, Entry
from mlconnector.model.vouchers import Voucher

LARGE = 500 * 1024
"""Bytes above which DATEV asks to tell the user: such documents are slow to open and to transfer."""


def size_note(file_name: str, size: int) -> tuple[Because, ...]:
    """A note on a document that is large, though not too large."""
    if size <= LARGE:
        return ()
    return (Because("document", file_name, "document_large", {"size": str(size)}),)


def known_notes(voucher: Voucher) -> tuple[Because, ...]:
    """The notes on the files of a voucher, as far as the source says how large they are."""
    return tuple(note for one in voucher.attachments for note in size_note(one.file_name, one.size or 0))


def noted(made: Entry, notes: Sequence[Because]) -> Entry:
    """The entry with further notes among its reasons."""
    return msgspec.structs.replace(made, because=(*made.because, *notes))
