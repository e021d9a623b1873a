"""Entries into files: one month of one fiscal year each, within DATEV's limits, no entry torn apart."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mlconnector.formats.extf.header import Header, first_day
from mlconnector.formats.extf.lines import CODECS
from mlconnector.formats.extf.rows import BookingRows
from mlconnector.formats.extf.text import Encoding
from mlconnector.formats.extf.writer import LINE_END, LinePlan, write
from mlconnector.model.entries import Entry

# DATEV refuses more than 99,999 rows and 50 MB; one source reports 99,997 usable rows.
MAX_ROWS = 99_990
MAX_BYTES = 50_000_000
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Period:
    """The entries of one calendar month, which is also a part of one fiscal year."""

    fiscal_year_start: date
    date_from: date
    date_to: date
    entries: tuple[Entry, ...]


class TooLarge(ValueError):
    """One entry alone exceeds what a file may hold; `content_key` names it."""

    def __init__(self, content_key: str, rows: int, size: int) -> None:
        super().__init__(f"entry {content_key} alone has {rows} rows and {size} bytes")
        self.content_key = content_key
        self.rows = rows
        self.size = size


def split(entries: Iterable[Entry], fiscal_year_start_month: int = 1) -> tuple[Period, ...]:
    """Entries by the month in which they are booked, oldest first; within a month they keep their order.

    A month lies in one fiscal year, so neither two years nor two periods meet in a file. Raises
    ValueError for a month that is none.
    """
    if not 1 <= fiscal_year_start_month <= _MONTHS:
        raise ValueError(f"{fiscal_year_start_month} is not a month")
    months: dict[tuple[int, int], list[Entry]] = {}
    for entry in entries:
        months.setdefault((entry.posted_on.year, entry.posted_on.month), []).append(entry)
    return tuple(
        Period(
            fiscal_year_start=first_day(date(year, month, 1), fiscal_year_start_month),
            date_from=date(year, month, 1),
            date_to=date(year, month, monthrange(year, month)[1]),
            entries=tuple(months[year, month]),
        )
        for year, month in sorted(months)
    )


def limit(
    header: Header,
    bookings: Iterable[BookingRows],
    *,
    encoding: Encoding = "utf-8-bom",
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[tuple[BookingRows, ...]]:
    """Entries in groups that each fit into one file, in order; an entry's rows stay together.

    Sizes are those of the lines as they will be written. Raises `TooLarge` for an entry that fits into no
    file, and what `write` raises.
    """
    plan = LinePlan.of(header.layout, encoding)
    empty = len(write(header, (), encoding=encoding).content)
    group: list[BookingRows] = []
    rows, size = 0, empty
    for booking in bookings:
        added = _size(plan, booking, encoding)
        if len(booking.rows) > max_rows or empty + added > max_bytes:
            raise TooLarge(booking.content_key, len(booking.rows), added)
        if group and (rows + len(booking.rows) > max_rows or size + added > max_bytes):
            yield tuple(group)
            group, rows, size = [], 0, empty
        group.append(booking)
        rows, size = rows + len(booking.rows), size + added
    if group:
        yield tuple(group)


def _size(plan: LinePlan, booking: BookingRows, encoding: Encoding) -> int:
    codec = CODECS[encoding]
    lines, _ = plan.lines(booking.rows)
    return sum(len(line.encode(codec)) + len(LINE_END) for line in lines)
