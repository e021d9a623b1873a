"""The Buchungsliste: every booking as DATEV would get it, with what DATEV makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from mlconnector.flow.context.files import encoding_of
from mlconnector.flow.decide.rows import rows_of
from mlconnector.formats.extf import BOOKINGS, BookingRows, Change, Row, category
from mlconnector.formats.extf.columns import Bookings
from mlconnector.formats.extf.writer import LinePlan
from mlconnector.mapping.channels import Channel
from mlconnector.mapping.postings import Posting, TaxDifference, postings, tax_differences
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Because, Entry, EntryLine
from mlconnector.model.problems import Problem
from mlconnector.model.vouchers import Voucher

Files = Literal["none", "examined", "not_examined"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row: the line of its entry, its values by DATEV's column names, and the postings that it becomes.

    `number` counts the lines of the entry, beginning with 1. `marked` says that the row is written as a
    Generalumkehr.
    """

    entry: Entry
    line: EntryLine
    number: int
    row: Row
    postings: tuple[Posting, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class Previewed:
    """One voucher as it would be booked: its rows, or why there are none.

    `bookings` are the rows as a file takes them, one for each entry: those that take back what DATEV has come
    first. `changes` are all texts that are written otherwise than they were given. `document` is the file
    that would be linked (empty where none would be, `made` where one would be made of the voucher).
    `files` says whether the files of the source were looked into: a voucher whose file is `not_examined` may
    yet be held for it. `new_person` is the number that the party would be given. `ignored` says why nothing
    new is booked. `corrects` says that a reversal which is not among the rows goes before them.
    """

    external_id: str
    number: str = ""
    title: str = ""
    voucher: Voucher | None = None
    channel: Channel = "extf"
    listed: tuple[Listed, ...] = ()
    bookings: tuple[BookingRows, ...] = ()
    changes: tuple[Change, ...] = ()
    differences: tuple[TaxDifference, ...] = ()
    document: str = ""
    files: Files = "none"
    new_person: str = ""
    problems: tuple[Problem, ...] = ()
    ignored: str = ""
    corrects: bool = False

    @property
    def rows(self) -> tuple[Mapping[str, Any], ...]:
        """The rows by DATEV's column names."""
        return tuple(one.row for one in self.listed)

    @property
    def because(self) -> tuple[Because, ...]:
        """Why the fields of the bookings have their values."""
        return tuple(because for entry in self.entries for because in entry.because)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The bookings, in the order of their rows."""
        found: dict[str, Entry] = {one.entry.content_key: one.entry for one in self.listed}
        return tuple(found.values())


def listed(one: Previewed, entries: Sequence[Entry], rules: Rules) -> Previewed:
    """The same voucher with the rows of its entries."""
    bookings = [rows_of(entry, rules.books) for entry in entries]
    plan = LinePlan.of(category(BOOKINGS, rules.books.format_version), encoding_of(rules.books))
    changes: list[Change] = []
    for booking in bookings:
        changes += [*booking.changes, *(replace(change, line=None) for change in plan.lines(booking.rows)[1])]
    return replace(
        one,
        listed=tuple(
            row
            for entry, booking in zip(entries, bookings, strict=True)
            for row in _rows(entry, booking, rules)
        ),
        bookings=tuple(bookings),
        changes=tuple(dict.fromkeys(changes)),
        differences=_differences(one.voucher, entries, rules),
    )


def _rows(entry: Entry, booking: BookingRows, rules: Rules) -> list[Listed]:
    made = postings(entry, rules)
    return [
        Listed(
            entry=entry,
            line=line,
            number=number,
            row=row,
            postings=tuple(posting for posting in made if posting.of_line == number),
            marked=Bookings.REVERSAL.name in row or row.get(Bookings.TAX_KEY.name, "") != line.tax_key,
        )
        for number, (line, row) in enumerate(zip(entry.lines, booking.rows, strict=True), start=1)
    ]


def _differences(
    voucher: Voucher | None, entries: Sequence[Entry], rules: Rules
) -> tuple[TaxDifference, ...]:
    if voucher is None:
        return ()
    return tuple(
        difference
        for entry in entries
        if entry.kind == "original"
        for difference in tax_differences(voucher, entry, rules)
    )
