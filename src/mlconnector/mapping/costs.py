"""Costs: which lines of an entry are cost of purchases, and what they cost, without the tax that is deducted.

DATEV works the net out of the gross row by row. A document works its tax out once per rate, so that its own
net of a row may be some cents off; where a line knows the document's net, that is its cost. Tax that may not
be deducted is part of the cost (§ 9b Abs. 1 EStG).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.mapping.charts import TaxCase, lengthened, tax_cases
from mlconnector.mapping.down_payments import accounts_of_paid
from mlconnector.mapping.postings import postings
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, EntryLine
from mlconnector.model.money import ZERO
from mlconnector.model.totals import Totals
from mlconnector.model.vouchers import Kind, Voucher

Place = tuple[str, ...]

_NO_DOCUMENT_OF_COST = frozenset({Kind.PAYMENT.value, Kind.COMMITMENT.value})
# What these move between accounts was cost before, or is cost later.
_TRANSFERS = frozenset({"down_payment_due"})
# Entstandene Einfuhrumsatzsteuer: a forwarder's invoice passes the tax on, which is deducted.
_IMPORT_TAX: Mapping[str, str] = {"SKR03": "1588", "SKR04": "1433"}


@dataclass(frozen=True, slots=True)
class LineCost:
    """What a line costs: by the document (`net`), and as DATEV works it out; positive in debit."""

    line: EntryLine
    net: Decimal
    by_datev: Decimal


def has_costs(entry: Entry, rules: Rules) -> bool:
    """Whether any line of an entry is cost."""
    return any(True for _ in _cost_lines(entry, rules))


def line_costs(entry: Entry, rules: Rules) -> tuple[LineCost, ...]:
    """The lines of an entry that are cost, each with what it costs in the entry's currency."""
    by_datev: dict[int, Decimal] = {}
    for one in postings(entry, rules):
        if one.part in {"net", "lost_tax"}:
            signed = one.amount if one.side == "S" else -one.amount
            by_datev[one.of_line] = by_datev.get(one.of_line, ZERO) + signed
    found = ((line, by_datev.get(number, ZERO)) for number, line in _cost_lines(entry, rules))
    return tuple(LineCost(line, made if line.net is None else -line.net, made) for line, made in found)


def own_nets(
    voucher: Voucher,
    sums: Totals,
    parts: Sequence[tuple[int, Place, TaxCase]],
    booked: Mapping[Place, Decimal],
) -> dict[Place, Decimal]:
    """What the lines of a purchase come to net by the place where they are booked; others have none.

    `parts` are the lines by index, each with its place and tax case, and `booked` is the gross of each place.
    The nets are told where the whole tax is deducted, or comes on top, or there is none. Together they are
    the document's own: cents of lines that move nothing go to the largest place, and those by which its own
    gross differs are tax as long as it bears any.
    """
    if voucher.direction != "purchase":
        return {}
    times = Counter(index for index, _, _ in parts)
    nets: dict[Place, Decimal] = {}
    untold: set[Place] = set()
    for index, key, case in parts:
        net, gross = sums.line_net[index], sums.line_gross[index]
        nets[key] = nets.get(key, ZERO) + net
        if times[index] > 1 or not _is_cost(net, gross, case):
            untold.add(key)
    told = {key: net for key, net in nets.items() if key not in untold and booked[key] != ZERO}
    if sums.line_net == sums.line_gross:
        return {key: booked[key] for key in told}
    moved = {index for index, key, _ in parts if booked[key] != ZERO}
    left = sum((net for index, net in enumerate(sums.line_net) if index not in moved), ZERO)
    if told:
        told[max(told, key=lambda key: abs(booked[key]))] += left
    return told


def _is_cost(net: Decimal, gross: Decimal, case: TaxCase) -> bool:
    """Whether the net of a line is its cost; otherwise tax that is lost belongs to it."""
    if net == gross:
        return not (case.own_rate and case.deduction == "no")
    return case.deduction == "yes" and not case.own_rate


def _cost_lines(entry: Entry, rules: Rules) -> Iterator[tuple[int, EntryLine]]:
    if entry.voucher_kind in _NO_DOCUMENT_OF_COST:
        return
    elsewhere = _no_cost_accounts(rules)
    for number, line in enumerate(entry.lines, start=1):
        case = tax_cases().get(line.tax_case)
        bought = case is not None and case.direction == "purchase" and case.name not in _TRANSFERS
        if bought and line.contra_account not in elsewhere:
            yield number, line


def _no_cost_accounts(rules: Rules) -> frozenset[str]:
    """Money, clearing, down payments and import VAT: what is booked there is no cost, whatever its case."""
    payments, books = rules.mapping.payments, rules.books
    money = {payments.default, *payments.table.values()}
    import_tax = lengthened(_IMPORT_TAX.get(books.chart, ""), books.account_length)
    return accounts_of_paid("purchase", rules).union({import_tax}, filter(None, money))
