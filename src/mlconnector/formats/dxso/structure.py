"""The structure of a DXSO package as data: `fields/*.csv` say what stands where, and what its value may be.

Facts: DATEV XML-Schnittstelle online, document v06.0 and ledger v060. Cash books are not described.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

from mlconnector.formats.codes import countries, currencies
from mlconnector.model.entries import Ledger

Form = Literal[
    "", "text", "day", "moment", "decimal", "whole", "currency", "country", "guid", "flag"
]  # fmt: skip
Fault = Literal["empty", "long", "form", "bounds", "code"]

DOCUMENT_NAMESPACE = "http://xml.datev.de/bedi/tps/document/v06.0"
LEDGER_NAMESPACE = "http://xml.datev.de/bedi/tps/ledger/v060"
MANAGEMENT_FILE = "document.xml"
VERSION = "6.0"
XML_DATA = "Kopie nur zur Verbuchung berechtigt nicht zum Vorsteuerabzug"
ROW_ELEMENTS: Mapping[Ledger, str] = {
    "receivable": "accountsReceivableLedger",
    "payable": "accountsPayableLedger",
}
LEDGERS: Mapping[str, Ledger] = {name: ledger for ledger, name in ROW_ELEMENTS.items()}
DOCUMENT_TYPES: Mapping[Ledger, str] = {"payable": "1", "receivable": "2"}

_XML_BLANKS = " \t\n\r"
_GUID = re.compile(r"[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?")
_FLAGS = frozenset({"true", "false", "0", "1"})


@dataclass(frozen=True, slots=True)
class Item:
    """One element or attribute: where it stands, how often, and what its value may be.

    `place` is the element around it; all rows of a ledger are the place `row`, and extensions have one place
    for each kind (`extension.File`). `ledger` is None for what both ledgers have. An item without a form has
    items of its own. `lowest` and `highest` bound numbers and days.
    """

    place: str
    kind: Literal["element", "attribute"]
    name: str
    ledger: Ledger | None
    least: int
    most: int
    form: Form
    min_length: int
    max_length: int | None
    lowest: str
    highest: str
    pattern: re.Pattern[str] | None
    de: str
    en: str

    @property
    def expected(self) -> str:
        """What a value has to look like, for somebody who has to correct it."""
        bounds = f"{self.lowest}–{self.highest}" if self.highest else ""
        length = f"≤ {self.max_length}" if self.max_length else ""
        return " ".join(
            part for part in (self.pattern.pattern if self.pattern else "", bounds, length) if part
        )

    def fault(self, value: str) -> Fault | None:
        """What is wrong with a value, or None."""
        written = value if self.form == "text" else value.strip(_XML_BLANKS)
        if len(written) < self.min_length or (self.form != "text" and not written):
            return "empty"
        if self.max_length is not None and len(written) > self.max_length:
            return "long"
        if self.pattern is not None and not self.pattern.fullmatch(written):
            return "form"
        return _FORMS[self.form](self, written)


def _text(_item: Item, _value: str) -> Fault | None:
    return None


def _number(item: Item, value: str) -> Fault | None:
    return None if Decimal(item.lowest) <= Decimal(value) <= Decimal(item.highest) else "bounds"


def _day(item: Item, value: str) -> Fault | None:
    if not _DAY.fullmatch(value) or as_day(value) is None:
        return "form"
    return None if value >= item.lowest else "bounds"


def _moment(_item: Item, value: str) -> Fault | None:
    if not _MOMENT.fullmatch(value):
        return "form"
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return "form"
    return None


def _guid(_item: Item, value: str) -> Fault | None:
    return None if _GUID.fullmatch(value) else "form"


def _flag(_item: Item, value: str) -> Fault | None:
    return None if value in _FLAGS else "form"


def _currency(_item: Item, value: str) -> Fault | None:
    return None if value in currencies() else "code"


def _country(_item: Item, value: str) -> Fault | None:
    return None if value in countries() else "code"


_FORMS: Mapping[Form, Callable[[Item, str], Fault | None]] = {
    "text": _text,
    "day": _day,
    "moment": _moment,
    "decimal": _number,
    "whole": _number,
    "currency": _currency,
    "country": _country,
    "guid": _guid,
    "flag": _flag,
}


def as_day(value: str) -> date | None:
    """The day that a value names, None when it names none."""
    try:
        return date.fromisoformat(value.strip(_XML_BLANKS))
    except ValueError:
        return None


@cache
def items(place: str, kind: Literal["element", "attribute"]) -> Mapping[str, Item]:
    """The elements or attributes of a place by their name, elements in the order that DATEV demands."""
    return MappingProxyType(
        {item.name: item for item in _all_items() if (item.place, item.kind) == (place, kind)}
    )


@cache
def _all_items() -> tuple[Item, ...]:
    return (*_read("document.csv"), *_read("ledger.csv"))


def _read(file_name: str) -> Iterator[Item]:
    text = (files(__package__) / "fields" / file_name).read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield Item(
            place=row["place"],
            kind=cast('Literal["element", "attribute"]', row["kind"]),
            name=row["name"],
            ledger=None if row["ledger"] == "both" else cast("Ledger", row["ledger"]),
            least=int(row["least"]),
            most=int(row["most"]),
            form=cast("Form", row["form"]),
            min_length=int(row["min_length"] or 0),
            max_length=int(row["max_length"]) if row["max_length"] else None,
            lowest=row["lowest"],
            highest=row["highest"],
            pattern=re.compile(row["pattern"]) if row["pattern"] else None,
            de=row["de"],
            en=row["en"],
        )
