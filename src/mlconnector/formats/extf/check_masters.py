"""Rules for lines of master data: parties (16), labels (20), payment terms (46), addresses (48)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlconnector.formats.extf.check_bookings import full_day, numbers
from mlconnector.formats.extf.columns import (
    Addresses,
    Column,
    Labels,
    Parties,
    PaymentTerms,
    column,
    columns,
)
from mlconnector.formats.extf.dictionary import (
    ADDRESSES,
    LABELS,
    MASTER_DATA,
    PAYMENT_TERMS,
    Category,
)
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.vat_ids import vat_id_fits, vat_id_forms

MOST_REMEMBERED = 100_000
_KEYS: Mapping[int, tuple[Column, ...]] = {
    MASTER_DATA: (Parties.ACCOUNT,),
    LABELS: (Labels.ACCOUNT, Labels.LANGUAGE),
    PAYMENT_TERMS: (PaymentTerms.NUMBER,),
    ADDRESSES: (Addresses.NUMBER, Addresses.ACCOUNT),
}
_HIGHEST_LIKELY_PERCENTAGE = 1000
_IN_DAYS, _BY_DATE = "1", "2"

Across = Callable[[Sequence[str]], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a category keeps names, main banks, the VAT id, and days that begin and end something."""

    addressee_type: Column
    names: Mapping[str, tuple[Column, ...]]
    main_banks: tuple[Column, ...]
    vat_id: tuple[Column, Column] | None
    validity: tuple[tuple[Column, Column], ...]

    @property
    def all_names(self) -> tuple[Column, ...]:
        return tuple(sorted({one for several in self.names.values() for one in several}))

    @staticmethod
    def of(layout: Category) -> _Columns:
        company, surname, first_name, name, kind = (
            column(layout.number, one.name)
            for one in (
                Parties.COMPANY,
                Parties.SURNAME,
                Parties.FIRST_NAME,
                Parties.NAME,
                Parties.ADDRESSEE_TYPE,
            )
        )
        begins = (one for one in columns(layout.number) if "ültig von" in one.name)
        return _Columns(
            kind,
            {"2": (company,), "1": (surname, first_name), "0": (name,), "": (company,)},
            tuple(one for one in columns(layout.number) if one.name.startswith("Kennz. Hauptbankverb")),
            (Parties.EU_COUNTRY, Parties.EU_VAT_ID) if layout.number == MASTER_DATA else None,
            tuple((one, column(layout.number, one.name.replace("von", "bis"))) for one in begins),
        )


class MasterDataCheck:
    """Checks the lines of one file of master data; made anew for each file."""

    def __init__(self, layout: Category) -> None:
        self._key = _KEYS[layout.number]
        self._seen: dict[int, int] = {}
        self._columns = _Columns.of(layout) if layout.number in (MASTER_DATA, ADDRESSES) else None
        self._across: Mapping[int, Across] = {LABELS: _label, PAYMENT_TERMS: _terms}
        self._number = layout.number

    def together(self, filled: frozenset[Column]) -> Iterator[Fault]:
        """Faults that follow from which columns are filled, whatever they say."""
        known = self._columns
        if known is None:
            return
        if filled.isdisjoint(known.all_names):
            yield "EXTF-D-103", known.all_names[0], ""
        if known.vat_id is not None:
            country, number = known.vat_id
            if (country in filled) != (number in filled):
                yield "EXTF-D-106", number if country in filled else country, ""

    def faults(self, line: int, filled: frozenset[Column], cells: Sequence[str]) -> Iterator[Fault]:
        """Faults of one line, also beside the lines before it."""
        key = hash(tuple(value_of(cells[one.place]) for one in self._key))
        if key in self._seen:
            yield "EXTF-V-15", self._key[0], f"Zeile / line {self._seen[key]}"
        elif len(self._seen) < MOST_REMEMBERED:
            self._seen[key] = line
        if self._columns is not None:
            yield from _address(self._columns, filled, cells)
        else:
            yield from self._across[self._number](cells)


def _address(known: _Columns, filled: frozenset[Column], cells: Sequence[str]) -> Iterator[Fault]:
    allowed = known.names.get(value_of(cells[known.addressee_type.place]))
    if allowed is not None:
        for name in known.all_names:
            if name in filled and name not in allowed:
                yield "EXTF-D-102", name, numbers(allowed)
    main = [bank for bank in known.main_banks if value_of(cells[bank.place]) == "1"]
    if len(main) > 1:
        yield "EXTF-D-107", main[1], ""
    if known.vat_id is not None and filled.issuperset(known.vat_id):
        country, number = known.vat_id
        prefix, rest = value_of(cells[country.place]), value_of(cells[number.place])
        is_known = prefix in vat_id_forms()
        if is_known and not vat_id_fits(prefix + rest) and not vat_id_fits(rest):
            yield "EXTF-D-108", number, prefix
    for begin, end in known.validity:
        if begin in filled and end in filled:
            first, last = (full_day(value_of(cells[one.place])) for one in (begin, end))
            if first is not None and last is not None and last < first:
                yield "EXTF-V-14", end, f"≥ {first:%d%m%Y}"


def _label(cells: Sequence[str]) -> Iterator[Fault]:
    if not value_of(cells[Labels.SHORT.place]) and not value_of(cells[Labels.LONG.place]):
        yield "EXTF-K-101", Labels.SHORT, ""


def _terms(cells: Sequence[str]) -> Iterator[Fault]:
    kind = value_of(cells[PaymentTerms.KIND.place])
    if kind not in ("", _IN_DAYS, _BY_DATE):
        yield "EXTF-Z-101", PaymentTerms.KIND, "1 / 2"
    first, second = (
        _whole(cells[one.place]) for one in (PaymentTerms.PERCENTAGE_1, PaymentTerms.PERCENTAGE_2)
    )
    for one, percentage in ((PaymentTerms.PERCENTAGE_1, first), (PaymentTerms.PERCENTAGE_2, second)):
        if percentage > _HIGHEST_LIKELY_PERCENTAGE:
            yield "EXTF-Z-102", one, f"{percentage // 100},{percentage % 100:02d} %"
    if kind == _IN_DAYS:
        yield from _terms_in_days(cells, first, second)
    elif kind == _BY_DATE:
        yield from _terms_by_date(cells)


def _terms_in_days(cells: Sequence[str], first: int, second: int) -> Iterator[Fault]:
    days, later, due = (
        _whole(cells[one.place]) for one in (PaymentTerms.DAYS_1, PaymentTerms.DAYS_2, PaymentTerms.DUE_DAYS)
    )
    for one, percentage, within in (
        (PaymentTerms.DAYS_1, first, days),
        (PaymentTerms.DAYS_2, second, later),
    ):
        if percentage and not within:
            yield "EXTF-Z-103", one, ""
        if percentage and within > due:
            yield "EXTF-Z-104", one, f"≤ {due}"
    if second and (second >= first or (later and later <= days)):
        yield "EXTF-Z-105", PaymentTerms.PERCENTAGE_2, ""


def _terms_by_date(cells: Sequence[str]) -> Iterator[Fault]:
    (_, first_due), *_ = PaymentTerms.UNTIL_AND_DUE
    if not any(_whole(cells[due.place]) for _, due in PaymentTerms.UNTIL_AND_DUE):
        yield "EXTF-Z-106", first_due, "1-31"
    ends = [(until, _whole(cells[until.place])) for until, _ in PaymentTerms.UNTIL_AND_DUE]
    for (_, earlier), (until, later) in pairwise(end for end in ends if end[1]):
        if later <= earlier:
            yield "EXTF-Z-107", until, f"> {earlier}"


_DIGITS = re.compile(r"[0-9]{1,9}")


def _whole(cell: str) -> int:
    digits = value_of(cell)
    return int(digits) if _DIGITS.fullmatch(digits) else 0
