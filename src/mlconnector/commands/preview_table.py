"""The Buchungsliste in a terminal: one page after the other, each as wide as the terminal allows.

Columns that a page has no use for are left out. What does not fit beside the amounts and accounts (the text,
the document, the cost centres) goes to a second line beneath its row, so that nothing is lost in a narrow
terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from mlconnector.commands.output import console
from mlconnector.commands.preview_rows import (
    COLUMNS,
    Column,
    ShownRow,
    day_and_month,
    in_words,
    is_credit_note,
    reason_in_words,
    reasons,
)
from mlconnector.flow.preview.preview import MADE
from mlconnector.mapping.postings import Posting
from mlconnector.texts.catalogue import Language, sentence, word

_INDENT = 4
_GAP = 2
_SHORTEST_TEXT = 20
_GRANTED = frozenset({"", "EUR"})
# What goes to the second line together while a row is too wide.
_LEAVE: tuple[tuple[str, ...], ...] = (
    (),
    ("text", "document", "status"),
    ("cost_centre_1", "cost_centre_2", "discount"),
    ("exchange_rate", "base_amount"),
    ("document_field_2", "currency"),
)
_PLAIN = frozenset({"text", "document", "status"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is shown beneath a row."""

    accounts: bool = False
    postings: bool = False
    why: bool = False


def print_page(rows: Sequence[ShownRow], wanted: Wanted, spoken: Language) -> None:
    """Print rows under their headings."""
    cells = [{column.key: _cell(column, row, spoken) for column in COLUMNS} for row in rows]
    used = [column for column in COLUMNS if {row[column.key] for row in cells} - _GRANTED]
    widths = {
        column.key: max(cell_len(column.heading), *(cell_len(row[column.key]) for row in cells))
        for column in used
    }
    beside, beneath = _placed(used, widths)
    headings = {column.key: column.heading for column in beside}
    console.print(Text(_line(headings, beside, widths), style="bold"))
    for row, shown in zip(rows, cells, strict=True):
        console.print(Text(_line(shown, beside, widths)))
        for line in _beneath(row, shown, beneath, wanted, spoken):
            console.print(Text(line, style="dim"))


def _placed(used: Sequence[Column], widths: dict[str, int]) -> tuple[list[Column], list[Column]]:
    """The columns that fit into a line, with the width of the text, and those that go beneath."""
    beside, beneath = list(used), []
    natural = widths.get("text", 0)
    for leaving in _LEAVE:
        beneath += [column for column in beside if column.key in leaving]
        beside = [column for column in beside if column.key not in leaving]
        fixed = sum(widths[column.key] for column in beside if column.key != "text")
        room = console.width - fixed - _GAP * (len(beside) - 1)
        has_text = any(column.key == "text" for column in beside)
        if room >= (min(natural, _SHORTEST_TEXT) if has_text else 0):
            widths["text"] = min(natural, room) if has_text else natural
            break
    return beside, sorted(beneath, key=COLUMNS.index)


def _cell(column: Column, row: ShownRow, spoken: Language) -> str:
    value = row.cells[column.key]
    if column.key == "date":
        return day_and_month(value)
    if column.key == "document" and row.voucher.document:
        return _clip() if row.voucher.document != MADE else word("document", MADE, spoken)
    return in_words(value, spoken)


def _clip() -> str:
    """A paper clip where the terminal knows one."""
    return "📎" if console.encoding.lower().startswith("utf") else "+"


def _line(cells: dict[str, str], columns: Sequence[Column], widths: dict[str, int]) -> str:
    parts = []
    for column in columns:
        cell, width = cells[column.key], widths[column.key]
        if cell_len(cell) > width:
            cell = f"{set_cell_size(cell, width - 1)}…"
        space = " " * (width - cell_len(cell))
        parts.append(f"{space}{cell}" if column.right else f"{cell}{space}")
    return (" " * _GAP).join(parts).rstrip()


def _beneath(
    row: ShownRow, cells: dict[str, str], columns: Sequence[Column], wanted: Wanted, spoken: Language
) -> Iterator[str]:
    more = [
        cells[column.key] if column.key in _PLAIN else f"{column.heading} {cells[column.key]}"
        for column in columns
        if cells[column.key] and (column.key != "currency" or cells[column.key] not in _GRANTED)
    ]
    if is_credit_note(row.voucher):
        more.append(sentence("preview_credit_note", {"invoice": str(row.cells["refers_to"] or "")}, spoken))
    if more:
        yield from _wrapped(" · ".join(more))
    if wanted.accounts:
        yield from _wrapped(" · ".join(_accounts(row)))
    if wanted.postings:
        yield from _postings(row.listed.postings, spoken)
    if wanted.why:
        for reason in reasons(row):
            yield from _wrapped(reason_in_words(reason, spoken))


def _accounts(row: ShownRow) -> list[str]:
    pairs = (("account", "account_name"), ("contra_account", "contra_name"))
    return [f"{row.cells[number]} {row.cells[name] or '–'}" for number, name in pairs]


def _postings(made: Sequence[Posting], spoken: Language) -> Iterator[str]:
    """Soll and Haben of a row, one beneath the other."""
    lines = [
        (
            "Soll" if one.side == "S" else "Haben",
            one.account or "–",
            one.name,
            f"{in_words(one.amount, spoken)} {one.currency}",
        )
        for one in made
    ]
    widths = [max(cell_len(line[at]) for line in lines) for at in range(4)]
    room = max(console.width - _INDENT - sum(widths) + widths[2] - 3 * _GAP, _SHORTEST_TEXT)
    widths[2] = min(widths[2], room)
    for side, account, name, amount in lines:
        named = name if cell_len(name) <= widths[2] else f"{set_cell_size(name, widths[2] - 1)}…"
        left = [set_cell_size(side, widths[0]), set_cell_size(account, widths[1])]
        parts = [*left, set_cell_size(named, widths[2]), amount.rjust(widths[3])]
        yield " " * _INDENT + (" " * _GAP).join(parts)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        console.width,
        initial_indent=" " * _INDENT,
        subsequent_indent=" " * (_INDENT + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
