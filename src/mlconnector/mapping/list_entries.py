"""Importing what a client already has: its chart of accounts, and its lists of debtors and creditors.

Rows become typed entries, or faults that name the line; with one fault nothing of a file is to be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, TypeVar

from mlconnector.mapping.books import Books
from mlconnector.mapping.charts import Function, tax_cases
from mlconnector.mapping.numbers import RESERVED
from mlconnector.mapping.sheets import SheetRow
from mlconnector.model.entries import Ledger

CHART_COLUMNS = ("number", "name", "function", "tax_case")
PERSON_COLUMNS = ("number", "name", "party", "vat_id")

# How the columns may be called, without spaces, punctuation and case; the first is what we write.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("konto", "kontonummer", "kontonr", "nummer", "account", "accountnumber", "number"),
    "name": (
        "bezeichnung",
        "kontobezeichnung",
        "kontobeschriftung",
        "beschriftung",
        "name",
        "label",
        "title",
    ),
    "function": ("funktion", "kontofunktion", "function"),
    "tax_case": ("steuerfall", "taxcase"),
    "party": ("kennung", "externekennung", "externeid", "externalid", "party", "partyid", "id"),
    "vat_id": ("ustidnr", "ustid", "umsatzsteuerid", "vatid", "vatnumber", "vatregistrationnumber"),
}
# DATEV's own lists have a column of names for each kind of addressee, of which a row fills one.
_NAMES_BY_ADDRESSEE = tuple(
    f"nameadressattyp{kind}" for kind in ("unternehmen", "natürlperson", "natürlicheperson", "keineangabe")
)
# DATEV's charts mark automatic accounts with AM (output tax) and AV (input tax), collective ones with S.
_FUNCTIONS: Mapping[str, tuple[Function, str]] = {
    "automatic": ("automatic", ""),
    "automatik": ("automatic", ""),
    "automatikkonto": ("automatic", ""),
    "am": ("automatic", "sale"),
    "av": ("automatic", "purchase"),
    "collective": ("collective", ""),
    "sammelkonto": ("collective", ""),
    "s": ("collective", ""),
    "tax": ("tax", ""),
    "steuerkonto": ("tax", ""),
    "none": ("none", ""),
    "keine": ("none", ""),
    "-": ("none", ""),
    "–": ("none", ""),
}

Entry = TypeVar("Entry", bound="ChartEntry | PersonEntry")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line of a file: `key` names the text in `texts/faults.toml`, `facts` fill it."""

    line: int
    key: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A line of a file by our names of the columns, e.g. `number`; columns that it lacks are missing."""

    line: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True, slots=True)
class ChartEntry:
    """An account as a file has it; `function` is None where the file does not say it."""

    line: int
    number: str
    name: str
    function: Function | None
    tax_case: str


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """A debtor or creditor as a file has it; `party` is its id in the source, or empty."""

    line: int
    number: str
    name: str
    party: str
    vat_id: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that is none of what was asked for: `person` in a chart, `other_ledger` in a list of persons."""

    line: int
    number: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Read(Generic[Entry]):
    """What a file has; `unknown_columns` are headings that mean nothing here."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    faults: tuple[Fault, ...] = ()
    unknown_columns: tuple[str, ...] = ()


def records(
    rows: Sequence[SheetRow], columns: Sequence[str]
) -> tuple[list[Record], list[Fault], tuple[str, ...]]:
    """The rows beneath the headings by our names of the columns, faults, and headings that mean nothing."""
    if not rows:
        return [], [Fault(1, "file_empty")], ()
    first, *others = rows
    known = {heading: column for column in columns for heading in _HEADINGS[column]}
    if "party" in columns:
        known |= dict.fromkeys(_NAMES_BY_ADDRESSEE, "name")
    headings = [re.sub(r"[\W_]", "", cell).casefold() for cell in first.cells]
    found = [known.get(heading) for heading in headings]
    if "number" not in found:
        return [], [Fault(first.line, "column_missing", {"headings": ", ".join(first.cells)})], ()
    single = [known.get(heading) for heading in headings if heading not in _NAMES_BY_ADDRESSEE]
    twice = {column for column in single if column is not None and single.count(column) > 1}
    faults = [Fault(first.line, "column_twice", {"column": _shown(first, found, one)}) for one in twice]
    unknown = tuple(cell for cell, column in zip(first.cells, found, strict=True) if column is None and cell)
    return [Record(row.line, _values(row, found)) for row in others], faults, unknown


def _values(row: SheetRow, columns: Sequence[str | None]) -> dict[str, str]:
    """The cells by their columns; of several cells for one column the first that is filled."""
    values: dict[str, str] = {}
    for at, column in enumerate(columns):
        if column is not None:
            values[column] = values.get(column) or row[at]
    return values


def _shown(row: SheetRow, columns: Sequence[str | None], wanted: str) -> str:
    return ", ".join(cell for cell, column in zip(row.cells, columns, strict=True) if column == wanted)


def chart_entries(found: Iterable[Record], books: Books) -> Read[ChartEntry]:
    """The accounts of a chart; person accounts are left out. A number may lack zeros at its left."""
    entries: list[ChartEntry] = []
    left_out: list[LeftOut] = []
    faults: list[Fault] = []
    longest = 0
    for record in found:
        digits = record["number"].replace(" ", "")
        number, wrong = _account_number(record.line, digits, books)
        if wrong is not None:
            faults.append(wrong)
        elif len(number) > books.account_length:
            left_out.append(LeftOut(record.line, number, record["name"], "person"))
        else:
            longest = max(longest, len(digits))
            made = _chart_entry(record, number)
            if isinstance(made, Fault):
                faults.append(made)
            else:
                entries.append(made)
    if entries and longest < books.account_length:
        facts = {"longest": str(longest), "digits": str(books.account_length)}
        faults.append(Fault(entries[0].line, "other_account_length", facts))
    unique, twice = _unique(entries, "number")
    return Read(unique, tuple(left_out), _in_order([*faults, *twice]))


def person_entries(found: Iterable[Record], books: Books, ledger: Ledger) -> Read[PersonEntry]:
    """The debtors or creditors of a list; those of the other ledger are left out."""
    entries: list[PersonEntry] = []
    left_out: list[LeftOut] = []
    faults: list[Fault] = []
    other: Ledger = "payable" if ledger == "receivable" else "receivable"
    for record in found:
        number = record["number"].replace(" ", "")
        name, party = record["name"], record["party"]
        vat_id = re.sub(r"[^0-9A-Za-z+*]", "", record["vat_id"]).upper()
        if books.is_person(number, other):
            left_out.append(LeftOut(record.line, number, name, "other_ledger"))
        elif not books.is_person(number, ledger):
            facts = {"number": number, "digits": str(books.account_length + 1)}
            faults.append(Fault(record.line, "number_not_person", facts))
        elif party.startswith(RESERVED):
            faults.append(Fault(record.line, "party_reserved", {"party": party}))
        else:
            entries.append(PersonEntry(record.line, number, name, party, vat_id))
    unique, twice = _unique(entries, "number")
    _, shared = _unique([one for one in unique if one.party], "party")
    return Read(unique, tuple(left_out), _in_order([*faults, *twice, *shared]))


def _account_number(line: int, digits: str, books: Books) -> tuple[str, Fault | None]:
    """An account number in its one form: of the account length, or longer by one digit for persons."""
    bare = digits.lstrip("0")
    if not re.fullmatch(r"[0-9]+", digits) or not bare:
        return digits, Fault(line, "number_invalid", {"number": digits})
    if len(bare) > books.account_length + 1:
        return digits, Fault(line, "number_too_long", {"number": digits, "digits": str(books.account_length)})
    return bare.zfill(books.account_length), None


def _chart_entry(record: Record, number: str) -> ChartEntry | Fault:
    said, case = record["function"], record["tax_case"]
    if said and said.casefold() not in _FUNCTIONS:
        return Fault(record.line, "function_unknown", {"number": number, "function": said})
    function, direction = _FUNCTIONS[said.casefold()] if said else (None, "")
    name = case_named(case)
    if case and not name:
        return Fault(record.line, "tax_case_unknown", {"number": number, "tax_case": case})
    if name and function != "automatic":
        return Fault(record.line, "tax_case_without_function", {"number": number, "tax_case": case})
    if name and direction and tax_cases()[name].direction != direction:
        facts = {"number": number, "function": said, "tax_case": case}
        return Fault(record.line, "function_of_other_direction", facts)
    return ChartEntry(record.line, number, record["name"], function, name)


def case_named(text: str) -> str:
    """The tax case of this name or title, whatever its language; empty where there is none."""
    return _case_names().get(text.casefold(), "")


@cache
def _case_names() -> Mapping[str, str]:
    """Tax cases by their names and by their titles in all languages, without case."""
    titles = {title.casefold(): case.name for case in tax_cases().values() for title in case.title.values()}
    return {**titles, **{name.casefold(): name for name in tax_cases()}}


def _unique(entries: Iterable[Entry], key: str) -> tuple[tuple[Entry, ...], list[Fault]]:
    """The entries without repetitions; a fault where two of them share the key and say different things."""
    kept: dict[str, Entry] = {}
    faults = []
    for one in entries:
        value = getattr(one, key)
        first = kept.setdefault(value, one)
        if first is not one and _said(first) != _said(one):
            facts = {"value": value, "first": str(first.line)}
            faults.append(Fault(one.line, f"{key}_twice", facts))
    return tuple(kept.values()), faults


def _said(entry: ChartEntry | PersonEntry) -> tuple[object, ...]:
    if isinstance(entry, ChartEntry):
        return entry.number, entry.name, entry.function, entry.tax_case
    return entry.number, entry.name, entry.party, entry.vat_id


def _in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line))
