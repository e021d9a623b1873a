"""Rules across the columns of one line: what has to be filled together, and what contradicts itself.

Which columns are filled repeats from line to line, so rules that look at nothing else are answered once
for each combination.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from mlconnector.formats.extf.check_header import HeaderFacts
from mlconnector.formats.extf.dictionary import BOOKINGS, MASTER_DATA, Category
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Finding, found

_REMEMBERED_COMBINATIONS = 1000
_FOREIGN = (3, 4, 5, 6)
_PAIRS = (
    *(((art, art + 1), "EXTF-B-214") for art in (*range(21, 37, 2), *range(48, 88, 2))),
    ((17, 105), "EXTF-B-215"),
    ((115, 116), "EXTF-B-218"),
)
_RATE_POSITIONS = frozenset({3, 4, 5})
_OPEN_ITEM_POSITIONS = frozenset({14, 15, 17, 18, 110, 116})
_BU_49_POSITIONS = frozenset({44, 45, 46})
_NAMES_BY_TYPE = {"2": (2,), "1": (4, 5), "0": (6,), "": (2,)}
_NAME_COLUMNS = (2, 4, 5, 6)
_MAIN_BANK_FLAGS = (49, 60, 71, 82, 93, 173, 184, 195, 206, 217)
_RATE_TOLERANCE = Decimal("0.005")
_CENTS_TOLERANCE = Decimal("0.05")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")

# One fault: rule, column and what is expected.
Fault = tuple[str, int, str]
Together = Callable[[frozenset[int]], Iterator[Fault]]
Across = Callable[[tuple[int, ...], Sequence[str]], Iterator[Fault]]


class RowCheck:
    """Checks the lines of one file across their columns; made anew for each file."""

    def __init__(self, layout: Category, facts: HeaderFacts) -> None:
        self._layout = layout
        self._facts = facts
        self._required = [field.index for field in layout.fields if field.is_required(layout.number)]
        self._presence: dict[tuple[int, ...], tuple[Fault, ...]] = {}
        kinds: dict[int, tuple[Together, Across]] = {
            BOOKINGS: (_booking_together, self._booking),
            MASTER_DATA: (_party_together, _party),
        }
        self._together, self._across = kinds.get(layout.number, (_nothing, _nothing))

    def findings(self, line: int, filled: tuple[int, ...], cells: Sequence[str]) -> list[Finding]:
        """The findings in a line of all columns; `filled` are the positions (from 0) of its filled cells."""
        known = self._presence.get(filled)
        if known is None:
            known = tuple(self._by_presence(frozenset(position + 1 for position in filled)))
            if len(self._presence) >= _REMEMBERED_COMBINATIONS:
                self._presence.clear()
            self._presence[filled] = known
        faults = (*known, *self._across(filled, cells))
        return [self._finding(fault, line, cells) for fault in faults] if faults else []

    def _finding(self, fault: Fault, line: int, cells: Sequence[str]) -> Finding:
        rule, column, expected = fault
        name = self._layout.fields[column - 1].name
        return found(rule, line, column, name, value_of(cells[column - 1]), expected)

    def _by_presence(self, filled: frozenset[int]) -> Iterator[Fault]:
        for index in self._required:
            if index not in filled:
                yield "EXTF-V-01", index, self._layout.fields[index - 1].expected
        yield from self._together(filled)

    def _booking(self, filled: tuple[int, ...], cells: Sequence[str]) -> Iterator[Fault]:
        account, contra = value_of(cells[6]), value_of(cells[7])
        if account and account == contra:
            yield "EXTF-B-208", 8, ""
        if 3 in filled and 4 in filled:
            yield from _base_amount(cells)
        elif 2 in filled and _RATE_POSITIONS.isdisjoint(filled) and self._is_foreign(cells[2]):
            yield "EXTF-B-205", 3, "4, 5, 6"
        length = self._facts.account_length
        if length is not None and length + 1 not in (len(account), len(contra)):
            for position in _OPEN_ITEM_POSITIONS.intersection(filled):
                if value_of(cells[position]) != "0":
                    yield "EXTF-B-222", position + 1, ""
        if not _BU_49_POSITIONS.isdisjoint(filled) and value_of(cells[8]) != "49":
            yield "EXTF-B-217", min(_BU_49_POSITIONS.intersection(filled)) + 1, "49"

    def _is_foreign(self, cell: str) -> bool:
        return self._facts.currency not in (None, value_of(cell))


def _booking_together(filled: frozenset[int]) -> Iterator[Fault]:
    foreign = [index for index in _FOREIGN if index in filled]
    if foreign not in ([], [3], list(_FOREIGN)):
        missing = [index for index in _FOREIGN if index not in filled]
        yield "EXTF-B-205", missing[0], ", ".join(str(index) for index in missing)
    for pair, rule in _PAIRS:
        present = [index for index in pair if index in filled]
        if len(present) == 1:
            missing_one = pair[0] if present[0] == pair[1] else pair[1]
            yield rule, missing_one, ""
    if 95 in filled and 96 not in filled:
        yield "EXTF-B-216", 96, ""
    if 12 in filled and 117 in filled:
        yield "EXTF-B-223", 12, ""
    if 114 not in filled:
        yield "EXTF-B-220", 114, "0 / 1"


def _party_together(filled: frozenset[int]) -> Iterator[Fault]:
    if filled.isdisjoint(_NAME_COLUMNS):
        yield "EXTF-D-103", 2, ""
    if (9 in filled) != (10 in filled):
        yield "EXTF-D-106", 10 if 9 in filled else 9, ""


def _party(filled: tuple[int, ...], cells: Sequence[str]) -> Iterator[Fault]:
    allowed = _NAMES_BY_TYPE.get(value_of(cells[6]))
    if allowed is not None:
        for column in _NAME_COLUMNS:
            if column - 1 in filled and column not in allowed:
                yield "EXTF-D-102", column, ", ".join(str(each) for each in allowed)
    main = [column for column in _MAIN_BANK_FLAGS if value_of(cells[column - 1]) == "1"]
    if len(main) > 1:
        yield "EXTF-D-107", main[1], ""


def _base_amount(cells: Sequence[str]) -> Iterator[Fault]:
    amount, rate, base = (_decimal(cells[position]) for position in (0, 3, 4))
    if amount is None or rate is None or base is None or not rate:
        return
    computed = amount / rate
    if abs(computed - base) > max(computed * _RATE_TOLERANCE, _CENTS_TOLERANCE):
        yield "EXTF-B-206", 5, f"{computed:.2f}".replace(".", ",")


def _decimal(cell: str) -> Decimal | None:
    digits = value_of(cell).replace(",", ".", 1)
    return Decimal(digits) if _AMOUNT.fullmatch(digits) else None


def _nothing(*_: object) -> Iterator[Fault]:
    yield from ()
