"""Preview files: the EXTF files that a run would send, written for somebody to look at and to check.

Their Bezeichnung and their names say that they are a preview. Belegbilder are not linked in them, because
nothing was filed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import booking_header, encoding_of, label_of, source_word
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.formats.extf import BookingRows, Header, label_field, limit, split, write
from mlconnector.formats.names import batch_id, extf_file_name

_MARK = "Vorschau"


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """A file of one client and month, with the name that it gets where none is asked for."""

    name: str
    period: str
    rows: int
    content: bytes


def preview_files(context: Context, shown: Sequence[Previewed]) -> Iterator[PreviewFile]:
    """The files for what was previewed, oldest month first, by the writer that a run uses.

    What goes to DATEV in another format is left out, and statistical bookings have files of their own, the
    last ones. Nothing is stored.
    """
    for statistical in (False, True):
        yield from _files(context, shown, statistical=statistical)


def _files(context: Context, shown: Sequence[Previewed], *, statistical: bool) -> Iterator[PreviewFile]:
    settings = context.settings
    books = settings.rules.books
    bookings = {
        entry.content_key: (entry, booking)
        for one in shown
        if one.channel == "extf"
        for entry, booking in zip(one.entries, one.bookings, strict=True)
        if entry.is_statistical == statistical
    }
    entries = (entry for entry, _ in bookings.values())
    for period in split(entries, books.fiscal_year_start):
        made = [bookings[entry.content_key][1] for entry in period.entries]
        month = f"{period.date_from:%Y-%m}"
        label, _ = label_field(f"{_MARK} {label_of(settings, month, statistical=statistical)}")
        header = booking_header(settings, period, label, context.now())
        for group in limit(header, made, encoding=encoding_of(books)):
            word = source_word(settings, statistical=statistical)
            yield _file(context, month, word, header, group)


def _file(
    context: Context, month: str, word: str, header: Header, group: tuple[BookingRows, ...]
) -> PreviewFile:
    settings = context.settings
    rows = [row for booking in group for row in booking.rows]
    written = write(header, rows, encoding=encoding_of(settings.rules.books))
    batch = batch_id(settings.client, month, "extf", [one.content_key for one in group])
    file_name = extf_file_name(f"{_MARK}-{word}", month, batch)
    return PreviewFile(file_name, month, written.rows, written.content)
