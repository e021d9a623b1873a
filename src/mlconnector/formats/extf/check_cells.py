"""Rules for single values: the field dictionary, and what the header says about accounts, dates and flags.

Values repeat within a file, so a value that passed once is remembered for its column (up to a bound).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mlconnector.formats.extf.check_bookings import within_year
from mlconnector.formats.extf.dictionary import (
    ADDRESSES,
    BOOKINGS,
    LABELS,
    MASTER_DATA,
    PAYMENT_TERMS,
    RECURRING,
    Category,
    Field,
    ValueFault,
)
from mlconnector.formats.extf.facts import HeaderFacts
from mlconnector.formats.extf.header import last_day
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.parties import EU_VAT_PREFIX
from mlconnector.formats.extf.rules import Finding, found, rules
from mlconnector.formats.extf.text import has_control_characters, has_doubtful_characters
from mlconnector.formats.extf.vat_ids import HOME, vat_id_fits, vat_id_forms

_REMEMBERED_VALUES = 2000
_LETTERS: Mapping[int, str] = {
    BOOKINGS: "B",
    RECURRING: "W",
    MASTER_DATA: "D",
    ADDRESSES: "A",
    LABELS: "K",
    PAYMENT_TERMS: "Z",
}
# Columns of recurring bookings and addresses that mean the same as one of bookings and parties.
_SAME_AS: Mapping[int, Mapping[int, str]] = {
    RECURRING: {
        2: "B-003",
        3: "B-001",
        4: "B-002",
        5: "B-004",
        6: "B-005",
        7: "B-003",
        8: "B-009",
        9: "B-008",
        10: "B-011",
        11: "B-012",
        13: "B-007",
        16: "B-037",
        17: "B-038",
        19: "B-013",
        26: "B-020",
        27: "B-040",
        97: "B-118",
        100: "B-040",
    },
    BOOKINGS: {6: "B-003", 123: "B-040"},
    ADDRESSES: {2: "D-001", 10: "D-007"},
    PAYMENT_TERMS: {6: "Z-004"},
}
_AMOUNT_RULES = frozenset({"EXTF-B-001", "EXTF-B-005", "EXTF-B-013"})
_DOCUMENT_DATE = 10
_IBAN, _POST_CODE = "IBAN-Nr.", "Postleitzahl"
_FAULT_RULES: Mapping[ValueFault, str] = {
    "surplus": "EXTF-V-09",
    "long": "EXTF-V-02",
    "date": "EXTF-V-06",
    "form": "EXTF-V-04",
}
_ANY_FORM = "EXTF-V-04"

Check = Callable[[str], Iterator[tuple[str, str]]]


class CellCheck:
    """Checks the filled cells of one file; made anew for each file.

    `passed` has for each column the raw cells that were found in order; they need no second look.
    """

    def __init__(self, layout: Category, facts: HeaderFacts) -> None:
        self._fields = layout.fields
        self._facts = facts
        self._category = layout.number
        self.passed: list[set[str]] = [set() for _ in layout.fields]
        self._quoting_noted: set[int] = set()
        self._special = self._special_checks(layout)

    def _special_checks(self, layout: Category) -> Mapping[int, Check]:
        if layout.number == BOOKINGS:
            return {
                **dict.fromkeys((7, 8), self._account),
                **dict.fromkeys((11, 12), _underscore),
                **dict.fromkeys((40, 123), _vat_id),
                6: self._base_currency,
                _DOCUMENT_DATE: self._document_date,
                114: self._festschreibung,
            }
        if layout.number == RECURRING:
            return {
                **dict.fromkeys((9, 13), self._account),
                **dict.fromkeys((10, 11), _underscore),
                **dict.fromkeys((27, 100), _vat_id),
            }
        if layout.number == LABELS:
            return {1: self._label_account}
        ibans: dict[int, Check] = {
            field.index: _iban for field in layout.fields if field.name.startswith(_IBAN)
        }
        codes = {field.index: _post_code for field in layout.fields if field.name.startswith(_POST_CODE)}
        if layout.number == MASTER_DATA:
            return {**ibans, **codes, 1: self._person_account, 10: _vat_without_prefix}
        if layout.number == ADDRESSES:
            return {**ibans, **codes, 2: self._person_account}
        return {}

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

    def _rule(self, field: Field, value: str, fault: ValueFault) -> str:
        if fault == "long" and field.shorten:
            return "EXTF-V-03"
        if fault != "form":
            return _FAULT_RULES[fault]
        own = self._own_rule(field)
        if own in _AMOUNT_RULES:
            return _amount_rule(field, value, own)
        if self._category == BOOKINGS and field.index == _DOCUMENT_DATE:
            return "EXTF-B-210" if len(value) == len("TMM") and value.isdigit() else own
        return own

    def _own_rule(self, field: Field) -> str:
        own = _SAME_AS.get(self._category, {}).get(field.index)
        if own is None:
            own = f"{_LETTERS.get(self._category, 'V')}-{field.index:03d}"
        return f"EXTF-{own}" if f"EXTF-{own}" in rules() else _ANY_FORM

    def _account(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is None:
            return
        if len(value) > length + 1:
            yield "EXTF-B-207", f"≤ {length + 1}"
        elif len(value) == length + 1 and value.startswith("0"):
            yield "EXTF-B-209", "1-9"

    def _label_account(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is not None and len(value) > length:
            yield "EXTF-K-102", f"≤ {length}"

    def _person_account(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is not None and len(value) != length + 1:
            yield "EXTF-D-101", str(length + 1)

    def _document_date(self, value: str) -> Iterator[tuple[str, str]]:
        start = self._facts.fiscal_year_start
        if start is None:
            return
        day = within_year(value, start)
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


def _amount_rule(field: Field, value: str, otherwise: str) -> str:
    if value.startswith("-"):
        return "EXTF-B-203"
    if "." in value:
        return "EXTF-B-204"
    if not value.strip("0,"):
        return "EXTF-B-201"
    if value.isascii() and value.isdigit() and len(value) <= field.max_length:
        return "EXTF-B-202"
    return otherwise


def _vat_id(value: str) -> Iterator[tuple[str, str]]:
    if EU_VAT_PREFIX.match(value) is None:
        yield "EXTF-B-225", ""
    elif value.startswith(HOME):
        yield "EXTF-B-227", ""
    elif len(value) > len(HOME) and not vat_id_fits(value):
        yield "EXTF-B-226", vat_id_forms()[value[:2]].example


def _iban(value: str) -> Iterator[tuple[str, str]]:
    moved = value[4:] + value[:4]
    if int("".join(str(int(character, 36)) for character in moved)) % 97 != 1:
        yield "EXTF-V-13", ""


def _underscore(value: str) -> Iterator[tuple[str, str]]:
    if "_" in value:
        yield "EXTF-B-213", value.replace("_", "-")


def _vat_without_prefix(value: str) -> Iterator[tuple[str, str]]:
    if EU_VAT_PREFIX.match(value) is not None:
        yield "EXTF-D-104", value[2:]


def _post_code(value: str) -> Iterator[tuple[str, str]]:
    if not (value.isascii() and value.isdigit()):
        yield "EXTF-D-105", "0-9"
