"""Preview files: the EXTF files that a run would send, written for somebody to look at and to check.

Their Bezeichnung and their names say that they are a preview. Belegbilder are not linked in them, because
nothing was filed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import booking_header, encoding_of
from mlconnector.flow.preview.booking_list import Previewed
from mlconnector.formats.extf import BookingRows, Header, Period, label_field, limit, split, write
from mlconnector.formats.names import batch_id, extf_file_name

_MARK = "Vorschau"


@dataclass(frozen=True, slots=True)
class PreviewFile:
    """A file of one client and month, with the name that it gets where none is asked for."""

    name: str
    period: str
    rows: int
    content: bytes


def preview_files(context: Context, shown: Iterable[Previewed]) -> Iterator[PreviewFile]:
    """The files for what was previewed, oldest month first, by the writer that a run uses.

    What goes to DATEV in another format is left out. Nothing is stored.
    """
    settings = context.settings
    books = settings.rules.books
    bookings = {
        entry.content_key: (entry, booking)
        for one in shown
        if one.channel == "extf"
        for entry, booking in zip(one.entries, one.bookings, strict=True)
    }
    entries = (entry for entry, _ in bookings.values())
    for period in split(entries, books.fiscal_year_start):
        made = [bookings[entry.content_key][1] for entry in period.entries]
        settings = context.settings
        label, _ = label_field(f"{_MARK} {settings.source_system.name} {period.date_from:%Y-%m}")
        header = booking_header(settings, period, label, context.now())
        for group in limit(header, made, encoding=encoding_of(books)):
            yield _file(context, period, header, group)


def _file(context: Context, period: Period, header: Header, group: tuple[BookingRows, ...]) -> PreviewFile:
    settings = context.settings
    month = f"{period.date_from:%Y-%m}"
    rows = [row for booking in group for row in booking.rows]
    written = write(header, rows, encoding=encoding_of(settings.rules.books))
    batch = batch_id(settings.client, month, "extf", [one.content_key for one in group])
    file_name = extf_file_name(f"{_MARK}-{settings.source_system.name}", month, batch)
    return PreviewFile(file_name, month, written.rows, written.content)
