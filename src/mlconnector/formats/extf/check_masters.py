"""Rules for lines of master data: parties (16), labels (20), payment terms (46), addresses (48)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlconnector.formats.extf.check_bookings import full_day
from mlconnector.formats.extf.dictionary import (
    ADDRESSES,
    LABELS,
    MASTER_DATA,
    PAYMENT_TERMS,
    Category,
)
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.vat_ids import vat_id_fits

MOST_REMEMBERED = 100_000
_KEYS: Mapping[int, tuple[int, ...]] = {
    MASTER_DATA: (1,),
    LABELS: (1, 3),
    PAYMENT_TERMS: (1,),
    ADDRESSES: (1, 2),
}
_HIGHEST_LIKELY_PERCENTAGE = 1000
_IN_DAYS, _BY_DATE = "1", "2"
_PERIODS = ((9, 14), (16, 21), (23, 28))

Across = Callable[[Sequence[str]], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a category keeps names, main banks, the VAT id, and days that begin and end something."""

    addressee_type: int
    names: Mapping[str, tuple[int, ...]]
    main_banks: tuple[int, ...]
    eu_country: int | None
    validity: tuple[tuple[int, int], ...]

    @property
    def all_names(self) -> tuple[int, ...]:
        return tuple(sorted({column for columns in self.names.values() for column in columns}))

    @staticmethod
    def of(layout: Category) -> _Columns:
        by_name = layout.by_name
        company, nobody = (
            by_name["Name (Adressattyp Unternehmen)"].index,
            by_name["Name (Adressattyp keine Angabe)"].index,
        )
        person = tuple(by_name[f"{part} (Adressattyp natürl. Person)"].index for part in ("Name", "Vorname"))
        country = by_name.get("EU-Land")
        begins = (field for field in layout.fields if "ültig von" in field.name)
        return _Columns(
            by_name["Adressattyp"].index,
            {"2": (company,), "1": person, "0": (nobody,), "": (company,)},
            tuple(f.index for f in layout.fields if f.name.startswith("Kennz. Hauptbankverb")),
            None if country is None else country.index,
            tuple((field.index, field.index + 1) for field in begins),
        )


class MasterDataCheck:
    """Checks the lines of one file of master data; made anew for each file."""

    def __init__(self, layout: Category) -> None:
        self._key = _KEYS[layout.number]
        self._seen: dict[int, int] = {}
        self._columns = _Columns.of(layout) if layout.number in (MASTER_DATA, ADDRESSES) else None
        self._across: Mapping[int, Across] = {LABELS: _label, PAYMENT_TERMS: _terms}
        self._number = layout.number

    def together(self, filled: frozenset[int]) -> Iterator[Fault]:
        """Faults that follow from which columns (from 1) are filled, whatever they say."""
        columns = self._columns
        if columns is None:
            return
        if filled.isdisjoint(columns.all_names):
            yield "EXTF-D-103", columns.all_names[0], ""
        country = columns.eu_country
        if country is not None and (country in filled) != (country + 1 in filled):
            yield "EXTF-D-106", country + 1 if country in filled else country, ""

    def faults(self, line: int, filled: frozenset[int], cells: Sequence[str]) -> Iterator[Fault]:
        """Faults of one line, also beside the lines before it."""
        key = hash(tuple(value_of(cells[column - 1]) for column in self._key))
        if key in self._seen:
            yield "EXTF-V-15", self._key[0], f"Zeile / line {self._seen[key]}"
        elif len(self._seen) < MOST_REMEMBERED:
            self._seen[key] = line
        if self._columns is not None:
            yield from _address(self._columns, filled, cells)
        else:
            yield from self._across[self._number](cells)


def _address(columns: _Columns, filled: frozenset[int], cells: Sequence[str]) -> Iterator[Fault]:
    allowed = columns.names.get(value_of(cells[columns.addressee_type - 1]))
    if allowed is not None:
        for column in columns.all_names:
            if column in filled and column not in allowed:
                yield "EXTF-D-102", column, ", ".join(str(each) for each in allowed)
    main = [column for column in columns.main_banks if value_of(cells[column - 1]) == "1"]
    if len(main) > 1:
        yield "EXTF-D-107", main[1], ""
    country = columns.eu_country
    if country is not None and country in filled and country + 1 in filled:
        prefix, rest = value_of(cells[country - 1]), value_of(cells[country])
        if not vat_id_fits(prefix + rest) and not vat_id_fits(rest):
            yield "EXTF-D-108", country + 1, prefix
    for begin, end in columns.validity:
        if begin in filled and end in filled:
            first, last = full_day(value_of(cells[begin - 1])), full_day(value_of(cells[end - 1]))
            if first is not None and last is not None and last < first:
                yield "EXTF-V-14", end, f"≥ {value_of(cells[begin - 1])}"


def _label(cells: Sequence[str]) -> Iterator[Fault]:
    if not value_of(cells[1]) and not value_of(cells[3]):
        yield "EXTF-K-101", 2, ""


def _terms(cells: Sequence[str]) -> Iterator[Fault]:
    kind = value_of(cells[2])
    if kind not in ("", _IN_DAYS, _BY_DATE):
        yield "EXTF-Z-101", 3, "1 / 2"
    first, second = _whole(cells[3]), _whole(cells[5])
    for column, percentage in ((4, first), (6, second)):
        if percentage > _HIGHEST_LIKELY_PERCENTAGE:
            yield "EXTF-Z-102", column, f"{percentage // 100},{percentage % 100:02d} %"
    if kind == _IN_DAYS:
        yield from _terms_in_days(cells, first, second)
    elif kind == _BY_DATE:
        yield from _terms_by_date(cells)


def _terms_in_days(cells: Sequence[str], first: int, second: int) -> Iterator[Fault]:
    days, later, due = _whole(cells[4]), _whole(cells[6]), _whole(cells[7])
    for column, percentage, within in ((5, first, days), (7, second, later)):
        if percentage and not within:
            yield "EXTF-Z-103", column, ""
        if percentage and within > due:
            yield "EXTF-Z-104", column, f"≤ {due}"
    if second and (second >= first or (later and later <= days)):
        yield "EXTF-Z-105", 6, ""


def _terms_by_date(cells: Sequence[str]) -> Iterator[Fault]:
    if not any(_whole(cells[due - 1]) for _, due in _PERIODS):
        yield "EXTF-Z-106", _PERIODS[0][1], "1-31"
    ends = [(until, _whole(cells[until - 1])) for until, _ in _PERIODS if _whole(cells[until - 1])]
    for (_, earlier), (column, later) in pairwise(ends):
        if later <= earlier:
            yield "EXTF-Z-107", column, f"> {earlier}"


_DIGITS = re.compile(r"[0-9]{1,9}")


def _whole(cell: str) -> int:
    digits = value_of(cell)
    return int(digits) if _DIGITS.fullmatch(digits) else 0
