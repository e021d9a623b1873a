"""Costs of purchases by cost centre: what documents come to net, in EUR, by KOST1 and KOST2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconnector.flow.report.balances import in_euro
from mlconnector.flow.report.transferred import Booked
from mlconnector.mapping.costs import has_costs, line_costs
from mlconnector.mapping.rules import Rules
from mlconnector.model.money import ZERO, rounded


@dataclass(frozen=True, slots=True)
class Cost:
    """What documents cost: by themselves (`net`), and as DATEV works it out of the rows that it got.

    `documents` counts those with anything left in it; one that was taken back as a whole is none.
    """

    net: Decimal
    by_datev: Decimal
    documents: int

    @property
    def difference(self) -> Decimal:
        """By how much DATEV has more."""
        return self.by_datev - self.net


@dataclass(frozen=True, slots=True)
class CostCentre:
    """A KOST1 with its costs by KOST2; either is empty where rows have none."""

    number: str
    costs: tuple[tuple[str, Cost], ...]
    total: Cost


@dataclass(frozen=True, slots=True)
class Costs:
    """All costs, those without a cost centre last, and what they come to."""

    centres: tuple[CostCentre, ...]
    total: Cost

    @property
    def differs(self) -> bool:
        """Whether DATEV has any of the costs otherwise than the documents."""
        return any(cost.difference for centre in self.centres for _, cost in centre.costs)


@dataclass(slots=True)
class _Sum:
    """What was added up so far of a document: its rows less those taken back, and what they cost."""

    standing: int = 0
    net: Decimal = ZERO
    by_datev: Decimal = ZERO

    def add(self, other: _Sum) -> None:
        """Add what other bookings cost."""
        self.standing += other.standing
        self.net += other.net
        self.by_datev += other.by_datev

    @property
    def is_left(self) -> bool:
        """Whether anything of the document is in it."""
        return bool(self.standing or self.net or self.by_datev)


_Documents = dict[str, _Sum]
"""The documents of a KOST1 and KOST2, by their vouchers."""
CostParts = dict[tuple[str, str, str], _Sum]
"""What some bookings cost by KOST1, KOST2 and voucher."""


def costs(bookings: Iterable[tuple[Booked, Rules]]) -> Costs:
    """What bookings cost by their cost centres, each with the rules of its connection."""
    return costs_together([cost_parts(bookings)])


def cost_parts(bookings: Iterable[tuple[Booked, Rules]]) -> CostParts:
    """What bookings cost, each with the rules of its connection."""
    found: CostParts = {}
    for one, rules in bookings:
        if not has_costs(one.entry, rules):
            continue
        entry = in_euro(one.entry)
        for each in line_costs(entry, rules) if entry is not None else ():
            key = (each.line.cost_centre_1, each.line.cost_centre_2, one.voucher)
            step = -1 if one.entry.kind == "reversal" else 1
            found.setdefault(key, _Sum()).add(_Sum(step, each.net, each.by_datev))
    return found


def costs_together(parts: Iterable[CostParts]) -> Costs:
    """What all parts cost."""
    found: dict[str, dict[str, _Documents]] = {}
    for part in parts:
        for (first, second, voucher), one in part.items():
            documents = found.setdefault(first, {}).setdefault(second, {})
            documents.setdefault(voucher, _Sum()).add(one)
    centres = [_centre(number, found[number]) for number in sorted(found, key=_empty_last)]
    everything = [documents for centre in found.values() for documents in centre.values()]
    return Costs(tuple(one for one in centres if one.costs), _told(everything))


def _centre(number: str, found: dict[str, _Documents]) -> CostCentre:
    told = [(two, _told([found[two]])) for two in sorted(found, key=_empty_last)]
    return CostCentre(
        number, tuple((two, cost) for two, cost in told if cost.documents), _told(list(found.values()))
    )


def _told(parts: Sequence[_Documents]) -> Cost:
    sums = [(voucher, one) for documents in parts for voucher, one in documents.items()]
    return Cost(
        net=rounded(sum((one.net for _, one in sums), ZERO)),
        by_datev=rounded(sum((one.by_datev for _, one in sums), ZERO)),
        documents=len({voucher for voucher, one in sums if one.is_left}),
    )


def _empty_last(number: str) -> tuple[bool, str]:
    return number == "", number
