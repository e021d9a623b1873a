"""Rules for single values: the field dictionary, and what the header says about accounts, dates and flags.

Values repeat within a file, so a value that passed once is remembered for its column (up to a bound).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from mlconnector.formats.extf.check_header import HeaderFacts
from mlconnector.formats.extf.dictionary import BOOKINGS, MASTER_DATA, Category, Fault, Field
from mlconnector.formats.extf.header import last_day
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.parties import EU_VAT_PREFIX
from mlconnector.formats.extf.rules import Finding, found, rules
from mlconnector.formats.extf.text import has_control_characters, has_doubtful_characters

_REMEMBERED_VALUES = 2000
_LETTERS: Mapping[int, str] = {BOOKINGS: "B", MASTER_DATA: "D"}
_AMOUNTS = frozenset({1, 5, 13})
_DOCUMENT_FIELDS = frozenset({11, 12})
_VAT_IDS = frozenset({40, 123})
_FAULT_RULES: Mapping[Fault, str] = {
    "surplus": "EXTF-V-09",
    "long": "EXTF-V-02",
    "date": "EXTF-V-06",
    "form": "EXTF-V-04",
}

Check = Callable[[str], Iterator[tuple[str, str]]]


class CellCheck:
    """Checks the filled cells of one file; made anew for each file.

    `passed` has for each column the raw cells that were found in order; they need no second look.
    """

    def __init__(self, layout: Category, facts: HeaderFacts) -> None:
        self._fields = layout.fields
        self._facts = facts
        self._letter = _LETTERS.get(layout.number, "")
        self.passed: list[set[str]] = [set() for _ in layout.fields]
        self._quoting_noted: set[int] = set()
        self._special: dict[int, Check] = {}
        if layout.number == BOOKINGS:
            self._special = {
                7: self._account,
                8: self._account,
                10: self._document_date,
                6: self._base_currency,
            }
            self._special |= {114: self._festschreibung}
            self._special |= dict.fromkeys(_VAT_IDS, _vat_prefix) | dict.fromkeys(
                _DOCUMENT_FIELDS, _underscore
            )
        elif layout.number == MASTER_DATA:
            self._special = {1: self._person_account, 10: _vat_without_prefix, 18: _post_code}

    def findings(self, line: int, position: int, cell: str) -> list[Finding]:
        """The findings in one well-formed raw cell that is not the canonical empty one."""
        field, value = self._fields[position], value_of(cell)
        result = [
            found(rule, line, field.index, field.name, value, expected)
            for rule, expected in self._faults(field, cell, value)
        ]
        if not result:
            passed = self.passed[position]
            if len(passed) >= _REMEMBERED_VALUES:
                passed.clear()
            passed.add(cell)
        return result

    def _faults(self, field: Field, cell: str, value: str) -> Iterator[tuple[str, str]]:
        if cell.startswith('"') != field.quoted and field.index not in self._quoting_noted:
            self._quoting_noted.add(field.index)
            yield ("EXTF-V-08", f'"{value}"') if field.quoted else ("EXTF-V-07", value)
        if not value:
            return
        if not (value.isascii() and value.isprintable()):
            if has_control_characters(value):
                yield "EXTF-V-05", ""
                return
            if has_doubtful_characters(value):
                yield "EXTF-V-12", ""
        fault = field.fault(value)
        if fault is not None:
            yield self._rule(field, value, fault), field.expected
        elif (special := self._special.get(field.index)) is not None:
            yield from special(value)

    def _rule(self, field: Field, value: str, fault: Fault) -> str:
        if fault == "long" and field.shorten:
            return "EXTF-V-03"
        if fault != "form" or not self._letter:
            return _FAULT_RULES[fault]
        if self._letter == "B":
            if field.index in _AMOUNTS:
                return _amount_rule(field, value)
            if field.index == 10 and len(value) == 3 and value.isdigit():
                return "EXTF-B-210"
        if field.index in _VAT_IDS and self._letter == "B":
            return "EXTF-B-040"
        own = f"EXTF-{self._letter}-{field.index:03d}"
        return own if own in rules() else "EXTF-V-04"

    def _account(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is None:
            return
        if len(value) > length + 1:
            yield "EXTF-B-207", f"≤ {length + 1}"
        elif len(value) == length + 1 and value.startswith("0"):
            yield "EXTF-B-209", "1-9"

    def _person_account(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is not None and len(value) != length + 1:
            yield "EXTF-D-101", str(length + 1)

    def _document_date(self, value: str) -> Iterator[tuple[str, str]]:
        start = self._facts.fiscal_year_start
        if start is None:
            return
        day = _within_year(value, start)
        if day is None:
            yield "EXTF-B-211", f"{start:%Y%m%d}-{last_day(start):%Y%m%d}"
            return
        begin, end = self._facts.date_from, self._facts.date_to
        if begin is not None and end is not None and begin <= end and not begin <= day <= end:
            yield "EXTF-B-212", f"{begin:%Y%m%d}-{end:%Y%m%d}"

    def _base_currency(self, value: str) -> Iterator[tuple[str, str]]:
        if self._facts.currency is not None and value != self._facts.currency:
            yield "EXTF-B-224", self._facts.currency

    def _festschreibung(self, value: str) -> Iterator[tuple[str, str]]:
        stated = self._facts.festschreibung
        if stated is not None and value != stated:
            yield "EXTF-B-221", stated


def _amount_rule(field: Field, value: str) -> str:
    if value.startswith("-"):
        return "EXTF-B-203"
    if "." in value:
        return "EXTF-B-204"
    if not value.strip("0,"):
        return "EXTF-B-201"
    if value.isascii() and value.isdigit() and len(value) <= field.max_length:
        return "EXTF-B-202"
    return {1: "EXTF-B-001", 5: "EXTF-B-005", 13: "EXTF-B-013"}[field.index]


def _within_year(ttmm: str, start: date) -> date | None:
    for year in (start.year, start.year + 1):
        try:
            day = date(year, int(ttmm[2:]), int(ttmm[:2]))
        except ValueError:
            continue
        if start <= day <= last_day(start):
            return day
    return None


def _vat_prefix(value: str) -> Iterator[tuple[str, str]]:
    if EU_VAT_PREFIX.match(value) is None:
        yield "EXTF-B-225", ""


def _underscore(value: str) -> Iterator[tuple[str, str]]:
    if "_" in value:
        yield "EXTF-B-213", value.replace("_", "-")


def _vat_without_prefix(value: str) -> Iterator[tuple[str, str]]:
    if EU_VAT_PREFIX.match(value) is not None:
        yield "EXTF-D-104", value[2:]


def _post_code(value: str) -> Iterator[tuple[str, str]]:
    if not (value.isascii() and value.isdigit()):
        yield "EXTF-D-105", "0-9"
