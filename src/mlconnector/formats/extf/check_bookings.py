"""Rules across the columns of one booking (category 21): companions, amounts, dates, tax key and accounts.

What repeats is worked out once: rules that look at which columns are filled once for each combination,
rules on accounts and tax key once for each pair of accounts with its key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from mlconnector.formats.extf.check_accounts import account_faults
from mlconnector.formats.extf.check_keys import key_faults
from mlconnector.formats.extf.client import PERSONS, ClientAccounts
from mlconnector.formats.extf.facts import HeaderFacts
from mlconnector.formats.extf.header import last_day
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault
from mlconnector.formats.extf.tax_keys import INDIVIDUAL, known_key

_FOREIGN = (3, 4, 5, 6)
_PAIRS = (
    *(((art, art + 1), "EXTF-B-214") for art in (*range(21, 37, 2), *range(48, 88, 2))),
    ((17, 105), "EXTF-B-215"),
    ((115, 116), "EXTF-B-218"),
)
_OPEN_ITEM_COLUMNS = frozenset({15, 16, 18, 19, 111, 117})
_KEY_49_COLUMNS = frozenset({45, 46, 47})
_PREPAYMENT_COLUMNS = (97, 98, 99, 100, 101)
_COST_CENTRES = frozenset({37, 38})
_NO_VALUE = frozenset("0,")
_RATE_TOLERANCE = Decimal("0.005")
_CENTS_TOLERANCE = Decimal("0.05")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
_REMEMBERED_BOOKINGS = 20_000
_LONGEST_AFTER_SERVICE = timedelta(days=730)
_MONTH_DAY = len("TTMM")

Check = Callable[[Sequence[str]], Iterator[Fault]]


class BookingCheck:
    """Checks the bookings of one file line by line; made anew for each file."""

    def __init__(self, facts: HeaderFacts, client: ClientAccounts) -> None:
        self._facts = facts
        self._client = client
        self._known: dict[tuple[str, str, str, frozenset[int]], tuple[Fault, ...]] = {}
        self._days: dict[str, date | None] = {}

    def together(self, filled: frozenset[int]) -> Iterator[Fault]:
        """Faults that follow from which columns (from 1) are filled, whatever they say."""
        foreign = [index for index in _FOREIGN if index in filled]
        if foreign not in ([], [3], list(_FOREIGN)):
            missing = [index for index in _FOREIGN if index not in filled]
            yield "EXTF-B-205", missing[0], ", ".join(str(index) for index in missing)
        for pair, rule in _PAIRS:
            present = [index for index in pair if index in filled]
            if len(present) == 1:
                yield rule, pair[0] if present[0] == pair[1] else pair[1], ""
        if 95 in filled and 96 not in filled:
            yield "EXTF-B-216", 96, ""
        if 12 in filled and 117 in filled:
            yield "EXTF-B-223", 12, ""
        if 114 not in filled:
            yield "EXTF-B-220", 114, "0 / 1"
        for country, rate in ((40, 41), (123, 124)):
            if rate in filled and country not in filled:
                yield "EXTF-B-230", country, "ATU12345678"
        if 39 in filled and _COST_CENTRES.isdisjoint(filled):
            yield "EXTF-B-249", 37, ""

    def checks(self, filled: frozenset[int]) -> tuple[Check, ...]:
        """What has to look at values in lines with these columns filled."""
        wanted: tuple[tuple[bool, Check], ...] = (
            (4 in filled and 5 in filled, _base_amount),
            (3 in filled and filled.isdisjoint({4, 5, 6}), self._missing_rate),
            (3 in filled and 4 in filled, self._rate_of_base_currency),
            (not _OPEN_ITEM_COLUMNS.isdisjoint(filled), self._open_items(filled)),
            (not _KEY_49_COLUMNS.isdisjoint(filled), _individual_function(filled)),
            (not filled.isdisjoint(_PREPAYMENT_COLUMNS) and 96 not in filled, _prepayment),
            (13 in filled, _discount),
            (117 in filled, self._due_date),
            (115 in filled, self._service_date),
            (9 in filled, self._lowered_rate(filled)),
            (9 in filled and 119 in filled, _rate_of_key),
            (9 in filled and 40 in filled, _vat_id_of_key),
            (118 in filled and 9 in filled, _marked_twice),
        )
        return tuple(check for applies, check in wanted if applies)

    def accounts(self, filled: frozenset[int], cells: Sequence[str]) -> tuple[Fault, ...]:
        """Faults that follow from both accounts, the tax key and which columns are filled."""
        signature = (cells[6], cells[7], cells[8], filled)
        known = self._known.get(signature)
        if known is None:
            account, contra, key = (value_of(cell) for cell in signature[:3])
            known = (
                *account_faults(self._client, account, contra, key, filled),
                *key_faults(key, filled, cells),
            )
            if 44 not in filled:
                if len(self._known) >= _REMEMBERED_BOOKINGS:
                    self._known.clear()
                self._known[signature] = known
        return known

    def day(self, day_and_month: str) -> date | None:
        """The day of a Belegdatum (TTMM) in the file's fiscal year; None where there is none."""
        if day_and_month not in self._days:
            start = self._facts.fiscal_year_start
            self._days[day_and_month] = within_year(day_and_month, start) if start is not None else None
        return self._days[day_and_month]

    def _missing_rate(self, cells: Sequence[str]) -> Iterator[Fault]:
        if self._facts.currency not in (None, value_of(cells[2])):
            yield "EXTF-B-205", 3, "4, 5, 6"

    def _rate_of_base_currency(self, cells: Sequence[str]) -> Iterator[Fault]:
        if self._facts.currency == value_of(cells[2]):
            yield "EXTF-B-231", 4, ""

    def _open_items(self, filled: frozenset[int]) -> Check:
        columns = sorted(_OPEN_ITEM_COLUMNS & filled)

        def check(cells: Sequence[str]) -> Iterator[Fault]:
            if self._client.length is None:
                return
            if PERSONS.isdisjoint(
                {self._client.kind(value_of(cells[6])), self._client.kind(value_of(cells[7]))}
            ):
                for column in columns:
                    if value_of(cells[column - 1]) != "0":
                        yield "EXTF-B-222", column, ""

        return check

    def _due_date(self, cells: Sequence[str]) -> Iterator[Fault]:
        due, document = full_day(value_of(cells[116])), self.day(value_of(cells[9]))
        if due is not None and document is not None and due < document:
            yield "EXTF-B-247", 117, f"≥ {document:%d%m%Y}"

    def _service_date(self, cells: Sequence[str]) -> Iterator[Fault]:
        service, document = full_day(value_of(cells[114])), self.day(value_of(cells[9]))
        if service is not None and document is not None and abs(document - service) > _LONGEST_AFTER_SERVICE:
            yield "EXTF-B-248", 115, f"± 2 Jahre / years, {document:%d%m%Y}"

    def _lowered_rate(self, filled: frozenset[int]) -> Check:
        def check(cells: Sequence[str]) -> Iterator[Fault]:
            key = known_key(value_of(cells[8]))
            if key is None or "lowered" not in key.needs:
                return
            column = 115 if 115 in filled else 10
            text = value_of(cells[column - 1])
            day = full_day(text) if column == 115 else self.day(text)
            if day is not None and not date(2020, 7, 1) <= day <= date(2020, 12, 31):
                yield "EXTF-B-250", 9, "07/2020-12/2020"

        return check


def within_year(day_and_month: str, start: date) -> date | None:
    """The day TTMM in the fiscal year that begins on `start`; None where the year has no such day."""
    if len(day_and_month) != _MONTH_DAY or not (day_and_month.isascii() and day_and_month.isdigit()):
        return None
    for year in (start.year, start.year + 1):
        try:
            day = date(year, int(day_and_month[2:]), int(day_and_month[:2]))
        except ValueError:
            continue
        if start <= day <= last_day(start):
            return day
    return None


def full_day(text: str) -> date | None:
    """The day written as TTMMJJJJ, or None where it is none."""
    if len(text) != len("TTMMJJJJ") or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None


def _base_amount(cells: Sequence[str]) -> Iterator[Fault]:
    amount, rate, base = (decimal_of(cells[position]) for position in (0, 3, 4))
    if amount is None or rate is None or base is None or not rate:
        return
    computed = amount / rate
    if abs(computed - base) > max(computed * _RATE_TOLERANCE, _CENTS_TOLERANCE):
        yield "EXTF-B-206", 5, f"{computed:.2f}".replace(".", ",")


def _individual_function(filled: frozenset[int]) -> Check:
    column = min(_KEY_49_COLUMNS & filled, default=min(_KEY_49_COLUMNS))

    def check(cells: Sequence[str]) -> Iterator[Fault]:
        if value_of(cells[8]).lstrip("0") != INDIVIDUAL and any(
            says_something(cells[each - 1]) for each in _KEY_49_COLUMNS
        ):
            yield "EXTF-B-217", column, INDIVIDUAL

    return check


def _prepayment(cells: Sequence[str]) -> Iterator[Fault]:
    for column in _PREPAYMENT_COLUMNS:
        if says_something(cells[column - 1]):
            yield "EXTF-B-246", 96, ""
            return


def _discount(cells: Sequence[str]) -> Iterator[Fault]:
    amount, discount = decimal_of(cells[0]), decimal_of(cells[12])
    if amount is not None and discount is not None and discount >= amount:
        yield "EXTF-B-238", 13, f"< {value_of(cells[0])}"


def _rate_of_key(cells: Sequence[str]) -> Iterator[Fault]:
    key, rate = known_key(value_of(cells[8])), decimal_of(cells[118])
    if key is not None and key.rate and rate and rate != Decimal(key.rate):
        yield "EXTF-B-233", 119, f"{key.rate},00"


def _vat_id_of_key(cells: Sequence[str]) -> Iterator[Fault]:
    key, vat_id = known_key(value_of(cells[8])), value_of(cells[39])
    if key is not None and "vat_id" in key.needs and len(vat_id) == len("AT"):
        yield "EXTF-B-228", 40, f"{vat_id}…"


def _marked_twice(cells: Sequence[str]) -> Iterator[Fault]:
    key = known_key(value_of(cells[8]))
    if value_of(cells[117]) in ("1", "G") and key is not None and key.is_correction:
        yield "EXTF-B-242", 118, "0"


def says_something(cell: str) -> bool:
    """Whether a number or flag is filled with something else than zero."""
    return not _NO_VALUE.issuperset(value_of(cell))


def decimal_of(cell: str) -> Decimal | None:
    """The amount in a raw cell, or None where it is none."""
    digits = value_of(cell).replace(",", ".", 1)
    return Decimal(digits) if _AMOUNT.fullmatch(digits) else None
