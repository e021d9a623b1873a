"""Reading EXTF files of any category without loss: every record is kept as it stood."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mlconnector.formats.extf.columns import HeaderFields
from mlconnector.formats.extf.dictionary import Category, category, unique_names
from mlconnector.formats.extf.header import Header, parse_header
from mlconnector.formats.extf.lines import Defect, FileEncoding, Record, Records, split_cells, value_of

FORMAT_MARKS = ("EXTF", "DTVF")
_LEAST_HEADER_FIELDS = HeaderFields.FORMAT_VERSION.number
_DEFECTS: Mapping[Defect, str] = {
    "undecodable": "has bytes that do not exist in the encoding of the file",
    "quotes": "has quotes that do not close, or one inside a field that is not doubled",
    "too_long": "is longer than 1 MiB",
}


class Unreadable(ValueError):
    """A file that cannot be read further: `line` says where, `reason` why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Preamble:
    """The first two lines of a file: header and headings, and what they say about the columns.

    `names` are DATEV's names of the columns where the dictionary has the category (whatever the file
    prints as headings), otherwise the file's own headings. `positions` finds a column by its name.
    """

    header_cells: tuple[str, ...]
    headings: tuple[str, ...]
    names: tuple[str, ...]
    positions: Mapping[str, int]

    def header(self) -> Header:
        """The header as named fields; raises `BadHeader` where it cannot be understood."""
        return parse_header([value_of(cell) for cell in self.header_cells])


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One data line: `cells` are raw, quotes included; `row["Belegfeld 1"]` is a value by DATEV's name."""

    line: int
    cells: tuple[str, ...]
    preamble: Preamble

    def __getitem__(self, name: str) -> str:
        position = self.preamble.positions[name]
        return value_of(self.cells[position]) if position < len(self.cells) else ""

    def values(self) -> dict[str, str]:
        """All filled columns by name."""
        return {
            name: value_of(cell)
            for name, cell in zip(self.preamble.names, self.cells, strict=False)
            if cell not in ("", '""')
        }


@dataclass(frozen=True, slots=True)
class ExtfFile:
    """A whole file: every record as it stood, and its encoding."""

    encoding: FileEncoding
    preamble: Preamble
    records: tuple[Record, ...]

    @property
    def header(self) -> Header:
        """The header as named fields; raises `BadHeader` where it cannot be understood."""
        return self.preamble.header()

    @property
    def rows(self) -> Iterator[ParsedRow]:
        """The data lines; blank lines are left out."""
        return _rows(self.records[2:], self.preamble)


def read(content: bytes) -> ExtfFile:
    """Read a file; raises `Unreadable` with the line where it stops being one.

    Accepted are all encodings of DATEV's import and UTF-8 without a byte order mark (DATEV's own sample is
    written so), CRLF and LF, doubled quotes, semicolons and line ends inside quotes.
    """
    source = Records(io.BytesIO(content))
    records = tuple(source)
    preamble = _preamble(records[:2])
    file = ExtfFile(source.encoding, preamble, records)
    for _ in file.rows:
        pass
    return file


def _rows(records: Iterator[Record] | tuple[Record, ...], preamble: Preamble) -> Iterator[ParsedRow]:
    most = len(preamble.names)
    for record in records:
        if not record.text and record.defect is None:
            continue
        cells = _cells(record)
        if len(cells) > most:
            raise Unreadable(record.line, f"has {len(cells)} fields, but only {most} columns have a name")
        yield ParsedRow(record.line, cells, preamble)


def _preamble(records: tuple[Record, ...]) -> Preamble:
    if not records:
        raise Unreadable(1, "the file is empty")
    header = _cells(records[0])
    if value_of(header[HeaderFields.MARK.place]) not in FORMAT_MARKS or len(header) < _LEAST_HEADER_FIELDS:
        raise Unreadable(1, "is no DATEV header: it does not begin with EXTF and its version fields")
    headings = tuple(value_of(cell) for cell in _cells(records[1])) if len(records) > 1 else ()
    layout = layout_of(header)
    if not are_headings(headings, layout):
        raise Unreadable(2, "the line with the headings is missing")
    names = unique_names(headings)
    if layout is not None and layout.fields:
        known = tuple(field.name for field in layout.fields)
        names = known + tuple(
            f"{name} ({index})" for index, name in enumerate(names[len(known) :], len(known) + 1)
        )
    positions = MappingProxyType({name: position for position, name in enumerate(names)})
    return Preamble(header, headings, names, positions)


def layout_of(header_cells: Sequence[str]) -> Category | None:
    """The category and version that a header names, or None where the dictionary does not know them."""
    if len(header_cells) < _LEAST_HEADER_FIELDS:
        return None
    number, version = (
        value_of(header_cells[column.place])
        for column in (HeaderFields.CATEGORY, HeaderFields.FORMAT_VERSION)
    )
    if not all(text.isascii() and text.isdigit() for text in (number, version)):
        return None
    try:
        return category(int(number), int(version))
    except ValueError:
        return None


def are_headings(cells: Sequence[str], layout: Category | None) -> bool:
    """Whether these values are headings: not blank, and where the columns are known, one of DATEV's."""
    if layout is None or not layout.fields:
        return any(cells)
    return not set(layout.headings).isdisjoint(cells)


def _cells(record: Record) -> tuple[str, ...]:
    if record.defect is not None:
        raise Unreadable(record.line, _DEFECTS[record.defect])
    cells = split_cells(record.text)
    if cells is None:
        raise Unreadable(record.line, _DEFECTS["quotes"])
    return tuple(cells)
