"""Rows to bytes: every value is checked against the dictionary, text is cleaned, and all columns are written.

A line begins as the constants of its empty columns; only filled columns are rendered. Values that repeat
(accounts, sides, dates, keys) are rendered once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache

from mlconnector.formats.extf.dictionary import Category, Field
from mlconnector.formats.extf.header import Header
from mlconnector.formats.extf.lines import BYTE_ORDER_MARKS, CODECS
from mlconnector.formats.extf.rows import Row, Value
from mlconnector.formats.extf.text import Change, Encoding, clean, has_control_characters

LINE_END = "\r\n"
_LINES_BEFORE_ROWS = 2
_REMEMBERED_VALUES = 4096
_BEYOND_ANY_FIELD = 10**15
_DATE_OUT: Mapping[str, str] = {"TTMM": "%d%m", "TTMMJJJJ": "%d%m%Y", "JJJJMMTT": "%Y%m%d"}

Render = Callable[[Value, list[Change]], str]


class Unwritable(ValueError):
    """A value that DATEV would not take; `line` is its line in the file to be written."""

    def __init__(self, line: int, field: str, value: object, reason: str) -> None:
        super().__init__(f"line {line}, {field}: {value!r}: {reason}")
        self.line = line
        self.field = field
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: its bytes, its number of data rows, and every text that was changed to fit."""

    content: bytes
    rows: int
    changes: tuple[Change, ...]


def write(header: Header, rows: Iterable[Row], *, encoding: Encoding = "utf-8-bom") -> Written:
    """The file of a header and its rows; raises `BadHeader` and `Unwritable`, and never writes part of it.

    Rows are values by DATEV's column names: text, accounts and keys as str, amounts as Decimal (never
    rounded here), dates as date, flags and numbers as int. Text that may be shortened is cleaned for the
    encoding and listed; every other value must be right.
    """
    plan = LinePlan.of(header.layout, encoding)
    first_two = [";".join(header.fields()), ";".join(header.layout.headings)]
    lines, changes = plan.lines(rows)
    text = LINE_END.join([*first_two, *lines, ""])
    mark = BYTE_ORDER_MARKS["utf-8-bom"] if encoding == "utf-8-bom" else b""
    return Written(mark + text.encode(CODECS[encoding]), len(lines), tuple(changes))


class LinePlan:
    """How the lines of one category, version and encoding are made; it is safe to be used again and again."""

    def __init__(self, layout: Category, encoding: Encoding) -> None:
        if not layout.fields:
            raise ValueError(f"the dictionary has no columns for category {layout.number} ({layout.name})")
        self._empties = [field.empty for field in layout.fields]
        self._required = [field for field in layout.fields if field.is_required(layout.number)]
        # equal values such as 1, True and Decimal(1) are written alike, so they may share what is remembered
        self._columns: dict[str, tuple[int, dict[Value, str] | None, Render]] = {
            field.name: (field.index - 1, _memory(field), _renderer(field, encoding))
            for field in layout.fields
        }

    @staticmethod
    @lru_cache(maxsize=16)
    def of(layout: Category, encoding: Encoding) -> LinePlan:
        """The plan for these columns, made once."""
        return LinePlan(layout, encoding)

    def lines(self, rows: Iterable[Row]) -> tuple[list[str], list[Change]]:
        """All rows as lines without line ends, and the changes with their line in the file."""
        lines: list[str] = []
        changes: list[Change] = []
        for number, row in enumerate(rows, _LINES_BEFORE_ROWS + 1):
            known = len(changes)
            try:
                lines.append(self.line(row, changes))
            except _Refused as refused:
                raise Unwritable(number, refused.field, refused.value, refused.reason) from None
            if len(changes) > known:
                changes[known:] = [replace(change, line=number) for change in changes[known:]]
        return lines, changes

    def line(self, row: Row, changes: list[Change]) -> str:
        """One row as a line; what was changed is added to `changes`."""
        columns = self._columns
        cells = self._empties.copy()
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                raise _Refused(name, value, "is no column of this category and version")
            position, remembered, render = column
            if remembered is None:
                cells[position] = render(value, changes)
            elif (cell := remembered.get(value)) is not None:
                cells[position] = cell
            else:
                cells[position] = render(value, changes)
                if len(remembered) < _REMEMBERED_VALUES:
                    remembered[value] = cells[position]
        for field in self._required:
            if cells[field.index - 1] == field.empty:
                raise _Refused(field.name, "", "must be filled")
        return ";".join(cells)


class _Refused(ValueError):
    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(field)
        self.field = field
        self.value = value
        self.reason = reason


def _memory(field: Field) -> dict[Value, str] | None:
    return None if _is_free_text(field) or field.type == "Betrag" else {}


def _is_free_text(field: Field) -> bool:
    return field.shorten or (field.quoted and field.pattern is None)


def _renderer(field: Field, encoding: Encoding) -> Render:
    if _is_free_text(field):
        return _text_renderer(field, encoding)
    plain = _date_text(field) if field.type == "Datum" else _number_text(field)

    def render(value: Value, _changes: list[Change]) -> str:
        return _checked(field, plain(value), value, encoding)

    return render


def _text_renderer(field: Field, encoding: Encoding) -> Render:
    name, longest = field.name, field.max_length

    def render(value: Value, changes: list[Change]) -> str:
        if not isinstance(value, str):
            raise _Refused(name, value, "must be text")
        if value and field.required == "never":
            raise _Refused(name, value, "stays empty")
        text, changed = clean(value, name, longest, encoding)
        if changed and not field.shorten and changed[-1].reason == "shortened":
            raise _Refused(name, value, f"is longer than {longest} characters and may not be cut")
        if changed:
            changes.extend(changed)
        return f'"{text}"' if '"' not in text else '"' + text.replace('"', '""') + '"'

    return render


def _checked(field: Field, text: str, value: Value, encoding: Encoding) -> str:
    if not text:
        return field.empty
    if field.fault(text) is not None or has_control_characters(text):
        raise _Refused(field.name, value, f"must look like {field.expected}")
    if not field.quoted:
        return text
    try:
        text.encode(CODECS[encoding])
    except UnicodeEncodeError:
        raise _Refused(field.name, value, f"has characters that {encoding} does not know") from None
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _date_text(field: Field) -> Callable[[Value], str]:
    form = _DATE_OUT[field.expected]

    def text(value: Value) -> str:
        return value.strftime(form) if isinstance(value, date) else str(value)

    return text


def _number_text(field: Field) -> Callable[[Value], str]:
    step = Decimal(1).scaleb(-field.decimals)
    as_it_stands = field.pattern if field.type == "Betrag" else None

    def written(value: Value) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, Decimal) and as_it_stands is not None:
            text = str(value).replace(".", ",")
            if as_it_stands.fullmatch(text):
                return text
        number = None if isinstance(value, date) else Decimal(value)
        if number is None or not number.is_finite() or abs(number) >= _BEYOND_ANY_FIELD:
            raise _Refused(field.name, value, f"must look like {field.expected}")
        exact = number.quantize(step)
        if exact != number:
            raise _Refused(field.name, value, f"has more than {field.decimals} decimal places")
        return f"{exact:f}".replace(".", ",")

    return written
