"""Rules for single values: the field dictionary, and what the header says about accounts, dates and flags.

Values repeat within a file, so a value that passed once is remembered for its column (up to a bound).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mlconnector.formats.codes import countries, country_meant
from mlconnector.formats.extf.check_bookings import within_year
from mlconnector.formats.extf.columns import (
    SAME_AS,
    Addresses,
    Bookings,
    Column,
    Labels,
    Parties,
    Recurring,
    columns,
)
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
_NOUGHT: Mapping[Column, str] = {Bookings.AMOUNT: "EXTF-B-201", Bookings.DISCOUNT: "EXTF-B-252"}
_AMOUNTS = frozenset({Bookings.AMOUNT, Bookings.BASE_AMOUNT, Bookings.DISCOUNT})
_FAULT_RULES: Mapping[ValueFault, str] = {
    "surplus": "EXTF-V-09",
    "long": "EXTF-V-02",
    "date": "EXTF-V-06",
    "form": "EXTF-V-04",
}
_ANY_FORM = "EXTF-V-04"
_PREFIX = len("AT")
_VAT_PREFIX_MEANT: Mapping[str, str] = {"GR": "EL"}

Check = Callable[[str], Iterator[tuple[str, str]]]


class CellCheck:
    """Checks the filled cells of one file; made anew for each file.

    `passed` has for each column the raw cells that were found in order; they need no second look.
    """

    def __init__(self, layout: Category, facts: HeaderFacts) -> None:
        self._columns = tuple(zip(columns(layout.number), layout.fields, strict=False))
        self._facts = facts
        self._category = layout.number
        self.passed: list[set[str]] = [set() for _ in layout.fields]
        self._quoting_noted: set[Column] = set()
        self._special = self._special_checks(layout)

    def _special_checks(self, layout: Category) -> Mapping[Column, Check]:
        if layout.number == BOOKINGS:
            return {
                **dict.fromkeys((Bookings.ACCOUNT, Bookings.CONTRA_ACCOUNT), self._account),
                **dict.fromkeys((Bookings.DOCUMENT_FIELD_1, Bookings.DOCUMENT_FIELD_2), _underscore),
                **dict.fromkeys((Bookings.EU_VAT_ID, Bookings.ORIGIN_VAT_ID), _vat_id),
                **dict.fromkeys((Bookings.PREPAYMENT_ACCOUNT, Bookings.DISCOUNT_ACCOUNT), self._general),
                Bookings.PREPAYMENT_COUNTRY: _eu_country,
                Bookings.KEY_COUNTRY: _country,
                Bookings.DISCOUNT: _small_discount,
                Bookings.BASE_CURRENCY: self._base_currency,
                Bookings.DOCUMENT_DATE: self._document_date,
                Bookings.LOCK: self._festschreibung,
            }
        if layout.number == RECURRING:
            return {
                **dict.fromkeys((Recurring.ACCOUNT, Recurring.CONTRA_ACCOUNT), self._account),
                **dict.fromkeys((Recurring.DOCUMENT_FIELD_1, Recurring.DOCUMENT_FIELD_2), _underscore),
                **dict.fromkeys((Recurring.EU_VAT_ID, Recurring.ORIGIN_VAT_ID), _vat_id),
                Recurring.KEY_COUNTRY: _country,
                Recurring.DISCOUNT: _small_discount,
            }
        if layout.number == LABELS:
            return {Labels.ACCOUNT: self._label_account}
        named = {
            one: check for one, _ in self._columns for name, check in _BY_NAME if one.name.startswith(name)
        }
        if layout.number == MASTER_DATA:
            return {
                **named,
                Parties.ACCOUNT: self._person_account,
                Parties.LINKED_ACCOUNT: self._account,
                Parties.EU_COUNTRY: _eu_country,
                Parties.EU_VAT_ID: _vat_without_prefix,
            }
        if layout.number == ADDRESSES:
            return {**named, Addresses.ACCOUNT: self._person_account}
        return {}

    def findings(self, line: int, position: int, cell: str) -> list[Finding]:
        """The findings in one well-formed raw cell that is not the canonical empty one."""
        (column, field), value = self._columns[position], value_of(cell)
        result = [
            found(rule, line, column.number, column.name, value, expected)
            for rule, expected in self._faults(column, field, cell, value)
        ]
        if not result:
            passed = self.passed[position]
            if len(passed) >= _REMEMBERED_VALUES:
                passed.clear()
            passed.add(cell)
        return result

    def _faults(self, column: Column, field: Field, cell: str, value: str) -> Iterator[tuple[str, str]]:
        if cell.startswith('"') != field.quoted and column not in self._quoting_noted:
            self._quoting_noted.add(column)
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
            yield self._rule(column, field, value, fault), field.expected
        elif (special := self._special.get(column)) is not None:
            yield from special(value)

    def _rule(self, column: Column, field: Field, value: str, fault: ValueFault) -> str:
        if fault == "long" and field.shorten:
            return "EXTF-V-03"
        if fault != "form":
            return _FAULT_RULES[fault]
        if field.expected == "TTMMJJJJ" and len(value) == len("TMMJJJJ") and value.isdigit():
            return "EXTF-V-17"
        category, meant = SAME_AS.get(self._category, {}).get(column, (self._category, column))
        own = f"EXTF-{_LETTERS.get(category, 'V')}-{meant.number:03d}"
        if own not in rules():
            return _ANY_FORM
        if meant in _AMOUNTS:
            return _amount_rule(meant, field, value, own)
        if meant is Bookings.DOCUMENT_DATE and len(value) == len("TMM") and value.isdigit():
            return "EXTF-B-210"
        return own

    def _account(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is None:
            return
        if len(value) > length + 1:
            yield "EXTF-B-207", f"≤ {length + 1}"
        elif len(value) == length + 1 and value.startswith("0"):
            yield "EXTF-B-209", "1-9"

    def _general(self, value: str) -> Iterator[tuple[str, str]]:
        length = self._facts.account_length
        if length is not None and len(value) > length:
            yield "EXTF-B-254", f"≤ {length}"

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


def _amount_rule(column: Column, field: Field, value: str, otherwise: str) -> str:
    # without its Umsatz a line is nothing, but without Skonto or Basis-Umsatz it stays
    if value.startswith("-"):
        return "EXTF-B-203" if column is Bookings.AMOUNT else otherwise
    if "." in value:
        return "EXTF-B-204"
    if not value.strip("0,"):
        return _NOUGHT.get(column, otherwise)
    if value.isascii() and value.isdigit() and len(value) <= field.max_length:
        return "EXTF-B-202"
    return otherwise


def _vat_id(value: str) -> Iterator[tuple[str, str]]:
    if value[:_PREFIX] not in vat_id_forms():
        yield "EXTF-B-225", _VAT_PREFIX_MEANT.get(value[:_PREFIX], "")
    elif value.startswith(HOME):
        yield "EXTF-B-227", ""
    elif len(value) > len(HOME) and not vat_id_fits(value):
        yield "EXTF-B-226", vat_id_forms()[value[:_PREFIX]].example


def _eu_country(value: str) -> Iterator[tuple[str, str]]:
    if value not in vat_id_forms():
        yield "EXTF-B-225", _VAT_PREFIX_MEANT.get(value, "")


def _country(value: str) -> Iterator[tuple[str, str]]:
    if value not in countries():
        yield "EXTF-V-16", country_meant(value)


def _small_discount(value: str) -> Iterator[tuple[str, str]]:
    if value.startswith("0"):
        yield "EXTF-B-253", ""


def _iban(value: str) -> Iterator[tuple[str, str]]:
    moved = value[4:] + value[:4]
    if int("".join(str(int(character, 36)) for character in moved)) % 97 != 1:
        yield "EXTF-V-13", ""


def _underscore(value: str) -> Iterator[tuple[str, str]]:
    if "_" in value:
        yield "EXTF-B-213", value.replace("_", "-")


def _vat_without_prefix(value: str) -> Iterator[tuple[str, str]]:
    if value[:_PREFIX] in vat_id_forms():
        yield "EXTF-D-104", value[_PREFIX:]


def _post_code(value: str) -> Iterator[tuple[str, str]]:
    if not (value.isascii() and value.isdigit()):
        yield "EXTF-D-105", "0-9"


# Checks of columns that occur several times in master data, by how their names begin.
_BY_NAME: tuple[tuple[str, Check], ...] = (
    ("IBAN-Nr.", _iban),
    ("Postleitzahl", _post_code),
    ("Land", _country),
    ("Länderkennzeichen", _country),
)
