"""Goldens as they stand in `vouchers/*.md`: a voucher, the books, and what is expected in each chart."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from mlconnector.mapping.open_items import Cleared, open_items
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry
from mlconnector.model.vouchers import Voucher

VOUCHERS = Path(__file__).parent / "vouchers"
_CHARTS = ("SKR03", "SKR04", "own")
_VOUCHER: Mapping[str, Any] = {"currency": "EUR", "lines": []}
_PARTY: Mapping[str, Any] = {"external_id": "party/1"}
_ALLOCATION: Mapping[str, Any] = {"number": None}
_LINE: Mapping[str, Any] = {"tax_method": "exclusive"}
_BOOKED: Mapping[str, Any] = {
    "voucher": "invoice/814",
    "revision": "r1",
    "kind": "original",
    "turn": 1,
    "currency": "EUR",
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a booking as the file shows it; either `debit` or `credit` is empty."""

    account: str
    name: str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class Golden:
    """One voucher in the books of one chart, with the rows and the postings that it has to become.

    `taken_back` says that the rows are those of the reversal. `person` is the number of the party,
    `document` the GUID of the document that was filed, `cleared` the documents that a payment clears.
    """

    name: str
    voucher: Voucher
    rules: Rules
    person: str
    document: uuid.UUID | None
    taken_back: bool
    cleared: Cleared
    rows: tuple[Mapping[str, str], ...]
    postings: tuple[Posting, ...]
    why: tuple[str, ...]

    @property
    def id(self) -> str:
        """What the test is called."""
        return f"{self.name}-{self.rules.books.chart}"


def goldens() -> Iterator[Golden]:
    """Every golden of every file, once for each chart that the file has."""
    for path in sorted(VOUCHERS.glob("*.md")):
        yield from read_golden(path)


def read_golden(path: Path) -> list[Golden]:
    """The goldens of one file."""
    sections = _sections(path.read_text(encoding="utf-8"))
    voucher = tomllib.loads(_toml(sections["Voucher"]))
    books = tomllib.loads(_toml(sections["Books"]))
    taken_back = voucher.pop("taken_back", False)
    paid = voucher.pop("cleared", ())
    why = tuple(line.removeprefix("- ") for line in sections["Why"] if line.startswith("- "))
    found = []
    for chart in _CHARTS:
        if chart not in sections:
            continue
        settings = _merged(books, tomllib.loads(_toml(sections[chart])))
        person, document = settings.pop("person"), settings.pop("document", None)
        tables = _tables(sections[chart])
        found.append(
            Golden(
                name=path.stem,
                voucher=_voucher(voucher),
                rules=Rules.model_validate(_merged({"books": {"chart": chart}, "mapping": {}}, settings)),
                person=person,
                document=None if document is None else uuid.UUID(document),
                taken_back=taken_back,
                cleared=_cleared(paid, voucher["document_date"], person),
                rows=_rows(tables[0]),
                postings=tuple(Posting(*cells) for cells in tables[1][1:]),
                why=why,
            )
        )
    return found


def _voucher(given: Mapping[str, Any]) -> Voucher:
    values = {**_VOUCHER, "external_id": "815", **given}
    values["party"] = {**_PARTY, **given["party"]}
    values["lines"] = [{**_LINE, **line} for line in values["lines"]]
    values["allocations"] = [{**_ALLOCATION, **one} for one in given.get("allocations", ())]
    return msgspec.convert(values, Voucher, strict=False)


def _cleared(given: Sequence[Mapping[str, Any]], day: date, person: str) -> Cleared:
    """The documents that a payment clears: each is given by one of its booked lines, with its own rate."""
    return open_items(_booked({"account": person, **line}, day) for line in given)


def _booked(given: Mapping[str, Any], day: date) -> Entry:
    of_entry = {name: given[name] for name in ("currency", "exchange_rate") if name in given}
    line = {name: value for name, value in given.items() if name not in of_entry}
    values = {**_BOOKED, "document_date": day, "number": line["number"], **of_entry, "lines": [line]}
    return msgspec.convert(values, Entry, strict=False)


def _sections(text: str) -> dict[str, list[str]]:
    """The lines under each heading of the second level."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("## "):
            name = line.removeprefix("## ")
        found.setdefault(name, []).append(line)
    return found


def _toml(lines: Sequence[str]) -> str:
    """The fenced part of a section; empty where it has none."""
    if "```toml" not in lines:
        return ""
    start = lines.index("```toml") + 1
    return "\n".join(lines[start : lines.index("```", start)])


def _tables(lines: Sequence[str]) -> list[list[list[str]]]:
    """The tables of a section, cell by cell, without the line under their headings."""
    tables: list[list[list[str]]] = []
    inside = False
    for line in lines:
        if line.startswith("|"):
            if not inside:
                tables.append([])
            if not line.startswith("|---"):
                tables[-1].append([cell.strip() for cell in line.strip().strip("|").split("|")])
        inside = line.startswith("|")
    return tables


def _rows(table: Sequence[Sequence[str]]) -> tuple[Mapping[str, str], ...]:
    """A table with DATEV's columns downwards, turned into rows with their filled columns."""
    count = len(table[0]) - 1
    return tuple(
        {cells[0]: cells[index] for cells in table[1:] if cells[index]} for index in range(1, count + 1)
    )


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Tables one into the other; lists one after the other."""
    result = dict(one)
    for name, value in other.items():
        before = result.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            result[name] = _merged(before, value)
        elif isinstance(before, list):
            result[name] = [*before, *value]
        else:
            result[name] = value
    return result
