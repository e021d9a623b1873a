"""The VAT check (Umsatzsteuer-Verprobung): base times rate against the tax that DATEV works out row by row.

Only what DATEV has accepted counts, by the day of the booking, in EUR. What is due where is the matter of the
return: this says whether the rows of a tax case carry the tax of their rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.balances import in_euro
from mlconnector.flow.report.batch_sums import Kind, of_period
from mlconnector.flow.report.ledger_reports import NotCounted, asked_for, not_accepted
from mlconnector.flow.report.transferred import Booked, Whose
from mlconnector.mapping.charts import tax_cases
from mlconnector.mapping.payments import DISCOUNT, PAYMENT
from mlconnector.mapping.postings import Posting, postings
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.money import HUNDRED, ZERO, rounded

_BASE = frozenset({"net", "discount"})
_DEDUCTED = frozenset({"input_tax", "lost_tax"})


@dataclass(frozen=True, slots=True)
class VatCase:
    """What a tax case comes to at one rate; sales and what is deducted are positive.

    `tax` is owed, `input_tax` deducted or lost. `rate` is None for Skonto in DATEV's own column, whose rate
    is the matter of its account.
    """

    tax_case: str
    is_sale: bool
    rate: Decimal | None
    rows: int
    base: Decimal
    tax: Decimal
    input_tax: Decimal

    @property
    def expected(self) -> Decimal | None:
        """Base times rate; None where the rate is not known."""
        return None if self.rate is None else rounded(self.base * self.rate / HUNDRED)

    @property
    def difference(self) -> Decimal | None:
        """What the rows carry beyond that: cents, where each is rounded by itself."""
        expected = self.expected
        return None if expected is None else (self.tax or self.input_tax) - expected


@dataclass(frozen=True, slots=True)
class VatReport:
    """The tax cases of a period; `first` and `last` are None where it is open."""

    whose: Whose
    first: date | None
    last: date | None
    cases: Sequence[VatCase]
    not_counted: NotCounted


@dataclass
class _Sums:
    rows: int = 0
    base: Decimal = ZERO
    tax: Decimal = ZERO
    input_tax: Decimal = ZERO

    def add(self, other: _Sums) -> None:
        """Add what other bookings come to."""
        self.rows += other.rows
        self.base += other.base
        self.tax += other.tax
        self.input_tax += other.input_tax


VatParts = dict[tuple[bool, str, Decimal | None], _Sums]
"""What some bookings come to, by whether they are sales, tax case and rate."""


def vat_of(
    services: Services, name: str, *, period: str | None = None, whole_client: bool = False
) -> VatReport:
    """The VAT check of a connection, or of all connections of its client.

    Raises NeedsHuman (`connection_unknown`), and Unreadable for a period that is none.
    """
    (first, last), of, rules = asked_for(services, name, period, whole_client=whole_client)
    with services.database.read() as db:
        found = vat_together(of_period(services, db, of, rules, (first, last), _KIND))
        left_out = NotCounted(**Counter(not_accepted(db, of, (first, last))))
    return VatReport(of, first, last, found, left_out)


def vat_cases(bookings: Iterable[tuple[Booked, Rules]]) -> tuple[VatCase, ...]:
    """The tax cases of bookings, each with the rules of its connection; payments only by their Skonto."""
    return vat_together([vat_parts(bookings)])


def vat_parts(bookings: Iterable[tuple[Booked, Rules]]) -> VatParts:
    """What bookings come to by tax case, each with the rules of its connection."""
    found: VatParts = {}
    for one, rules in bookings:
        entry = None if one.entry.is_statistical else in_euro(one.entry)
        if entry is None:
            continue
        is_sale = entry.ledger == "receivable"
        made = postings(entry, rules)
        for number, line in enumerate(entry.lines, start=1):
            case = _case_of(line)
            if case:
                rate = None if line.tax_case == PAYMENT else line.tax_rate
                sums = found.setdefault((is_sale, case, rate), _Sums())
                _add(sums, [each for each in made if each.of_line == number], entry)
    return found


def vat_together(parts: Iterable[VatParts]) -> tuple[VatCase, ...]:
    """The tax cases of all parts."""
    found: VatParts = {}
    for part in parts:
        for key, one in part.items():
            found.setdefault(key, _Sums()).add(one)
    ordered = sorted(found.items(), key=lambda each: (not each[0][0], each[0][1], -(each[0][2] or ZERO)))
    return tuple(
        VatCase(
            case, is_sale, rate, one.rows, *(rounded(part) for part in (one.base, one.tax, one.input_tax))
        )
        for (is_sale, case, rate), one in ordered
    )


_KIND = Kind("vat", vat_parts, len)


def _case_of(line: EntryLine) -> str:
    """The tax case of a line; empty for what has no tax to be checked."""
    if line.tax_case == PAYMENT:
        return DISCOUNT if line.discount else ""
    return line.tax_case if line.tax_case in {DISCOUNT, *tax_cases()} else ""


def _add(sums: _Sums, made: Sequence[Posting], entry: Entry) -> None:
    sums.rows += 1
    owed = "H"
    revenue = "H" if entry.ledger == "receivable" else "S"
    for one in made:
        if one.part in _BASE:
            sums.base += one.amount if one.side == revenue else -one.amount
        elif one.part == "tax":
            sums.tax += one.amount if one.side == owed else -one.amount
        elif one.part in _DEDUCTED:
            sums.input_tax += -one.amount if one.side == owed else one.amount
