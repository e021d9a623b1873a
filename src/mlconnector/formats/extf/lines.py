"""Bytes to records: encoding, line ends and quotes of any EXTF file, in constant memory and without loss."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Literal, NamedTuple

FileEncoding = Literal[
    "utf-8-bom", "utf-8", "windows-1252", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"
]
Defect = Literal["undecodable", "quotes", "too_long"]

CODECS: dict[FileEncoding, str] = {
    "utf-8-bom": "utf-8",
    "utf-8": "utf-8",
    "windows-1252": "cp1252",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-32-le": "utf-32-le",
    "utf-32-be": "utf-32-be",
}
# The mark of UTF-32 in little endian begins with that of UTF-16, so it is looked for first.
BYTE_ORDER_MARKS: dict[FileEncoding, bytes] = {
    "utf-8-bom": codecs.BOM_UTF8,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
_WIDTHS: dict[FileEncoding, int] = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}
LONGEST_LINE = 1 << 20
_HEAD = 4096
_ARCHIVE = b"PK\x03\x04"
_MOST_LINES_OF_A_RECORD = 50
_CHUNK = 1 << 16
_CELL = re.compile(r'"[^"]*(?:""[^"]*)*"(?=;|\Z)|[^";]*(?=;|\Z)')


class Record(NamedTuple):
    """One record as it stands in the file: number of its first line, text without its line end, line end.

    With a `defect` the text is what could be made out: undecodable bytes show as U+FFFD.
    """

    line: int
    text: str
    ending: str
    defect: Defect | None = None


class Records:
    """The records of a file, read once from a binary stream; of a line beyond 1 MiB only the beginning.

    The encoding is that of the byte order mark. Without one it is windows-1252, unless the first line
    that is not ASCII is valid UTF-8. `encoding` and `size` (bytes) are final once all records were read,
    `head` (the first bytes) once the first was.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.encoding: FileEncoding = "windows-1252"
        self.size = 0
        self.head = b""
        self._decided = False
        self._waiting: deque[Record] = deque()
        self._lines = self._decoded(stream)

    def __iter__(self) -> Iterator[Record]:
        """Every record in order; one whose quotes do not close is given line by line, as defective."""
        while (record := self._next_line()) is not None:
            if record.text.count('"') % 2:
                yield self._joined(record)
            else:
                yield record

    def _next_line(self) -> Record | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _joined(self, first: Record) -> Record:
        parts, quotes = [first], first.text.count('"')
        while quotes % 2 and len(parts) < _MOST_LINES_OF_A_RECORD and (line := self._next_line()) is not None:
            parts.append(line)
            quotes += line.text.count('"')
        whole = "".join(part.text + part.ending for part in parts[:-1]) + parts[-1].text
        if len(parts) > 1 and split_cells(whole) is not None and all(part.defect is None for part in parts):
            return Record(first.line, whole, parts[-1].ending)
        self._waiting.extendleft(reversed(parts[1:]))
        return first._replace(defect=first.defect or "quotes")

    def _decoded(self, stream: BinaryIO) -> Iterator[Record]:
        number, inside_long_line = 0, False
        for raw, complete in self._raw(stream):
            if inside_long_line:
                inside_long_line = not complete
                continue
            number, inside_long_line = number + 1, not complete
            text, defect = self._text(raw)
            body = text.removesuffix("\n")
            ending = text[len(body) :]
            if ending and body.endswith("\r"):
                body, ending = body[:-1], "\r\n"
            yield Record(number, body, ending, defect if complete else "too_long")

    def _raw(self, stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
        first = stream.readline(LONGEST_LINE)
        self.size += len(first)
        # what is in an archive is named further on, and no line of one is read
        self.head = first + stream.read(LONGEST_LINE) if first.startswith(_ARCHIVE) else first[:_HEAD]
        marked = next((each for each in BYTE_ORDER_MARKS.items() if first.startswith(each[1])), None)
        if marked is not None:
            self.encoding, self._decided, first = marked[0], True, first[len(marked[1]) :]
        if self.encoding in _WIDTHS:
            yield from self._wide(stream, first)
            return
        chunk = first
        while chunk:
            yield chunk, chunk.endswith(b"\n") or len(chunk) < LONGEST_LINE
            chunk = stream.readline(LONGEST_LINE)
            self.size += len(chunk)

    def _wide(self, stream: BinaryIO, pending: bytes) -> Iterator[tuple[bytes, bool]]:
        line_end, width = "\n".encode(CODECS[self.encoding]), _WIDTHS[self.encoding]
        while True:
            cut = _aligned(pending, line_end)
            if cut >= 0:
                yield pending[: cut + width], True
                pending = pending[cut + width :]
            elif len(pending) >= LONGEST_LINE:
                yield pending[:LONGEST_LINE], False
                pending = pending[LONGEST_LINE:]
            else:
                chunk = stream.read(_CHUNK)
                self.size += len(chunk)
                if not chunk:
                    break
                pending += chunk
        if pending:
            yield pending, True

    def _text(self, raw: bytes) -> tuple[str, Defect | None]:
        if not self._decided and not raw.isascii():
            self._decided = True
            self.encoding = "utf-8" if _is_utf8(raw) else "windows-1252"
        codec = CODECS[self.encoding]
        try:
            return raw.decode(codec), None
        except UnicodeDecodeError:
            return raw.decode(codec, "replace"), "undecodable"


def split_cells(text: str) -> list[str] | None:
    """The raw cells of a record, quotes included; None where a quote stands where none may."""
    if '"' not in text:
        return text.split(";")
    cells = text.split(";")
    if all(is_well_formed(cell) for cell in cells):
        return cells
    return _scanned(text)


def is_well_formed(cell: str) -> bool:
    """Whether a raw cell is either without quotes or quoted with every inner quote doubled."""
    if '"' not in cell:
        return True
    return len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in cell[1:-1].replace('""', "")


def value_of(cell: str) -> str:
    """What a raw cell says: without its quotes, doubled quotes single."""
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def _scanned(text: str) -> list[str] | None:
    cells: list[str] = []
    position = 0
    while (match := _CELL.match(text, position)) is not None:
        cells.append(match[0])
        position = match.end()
        if position == len(text):
            return cells
        position += 1
    return None


def _aligned(pending: bytes, line_end: bytes) -> int:
    cut = pending.find(line_end)
    while cut > 0 and cut % len(line_end):
        cut = pending.find(line_end, cut + 1)
    return cut


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
