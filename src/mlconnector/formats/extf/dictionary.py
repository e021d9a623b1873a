"""The field dictionary of the DATEV-Format: every category's columns, read from the CSV files in `fields/`.

A further category needs a CSV in `fields/` and its name in `fields/categories.csv`, nothing else.
Facts: DATEV developer portal (formate/header, formate/buchungsstapel), DATEV's public sample files for the
spelling of the headings and for what is quoted.
"""

from __future__ import annotations

import csv
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

FieldType = Literal["Text", "Betrag", "Zahl", "Konto", "Datum"]
Required = Literal["yes", "no", "bookings", "never"]
ValueFault = Literal["surplus", "long", "form", "date"]

BOOKINGS = 21
MASTER_DATA = 16
LABELS = 20
PAYMENT_TERMS = 46
ADDRESSES = 48
RECURRING = 65
OLDEST_LAYOUT = 7
_TYPES: Mapping[str, FieldType] = {
    "Text": "Text",
    "Betrag": "Betrag",
    "Zahl": "Zahl",
    "Konto": "Konto",
    "Datum": "Datum",
}
_REQUIRED: Mapping[str, Required] = {"yes": "yes", "no": "no", "bookings": "bookings", "never": "never"}
_DATE_FORMS: Mapping[str, str] = {
    "TTMM": r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})",
    "TTMMJJJJ": r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})",
    "JJJJMMTT": r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column: `name` is unique within its category, `heading` is what DATEV's samples print.

    `required` is `bookings` for header fields that only a Buchungsstapel fills and `never` for those
    that stay empty. `shorten` says that the text may be cut at `max_length` without changing what is
    booked. `expected` shows a valid form (a date form or the pattern as in the CSV). For amounts and
    numbers `max_length` counts the digits before the comma.
    """

    index: int
    name: str
    heading: str
    type: FieldType
    max_length: int
    decimals: int
    required: Required
    pattern: re.Pattern[str] | None
    expected: str
    quoted: bool
    shorten: bool
    since_version: int
    remark: str

    @property
    def empty(self) -> str:
        """How the field is written when it has no value."""
        return '""' if self.quoted else ""

    def is_required(self, category: int) -> bool:
        """Whether the field must be filled in a file of this category."""
        return self.required == "yes" or (self.required == "bookings" and category == BOOKINGS)

    def fault(self, value: str) -> ValueFault | None:
        """What is wrong with a value that is not empty, or None."""
        if self.required == "never":
            return "surplus"
        if self.quoted and len(value) > self.max_length:
            fits_otherwise = self.pattern is None or self.pattern.fullmatch(value[: self.max_length])
            return "long" if fits_otherwise else "form"
        if self.pattern is None:
            return None
        match = self.pattern.fullmatch(value)
        if match is None:
            return "form"
        return "date" if self.type == "Datum" and not _is_day(match.groupdict()) else None


@dataclass(frozen=True, slots=True, eq=False)
class Category:
    """A data category in one format version; `fields` is empty where the dictionary has no columns for it."""

    number: int
    name: str
    version: int
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field]

    @property
    def headings(self) -> tuple[str, ...]:
        """The second line of a file."""
        return tuple(field.heading for field in self.fields)


@dataclass(frozen=True, slots=True)
class _Listed:
    number: int
    name: str
    versions: tuple[int, ...]
    fields: str


def category(number: int, version: int | None = None) -> Category:
    """The category in the given format version, by default the newest.

    Older Buchungsstapel (from version 7) have a layout as well, so that foreign files can be looked
    at; whether DATEV still takes a version says `accepted_versions`. Raises ValueError for a category
    or version that is not in the dictionary.
    """
    listed = _listed().get(number)
    if listed is None:
        raise ValueError(f"category {number} is not in the dictionary; known are {sorted(_listed())}")
    chosen = listed.versions[0] if version is None else version
    oldest = OLDEST_LAYOUT if number == BOOKINGS else min(listed.versions)
    if not oldest <= chosen <= max(listed.versions):
        raise ValueError(f"{listed.name} has no version {chosen}; known are {list(listed.versions)}")
    return _category(number, chosen)


def accepted_versions(number: int) -> tuple[int, ...]:
    """Format versions of a category that DATEV takes, newest first; empty for an unknown category."""
    listed = _listed().get(number)
    return listed.versions if listed else ()


def format_name(number: int) -> str | None:
    """DATEV's name of a category, e.g. `Buchungsstapel` for 21."""
    listed = _listed().get(number)
    return listed.name if listed else None


@cache
def header_fields() -> tuple[Field, ...]:
    """The 31 fields of the header (Vorlauf), version 700."""
    return _fields("header.csv")


def unique_names(headings: Sequence[str]) -> tuple[str, ...]:
    """Headings as names of columns: where one occurs more than once, each carries its column number."""
    counts = Counter(headings)
    return tuple(
        heading if counts[heading] == 1 else f"{heading} {index}" for index, heading in enumerate(headings, 1)
    )


@cache
def _listed() -> Mapping[int, _Listed]:
    return {
        int(row["category"]): _Listed(
            int(row["category"]),
            row["name"],
            tuple(int(each) for each in row["versions"].split()),
            row["fields"],
        )
        for row in _table("categories.csv")
    }


@cache
def _category(number: int, version: int) -> Category:
    listed = _listed()[number]
    fields = (
        tuple(field for field in _fields(listed.fields) if field.since_version <= version)
        if listed.fields
        else ()
    )
    return Category(
        number, listed.name, version, fields, MappingProxyType({field.name: field for field in fields})
    )


@cache
def _fields(file_name: str) -> tuple[Field, ...]:
    rows = list(_table(file_name))
    names = unique_names([row["name"] for row in rows])
    return tuple(_field(row, name) for row, name in zip(rows, names, strict=True))


def _field(row: Mapping[str, str], name: str) -> Field:
    pattern = _DATE_FORMS.get(row["pattern"], row["pattern"])
    return Field(
        index=int(row["index"]),
        name=name,
        heading=row["name"],
        type=_TYPES[row["type"]],
        max_length=int(row["max_length"]),
        decimals=int(row["decimals"]),
        required=_REQUIRED[row["required"]],
        pattern=re.compile(pattern) if pattern else None,
        expected=_expected(row),
        quoted=row["quoted"] == "yes",
        shorten=row["shorten"] == "yes",
        since_version=int(row["since_version"] or 0),
        remark=row["remark"],
    )


def _expected(row: Mapping[str, str]) -> str:
    if row["required"] == "never":
        return "leer / empty"
    return row["pattern"] or f"≤ {row['max_length']}"


def _table(file_name: str) -> Iterable[Mapping[str, str]]:
    text = (files(__package__) / "fields" / file_name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _is_day(parts: Mapping[str, str]) -> bool:
    # without a year the 29th of February may be one; a leap year settles the question
    year, month, day = int(parts.get("year", "2000")), int(parts["month"]), int(parts["day"])
    return 2000 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
