"""Checking EXTF files, our own and foreign ones: each fault with rule, line and column.

Constant memory: a file is read once, line by line. Facts: DATEV developer portal, the OpenAPI description
of accounting:extf-files, and the error numbers of DATEV Rechnungswesen as documented by its users.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from operator import ne
from typing import BinaryIO

from mlconnector.formats.extf.check_cells import CellCheck
from mlconnector.formats.extf.check_header import check_header
from mlconnector.formats.extf.check_rows import RowCheck
from mlconnector.formats.extf.client import ClientAccounts, ClientSettings
from mlconnector.formats.extf.columns import Bookings, HeaderFields
from mlconnector.formats.extf.dictionary import BOOKINGS, Category, Field
from mlconnector.formats.extf.facts import header_facts
from mlconnector.formats.extf.file_kinds import other_kind, unmarked_unicode
from mlconnector.formats.extf.lines import (
    BYTE_ORDER_MARKS,
    FileEncoding,
    Record,
    Records,
    is_well_formed,
    split_cells,
    value_of,
)
from mlconnector.formats.extf.reader import FORMAT_MARKS, are_headings, layout_of
from mlconnector.formats.extf.rules import Finding, found, placed

MAX_ROWS = 99_999
MAX_BYTES = 50_000_000
_FILE_NAME = re.compile(r"EXTF_.{0,51}\.csv")
_SAFE_FILE_NAME = re.compile(r"[A-Za-z0-9_-]+\.csv")
# Letters of UTF-8 read as windows-1252: umlauts, accented letters, the euro sign and typographic quotes.
_ENCODED_TWICE = re.compile("Ã[\x80-\xbf¼½¾„–œŸ©®€‚]|â‚¬|â€[žœ“”™]")
_DEFECTS = {"undecodable": "EXTF-F-12", "quotes": "EXTF-F-17", "too_long": "EXTF-F-18"}
_EMPTY = ("", '""')
# What columns were called before there were two of their kind (version 12: Bestimmung and Ursprung).
_ORIGIN_SINCE = 12
_FORMER_HEADINGS: Mapping[str, str] = {
    Bookings.EU_VAT_ID.name: "EU-Land u. UStID",
    Bookings.EU_RATE.name: "EU-Steuersatz",
}
_ONLY_BY_HAND: frozenset[FileEncoding] = frozenset({"utf-32-le", "utf-32-be"})


def check(
    source: bytes | BinaryIO, *, file_name: str | None = None, settings: ClientSettings | None = None
) -> Iterator[Finding]:
    """The findings in a file, in the order of its lines; its name is checked where it is given.

    `settings` are what is known of the client; without them the header's own chart, account length and
    fiscal year count, and rules that need to know the function of an account are left out. Rows are checked
    for categories whose columns the dictionary has; of other files only header, encoding, line ends and
    quotes. What is the same in all lines (line ends, quoting of a column) is reported once.
    """
    client = settings or ClientSettings()
    records = Records(io.BytesIO(source) if isinstance(source, bytes) else source)
    watch = _FileWatch(records)
    lines = iter(records)
    header = next(lines, None)
    strange = _of_another_kind(records)
    if strange is not None:
        yield strange
        return
    if file_name is not None:
        yield from _file_name(file_name)
    if records.encoding in _ONLY_BY_HAND:
        yield found("EXTF-F-19", 1, value=records.encoding, expected="UTF-8, UTF-16, windows-1252")
    if header is None:
        yield found("EXTF-F-03", 1)
        return
    yield from watch.look(header)
    header_cells = split_cells(header.text) if header.defect is None else None
    if header_cells is None or value_of(header_cells[HeaderFields.MARK.place]) not in FORMAT_MARKS:
        yield found("EXTF-F-04", 1, value=header.text[:60], expected='"EXTF";700;…')
        header_cells = []
    else:
        yield from placed(check_header(header_cells, header.text, client), header_cells)
    yield from _body(lines, watch, header_cells, client)
    yield from watch.end()


def _body(
    lines: Iterator[Record], watch: _FileWatch, header_cells: Sequence[str], client: ClientSettings
) -> Iterator[Finding]:
    layout = layout_of(header_cells)
    headings = next(lines, None)
    if headings is None:
        yield found("EXTF-F-05", 2)
        return
    watch.last_line = headings.line
    yield from watch.look(headings)
    heading_cells = split_cells(headings.text) if headings.defect is None else None
    if heading_cells is None or not are_headings([value_of(cell) for cell in heading_cells], layout):
        yield found("EXTF-F-05", 2, value=headings.text[:60])
        heading_cells = []
    elif layout is not None and layout.fields:
        yield from placed(_headings(heading_cells, layout), heading_cells)
    rows = _Rows(layout, header_cells, len(heading_cells), client)
    for record in lines:
        watch.last_line = record.line
        if (
            record.ending != "\r\n"
            or record.defect is not None
            or not record.text
            or not record.text.isascii()
        ):
            yield from watch.look(record)
        if record.text and record.defect is None:
            yield from rows.findings(record)
            if rows.count == MAX_ROWS + 1:
                yield found("EXTF-F-09", record.line, expected=f"≤ {MAX_ROWS}")
    yield from rows.end()
    if not rows.count:
        yield found("EXTF-F-08", headings.line)


class _FileWatch:
    """What concerns lines as such: encoding, line ends, blank lines, defects, size."""

    def __init__(self, records: Records) -> None:
        self.last_line = 1
        self._records = records
        self._noted: set[str] = set()
        self._open_end = False

    def look(self, record: Record) -> Iterator[Finding]:
        """Findings in one line, read just before; must see every line that is not plain ASCII with CRLF."""
        self._open_end = record.ending == ""
        if record.defect is not None:
            yield found(_DEFECTS[record.defect], record.line, value=record.text[:60])
        if record.ending == "\n":
            yield from self._once("EXTF-F-14", record.line)
        if not record.text and record.defect is None and record.line > 1:
            yield found("EXTF-F-16", record.line)
        if self._records.encoding == "utf-8":
            yield from self._once("EXTF-F-11", record.line)
        twice = _ENCODED_TWICE.search(record.text)
        if twice is not None:
            start = max(0, twice.start() - 20)
            yield found("EXTF-F-13", record.line, value=record.text[start : twice.end() + 20])

    def end(self) -> Iterator[Finding]:
        """Findings that are known only at the end of the file."""
        if self._open_end:
            yield found("EXTF-F-15", self.last_line)
        if self._records.size > MAX_BYTES:
            yield found("EXTF-F-10", self.last_line, value=str(self._records.size), expected=f"≤ {MAX_BYTES}")

    def _once(self, rule: str, line: int) -> Iterator[Finding]:
        if rule not in self._noted:
            self._noted.add(rule)
            yield found(rule, line)


class _Rows:
    """The data lines of one file: counts them and checks each as far as its category is known."""

    def __init__(
        self,
        layout: Category | None,
        header_cells: Sequence[str],
        headings: int,
        client: ClientSettings,
    ) -> None:
        self.count = 0
        self._fields: tuple[Field, ...] = layout.fields if layout is not None else ()
        self._columns = headings or len(self._fields)
        self._empties = [field.empty for field in self._fields]
        self._positions = range(len(self._fields))
        if layout is not None and self._fields:
            facts = header_facts(header_cells)
            self._cells = CellCheck(layout, facts)
            self._across = RowCheck(layout, facts, ClientAccounts(client, facts))

    def findings(self, record: Record) -> Sequence[Finding]:
        """The findings in one data line."""
        self.count += 1
        cells = record.text.split(";")
        filled = self._unlike_empty(cells)
        if len(cells) != self._columns or not self._are_whole(cells, filled):
            separated = split_cells(record.text)
            if separated is None:
                return [found("EXTF-F-17", record.line, value=record.text[:60])]
            cells = separated
            if self._columns and len(cells) != self._columns:
                return [found("EXTF-V-10", record.line, value=str(len(cells)), expected=str(self._columns))]
            filled = self._unlike_empty(cells)
        if len(cells) < len(self._empties):
            cells += self._empties[len(cells) :]
        return self._checked(record, cells, filled) if self._fields else ()

    def end(self) -> Iterator[Finding]:
        """The findings that are known only after the last line."""
        if self._fields:
            yield from self._across.end()

    def _unlike_empty(self, cells: list[str]) -> list[int]:
        # one comparison with a line of empty columns, done in C, is what makes checking fast
        return list(compress(self._positions, map(ne, cells, self._empties)))

    def _are_whole(self, cells: list[str], filled: list[int]) -> bool:
        # a semicolon inside quotes cuts a cell in two, and neither part is well formed then
        if not self._fields or len(cells) > len(self._fields):
            return False
        passed = self._cells.passed
        return all(
            is_well_formed(cells[position]) for position in filled if cells[position] not in passed[position]
        )

    def _checked(self, record: Record, cells: list[str], filled: list[int]) -> Sequence[Finding]:
        passed = self._cells.passed
        earlier = self._across.before(cells)
        result: list[Finding] = []
        for position in [each for each in filled if cells[each] not in passed[each]]:
            result += self._cells.findings(record.line, position, cells[position])
        with_value = tuple([position for position in filled if cells[position] not in _EMPTY])
        result += self._across.findings(record.line, with_value, cells, record.text)
        return [*earlier, *placed(result, cells)] if result or earlier else ()


def _headings(cells: Sequence[str], layout: Category) -> Iterator[Finding]:
    if len(cells) != len(layout.fields):
        yield found("EXTF-F-07", 2, value=str(len(cells)), expected=str(len(layout.fields)))
    is_old = layout.number == BOOKINGS and layout.version < _ORIGIN_SINCE
    for field, cell in zip(layout.fields, cells, strict=False):
        heading = value_of(cell)
        is_former = is_old and heading == _FORMER_HEADINGS.get(field.name)
        if heading != field.heading and not is_former:
            yield found("EXTF-F-06", 2, field.index, field.name, heading, field.heading)


def _of_another_kind(records: Records) -> Finding | None:
    """What says that the file is no text in the DATEV-Format at all, so that nothing in it can be checked."""
    kind = other_kind(records.head)
    if kind:
        return found("EXTF-F-20", 1, value=kind, expected='"EXTF";700;…')
    unmarked = unmarked_unicode(records.head) if records.encoding not in BYTE_ORDER_MARKS else ""
    return found("EXTF-F-21", 1, value=unmarked, expected="UTF-8, windows-1252") if unmarked else None


def _file_name(name: str) -> Iterator[Finding]:
    if _FILE_NAME.fullmatch(name) is None:
        yield found("EXTF-F-01", 1, value=name, expected="EXTF_*.csv, ≤ 60")
    elif _SAFE_FILE_NAME.fullmatch(name) is None:
        yield found("EXTF-F-02", 1, value=name, expected="A-Za-z0-9_-")
