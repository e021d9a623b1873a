"""Rules across columns and across lines: what each category has, put together for one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlconnector.formats.extf.check_bookings import BookingCheck, Check
from mlconnector.formats.extf.check_documents import DocumentCheck
from mlconnector.formats.extf.check_masters import MasterDataCheck
from mlconnector.formats.extf.check_recurring import RecurringCheck
from mlconnector.formats.extf.check_split import SplitCheck, SplitFault
from mlconnector.formats.extf.client import ClientAccounts
from mlconnector.formats.extf.columns import Bookings, Column, columns
from mlconnector.formats.extf.dictionary import BOOKINGS, RECURRING, Category
from mlconnector.formats.extf.facts import HeaderFacts
from mlconnector.formats.extf.lines import value_of
from mlconnector.formats.extf.rules import Fault, Finding, found

_REMEMBERED_COMBINATIONS = 1000


@dataclass(frozen=True, slots=True)
class _Plan:
    """What holds for all lines in which the same columns are filled."""

    filled: frozenset[Column]
    faults: tuple[Fault, ...]
    checks: tuple[Check, ...]


class RowCheck:
    """Checks the lines of one file across their columns and against each other; made anew for each file."""

    def __init__(self, layout: Category, facts: HeaderFacts, client: ClientAccounts) -> None:
        self._layout = layout
        self._columns = columns(layout.number)
        self._width = len(layout.fields)
        self._plans: dict[tuple[int, ...], _Plan] = {}
        self._bookings = BookingCheck(facts, client) if layout.number == BOOKINGS else None
        self._recurring = RecurringCheck(client) if layout.number == RECURRING else None
        self._documents = DocumentCheck(client, facts.festschreibung)
        self._split = SplitCheck(client)
        others = self._bookings is None and self._recurring is None
        self._masters = MasterDataCheck(layout) if others else None

    def before(self, cells: Sequence[str]) -> Sequence[Finding]:
        """Findings in earlier lines that are known only when this one comes."""
        if self._bookings is None:
            return ()
        return [self._of_split(fault) for fault in self._split.before(cells)]

    def findings(self, line: int, filled: tuple[int, ...], cells: Sequence[str], text: str) -> list[Finding]:
        """The findings in a line of all columns; `filled` are the positions (from 0) of its filled cells."""
        plan = self._plans.get(filled)
        if plan is None:
            plan = self._plan(frozenset(self._columns[position] for position in filled))
            if len(self._plans) >= _REMEMBERED_COMBINATIONS:
                self._plans.clear()
            self._plans[filled] = plan
        faults = [*plan.faults]
        if self._bookings is not None:
            faults += self._bookings.accounts(plan.filled, cells)
            for check in plan.checks:
                faults += check(cells)
            faults += self._documents.findings(line, cells, text)
            self._split.add(line, cells)
        elif self._recurring is not None:
            faults += self._recurring.faults(plan.filled, cells)
        elif self._masters is not None:
            faults += self._masters.faults(line, plan.filled, cells)
        # an older version of the format lacks the newest columns, so nothing is expected there
        return [self._finding(fault, line, cells) for fault in faults if fault[1].place < self._width]

    def end(self) -> Iterator[Finding]:
        """Findings that are known only at the end of the file."""
        if self._bookings is not None:
            for fault in self._split.end():
                yield self._of_split(fault)

    def _plan(self, filled: frozenset[Column]) -> _Plan:
        checks = self._bookings.checks(filled) if self._bookings is not None else ()
        return _Plan(filled, tuple(self._by_presence(filled)), checks)

    def _by_presence(self, filled: frozenset[Column]) -> Iterator[Fault]:
        for column, field in zip(self._columns, self._layout.fields, strict=False):
            if field.is_required(self._layout.number) and column not in filled:
                yield "EXTF-V-01", column, field.expected
        for kind in (self._bookings, self._recurring, self._masters):
            if kind is not None:
                yield from kind.together(filled)

    def _finding(self, fault: Fault, line: int, cells: Sequence[str]) -> Finding:
        rule, column, expected = fault
        return found(rule, line, column.number, column.name, value_of(cells[column.place]), expected)

    def _of_split(self, fault: SplitFault) -> Finding:
        amount = Bookings.AMOUNT
        return found("EXTF-B-406", fault.line, amount.number, amount.name, fault.distributed, fault.whole)
