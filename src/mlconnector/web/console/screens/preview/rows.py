"""Rows of a Buchungsliste for a page: only the columns that it has a use for, and what stands beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mlconnector.flow.preview.decided import Decided, Moved
from mlconnector.flow.preview.list_rows import (
    COLUMNS,
    Column,
    ShownRow,
    day_and_month,
    in_words,
    is_credit_note,
    reasons,
    shown_rows,
    value_in_words,
    why_in_words,
)
from mlconnector.mapping.postings import Posting
from mlconnector.mapping.rules import Rules
from mlconnector.texts.catalogue import word
from mlconnector.texts.language import Language
from mlconnector.web.console.pages import Say
from mlconnector.web.console.reason_places import place_of

_GRANTED = frozenset({"", "EUR"})
_UNDER = {"account": "account_name", "contra_account": "contra_name", "tax_key": "tax_case"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a column, and what stands beneath in grey."""

    key: str
    text: str
    under: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Why:
    """Why a field has its value, in words; `place` is where that is changed, empty where nowhere."""

    field: str
    value: str
    reason: str
    place: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row; `is_first` is the first one of its booking, `notes` are what it says of itself in words."""

    cells: tuple[Cell, ...]
    is_first: bool
    voucher: str
    stand: str
    file_name: str
    label: str
    notes: tuple[str, ...]
    postings: tuple[Posting, ...]
    why: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a page beneath their columns; `year` is that of all of them, 0 where they have several."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    year: int
    moved: Moved


def listing_of(
    found: Sequence[Decided], first: int, rules: Rules, spoken: Language, say: Say, *, why_of: str = ""
) -> Listing:
    """Bookings as rows; the first booking has the number `first`.

    Rows say why each field has its value where `why_of` names the connection whose rules gave it.
    """
    rows = [
        (number, one, row)
        for number, one in enumerate(found, start=first)
        for row in shown_rows(one.previewed, number, rules, spoken)
    ]
    days = {row.cells["date"] for _, _, row in rows}
    years = {day.year for day in days if isinstance(day, date)}
    year = years.pop() if len(years) == 1 else 0
    texts = [{column.key: _text(column, row, year, spoken) for column in COLUMNS} for _, _, row in rows]
    columns = tuple(one for one in COLUMNS if {text[one.key] for text in texts} - _GRANTED)
    moved = Moved()
    for one in found:
        for entry in one.previewed.entries:
            moved.add(entry)
    lines = tuple(
        Line(
            cells=tuple(_cell(column, text, row, number) for column in columns),
            is_first=row.listed.number == 1,
            voucher=one.voucher,
            stand=one.stand or "refused",
            file_name=one.file_name or "",
            label=one.previewed.number or one.previewed.external_id,
            notes=tuple(_notes(row, say)),
            postings=row.listed.postings,
            why=tuple(_why(row, why_of, spoken)) if why_of else (),
        )
        for (number, one, row), text in zip(rows, texts, strict=True)
    )
    return Listing(columns, lines, year, moved)


def _text(column: Column, row: ShownRow, year: int, spoken: Language) -> str:
    value = row.cells[column.key]
    if column.key == "date" and year:
        return day_and_month(value)
    return in_words(value, spoken)


def _cell(column: Column, text: dict[str, str], row: ShownRow, number: int) -> Cell:
    shown = str(number) if column.key == "nr" else text[column.key]
    return Cell(
        column.key,
        shown,
        str(row.cells[_UNDER[column.key]] or "") if column.key in _UNDER else "",
        column.right,
    )


def _notes(row: ShownRow, say: Say) -> list[str]:
    notes = []
    if is_credit_note(row.voucher):
        invoice = row.cells["refers_to"]
        notes.append(say("note_credit_note", invoice=invoice) if invoice else say("note_credit_note_alone"))
    if row.listed.entry.kind == "reversal":
        notes.append(say("note_reversal"))
    if row.listed.marked:
        notes.append(say("note_generalumkehr"))
    return notes


def _why(row: ShownRow, connection: str, spoken: Language) -> list[Why]:
    return [
        Why(
            word("field", one.field, spoken),
            value_in_words(one, spoken) or "–",
            why_in_words(one, spoken),
            place_of(connection, one.field, one.rule, one.facts),
        )
        for one in reasons(row)
    ]


def sides(one: Posting) -> tuple[Decimal | None, Decimal | None]:
    """A posting in debit and in credit."""
    return (one.amount, None) if one.side == "S" else (None, one.amount)
