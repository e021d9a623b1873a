"""Seeded faults: tables of what is changed in a valid file, and the rule, line and column that must find it.

Each table in `faults/` has one fault a row; `FILES` says which file of `valid/` it changes. A change has one
or more parts, separated by ` | `:

- `3:10=1408`: line 3, column 10 gets this value, quoted as the column wants it (`x*61` repeats)
- `3:10:=1408`: the same, exactly as written
- `copy 3`: a copy of line 3 at the end; `drop 3`: without line 3; `blank 3`: an empty line before it
- `append 3 ;`: more at its end; `cut 3 124`: only its first 124 columns; `long 3`: a line without end
- `keep 3`: only lines 1 to 3
- `replace A => B`: in the whole file
- `chart 04`: the header's chart
- `encoded utf-32-le`: in this encoding with its mark, `encoded utf-16-le unmarked` without it
- `begins %PDF-1.7`: this before everything else, and no byte order mark
- `line ends LF`, `no last line end`, `no byte order mark`, `windows-1252`, `byte FF at 4`, `empty`
- `at most 5 rows`, `at most 900 bytes`: as if DATEV took no more; `name X`: the name of the file

`also` lists rules that the same change breaks as well (`*` any), `client` what is known of the client when it
is not a client with SKR03, four digits and calendar years. `harmless.csv` has changes after which a file is
still right.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mlconnector.flow.agree.check_settings import given
from mlconnector.formats.extf import ClientSettings, category, header_fields

HERE = Path(__file__).parent
VALID = HERE / "valid"
FILES = {
    "debitoren": ("EXTF_Debitoren.csv", 16),
    "kontenbeschriftungen": ("EXTF_Kontenbeschriftungen.csv", 20),
    "zahlungsbedingungen": ("EXTF_Zahlungsbedingungen.csv", 46),
    "diverse_adressen": ("EXTF_Diverse_Adressen.csv", 48),
    "wiederkehrende_buchungen": ("EXTF_Wiederkehrende_Buchungen.csv", 65),
}
BOOKINGS = ("EXTF_Buchungsstapel.csv", 21)
_SET = re.compile(r"(?P<line>[0-9]+):(?P<column>[0-9]+)(?P<raw>:?)=(?P<value>.*)", re.DOTALL)
_REPEATED = re.compile(r"(?P<text>.)\*(?P<times>[0-9]+)")
_MARKS = {
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
_LIMITS = {"rows": "MAX_ROWS", "bytes": "MAX_BYTES"}


@dataclass
class Changed:
    """A file while it is being changed."""

    lines: list[str]
    category: int
    mark: bytes = codecs.BOM_UTF8
    codec: str = "utf-8"
    line_end: str = "\r\n"
    bytes_at: list[tuple[int, bytes]] = field(default_factory=list)
    name: str | None = None
    limits: dict[str, int] = field(default_factory=dict)

    def content(self) -> bytes:
        """The file as bytes."""
        end = self.line_end.encode(self.codec.removesuffix("-sig"))
        written = self.line_end.join(self.lines).encode(self.codec)
        parts = written.split(end)
        for line, extra in self.bytes_at:
            parts[line - 1] = parts[line - 1].replace(b'"";', b'"' + extra + b'";', 1)
        return self.mark + end.join(parts) if written else b""

    def change(self, part: str) -> None:
        """Apply one part of a change."""
        setting = _SET.fullmatch(part)
        if setting is not None:
            self._set(
                int(setting["line"]), int(setting["column"]), setting["value"], raw=bool(setting["raw"])
            )
            return
        words = part.split(" ")
        if part.startswith("replace "):
            old, new = part.removeprefix("replace ").split(" => ")
            self.lines = "\n".join(self.lines).replace(old, new, 1).split("\n")
        elif words[0] in {"copy", "drop", "blank", "append", "cut", "keep", "long", "chart"}:
            self._lines(words[0], words[1], words[2] if len(words) > 2 else "")
        else:
            self._bytes(part, words)

    def _set(self, line: int, column: int, value: str, *, raw: bool) -> None:
        repeated = _REPEATED.fullmatch(value)
        if repeated is not None:
            value = repeated["text"] * int(repeated["times"])
        fields = header_fields() if line == 1 else category(self.category).fields
        quoted = fields[column - 1].quoted
        doubled = value.replace('"', '""')
        cells = self.lines[line - 1].split(";")
        cells[column - 1] = value if raw or not quoted else f'"{doubled}"'
        self.lines[line - 1] = ";".join(cells)

    def _lines(self, what: str, which: str, more: str) -> None:
        if what == "chart":
            self._set(1, 27, which, raw=False)
            return
        number = int(which)
        line = self.lines[number - 1]
        if what == "copy":
            self.lines.insert(len(self.lines) - 1, line)
        elif what == "drop":
            del self.lines[number - 1]
        elif what == "blank":
            self.lines.insert(number - 1, "")
        elif what == "keep":
            self.lines = [*self.lines[:number], ""]
        else:
            self.lines[number - 1] = _other_line(what, line, more)

    def _bytes(self, part: str, words: list[str]) -> None:
        if part == "empty":
            self.lines = []
        elif part == "line ends LF":
            self.line_end = "\n"
        elif part == "no last line end":
            self.lines = self.lines[:-1]
        elif part == "no byte order mark":
            self.mark = b""
        elif part == "windows-1252":
            self.mark, self.codec = b"", "cp1252"
        elif words[0] == "encoded":
            self.codec = words[1]
            self.mark = b"" if words[2:] == ["unmarked"] else _MARKS[words[1]]
        elif words[0] == "begins":
            self.mark = part.removeprefix("begins ").encode()
        elif words[0] == "byte":
            self.bytes_at.append((int(words[3]), bytes.fromhex(words[1])))
        elif words[0] == "name":
            self.name = part.removeprefix("name ")
        elif words[:2] == ["at", "most"]:
            self.limits[_LIMITS[words[3]]] = int(words[2])
        else:
            raise ValueError(f"no change that a fault can make: {part!r}")


def _other_line(what: str, line: str, more: str) -> str:
    if what == "append":
        return line + more
    if what == "cut":
        return ";".join(line.split(";")[: int(more)])
    return "x" * 1_500_000


@dataclass(frozen=True)
class Case:
    """A change to the valid file of a table, and what is known of the client."""

    table: str
    name: str
    change: str
    client: str

    @property
    def valid(self) -> Path:
        """The file that it changes."""
        return VALID / FILES.get(self.table, BOOKINGS)[0]

    @property
    def settings(self) -> ClientSettings:
        """What is known of the client."""
        if self.client == "none":
            return ClientSettings()
        word, _, value = self.client.partition(" ")
        chart = word.removeprefix("SKR") if word.startswith("SKR") else "03"
        return given(chart, 4, int(value) if word == "month" else 1)

    def made(self) -> Changed:
        """The changed file."""
        text = self.valid.read_bytes().decode("utf-8-sig")
        changed = Changed(text.split("\r\n"), FILES.get(self.table, BOOKINGS)[1])
        written = self.change.replace("<TAB>", "\t").replace("<CRLF>", "\r\n")
        for part in written.split(" | "):
            changed.change(part)
        return changed


@dataclass(frozen=True)
class Fault(Case):
    """A change that must be found: by which rule, and where."""

    rule: str
    line: int
    column: int
    also: frozenset[str]


def faults() -> list[Fault]:
    """Every fault of every table."""
    return [
        Fault(
            table=path.stem,
            name=row["name"],
            change=row["change"],
            client=row["client"],
            rule=row["rule"],
            line=int(row["line"]),
            column=int(row["column"]),
            also=frozenset(row["also"].split()),
        )
        for path in sorted((HERE / "faults").glob("*.csv"))
        for row in _rows(path)
    ]


def harmless() -> list[Case]:
    """Changes after which a file is still right."""
    return [Case(**row) for row in _rows(HERE / "harmless.csv")]


def _rows(path: Path) -> Iterable[dict[str, str]]:
    return csv.DictReader(path.read_text(encoding="utf-8").splitlines())
