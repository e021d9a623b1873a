"""The foot of a Buchungsliste: what its rows add up to, and what a reader has to know beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from mlconnector.flow.preview.booking_list import Listed, Previewed
from mlconnector.formats.extf import Change
from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.postings import TaxDifference
from mlconnector.mapping.rules import Rules
from mlconnector.mapping.seeds import Seed, is_confirmed, seed, seeds_of
from mlconnector.model.entries import Because
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem


@dataclass(frozen=True, slots=True)
class CaseKey:
    """What a sum is over: the tax case with its rate, in one currency."""

    tax_case: str
    rate: Decimal
    currency: str


@dataclass
class CaseSum:
    """Net, tax and gross of one tax case, as the documents have them: credit notes count negative.

    `added` says that the tax comes on top and is owed by the client itself, so that it is not in the gross.
    """

    net: Decimal = ZERO
    tax: Decimal = ZERO
    gross: Decimal = ZERO
    added: bool = False
    rows: int = 0


@dataclass
class Waits:
    """A cause for which vouchers wait: which ones do, and the problem of each of them."""

    vouchers: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Sums:
    """What was listed so far; `add` takes one voucher after the other.

    `persons` are the accounts touched by ledger, `new_persons` those that are not given yet. Changes,
    differences and roundings come with the voucher's number. `not_examined` counts vouchers that would be
    booked, and whose files nobody has looked into. What is statistical stands in `cases` alone.
    """

    rules: Rules
    vouchers: int = 0
    rows: int = 0
    debit: dict[str, Decimal] = field(default_factory=dict)
    credit: dict[str, Decimal] = field(default_factory=dict)
    cases: dict[CaseKey, CaseSum] = field(default_factory=dict)
    persons: dict[str, set[str]] = field(default_factory=dict)
    new_persons: set[str] = field(default_factory=set)
    changes: list[tuple[str, Change]] = field(default_factory=list)
    differences: list[tuple[str, str, TaxDifference]] = field(default_factory=list)
    notes: list[tuple[str, Because]] = field(default_factory=list)
    waits: dict[str, Waits] = field(default_factory=dict)
    held: int = 0
    not_examined: int = 0
    ignored: dict[str, list[str]] = field(default_factory=dict)
    seeds: set[str] = field(default_factory=set)

    def add(self, one: Previewed) -> None:
        """Count a voucher in."""
        label = one.number or one.external_id
        self.vouchers += 1
        self.held += bool(one.problems)
        for problem in one.problems:
            waits = self.waits.setdefault(problem.cause, Waits())
            waits.vouchers.append(label)
            waits.problems.append(problem)
        self.not_examined += one.files == "not_examined" and not one.problems
        if one.ignored:
            self.ignored.setdefault(one.ignored, []).append(label)
        if one.new_person:
            self.new_persons.add(one.new_person)
        self.changes += [(label, change) for change in one.changes]
        self.differences += [(label, one.entries[-1].currency, each) for each in one.differences]
        self.notes += [(label, why) for why in one.because if why.field in _NOTED]
        self.seeds |= seeds_of((row.line for row in one.listed), self.rules)
        for row in one.listed:
            self._add_row(row)

    def unconfirmed(self) -> tuple[Seed, ...]:
        """The proposed accounts and tax cases that the rows rest on and nobody has confirmed."""
        found = (seed(name, self.rules) for name in sorted(self.seeds, reverse=True))
        return tuple(one for one in found if one is not None and not is_confirmed(one, self.rules))

    def _add_row(self, row: Listed) -> None:
        entry, line = row.entry, row.line
        self.rows += 1
        currency = line.currency or entry.currency
        if entry.is_statistical:
            self._count(CaseKey(line.tax_case, line.tax_rate, currency), line.amount, ZERO, added=False)
            return
        side = self.debit if line.amount > ZERO else self.credit
        side[currency] = side.get(currency, ZERO) + abs(line.amount)
        self.persons.setdefault(entry.ledger, set()).add(line.account)
        sign = (1 if entry.ledger == "receivable" else -1) * (-1 if line.tax_case == PAYMENT else 1)
        tax = _tax(row)
        if line.discount is not None:
            taken = -sign * line.discount
            self._count(CaseKey(DISCOUNT, ZERO, currency), taken, tax, added=False)
            tax = ZERO
        key = CaseKey(line.tax_case, line.tax_rate, currency)
        self._count(key, sign * line.amount, tax, added=line.tax_added)

    def _count(self, key: CaseKey, amount: Decimal, tax: Decimal, *, added: bool) -> None:
        found = self.cases.setdefault(key, CaseSum(added=added))
        signed = tax.copy_sign(amount)
        found.rows += 1
        found.tax += signed
        found.gross += amount
        found.net += amount if added else amount - signed


_NOTED = frozenset({"rounding", "stated_total", "dropped"})


def _tax(row: Listed) -> Decimal:
    """The tax that DATEV works out for a row: what is owed, or deducted where nothing is owed."""
    parts = {"tax"} if row.line.tax_added else {"tax", "input_tax"}
    return sum((one.amount for one in row.postings if one.part in parts), ZERO)
