"""Completeness: what the source has against what was sent and what DATEV has accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from mlconnector.flow.report.transferred import Booked
from mlconnector.mapping.movements import gross_of
from mlconnector.model.money import ZERO, rounded
from mlconnector.store.vouchers import VoucherRow, VoucherState

Outcome = Literal[
    "accepted", "sent", "ready", "received", "held",
    "refused", "set_aside", "booked_by_hand", "left_out", "reversed",
]  # fmt: skip
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_OF_STATE: Mapping[VoucherState, Outcome] = {
    "received": "received",
    "bookable": "ready",
    "batched": "ready",
    "sent": "sent",
    "settled": "accepted",
    "needs_human": "held",
    "rejected": "refused",
    "ignored": "left_out",
    "booked_by_hand": "booked_by_hand",
}
_KINDS: Mapping[str, str] = {"invoice": "0", "credit_note": "1", "payment": "2"}


@dataclass(frozen=True, slots=True)
class ReadVoucher:
    """A voucher as the source has it now; what could not be read of it is empty.

    `gross` is what the party owes by it, with the sign of the document; of a payment it is the money.
    """

    row: VoucherRow
    direction: str
    customer: str
    currency: str
    gross: Decimal | None


@dataclass(frozen=True, slots=True)
class Group:
    """What is added up together: vouchers of one kind, direction and currency."""

    kind: str
    direction: str
    currency: str


@dataclass(frozen=True, slots=True)
class Sum:
    """How many vouchers, and what they come to."""

    count: int = 0
    gross: Decimal = ZERO

    def plus(self, gross: Decimal | None) -> Sum:
        """The sum with one voucher more."""
        return Sum(self.count + 1, self.gross + (gross or ZERO))

    def less(self, other: Sum) -> Sum:
        """By how much this is more than the other one."""
        return Sum(self.count - other.count, self.gross - other.gross)


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of the bookings of a voucher: how many stand, and the gross that they come to."""

    currency: str
    sent: Sum
    accepted: Sum


@dataclass(frozen=True, slots=True)
class Compared:
    """Of one group what was read, what was sent of it, and what DATEV has accepted."""

    group: Group
    read: Sum
    sent: Sum
    accepted: Sum


@dataclass(frozen=True, slots=True)
class Differing:
    """A voucher whose booking in DATEV comes to something else than the source says now."""

    voucher: ReadVoucher
    currency: str
    accepted: Decimal


def outcome_of(row: VoucherRow) -> Outcome:
    """What became of a voucher."""
    if row.is_reversed:
        return "reversed"
    if row.state == "ignored" and row.is_set_aside:
        return "set_aside"
    return _OF_STATE[row.state]


def carried(bookings: Iterable[Booked]) -> dict[str, Carried]:
    """What was sent and accepted of each voucher; reversals take off what they take back."""
    found: dict[str, Carried] = {}
    for one in bookings:
        if one.stand == "planned":
            continue
        so_far = found.get(one.voucher, Carried(one.entry.currency, Sum(), Sum()))
        step, gross = 1 if one.entry.kind == "original" else -1, gross_of(one.entry)
        found[one.voucher] = Carried(
            one.entry.currency if step > 0 else so_far.currency,
            _moved(so_far.sent, step, gross),
            _moved(so_far.accepted, step, gross) if one.stand == "accepted" else so_far.accepted,
        )
    return found


def compared(read: Iterable[ReadVoucher], bookings: Mapping[str, Carried]) -> tuple[Compared, ...]:
    """Source against sent against accepted, group by group."""
    found: dict[Group, list[Sum]] = {}
    for one in read:
        of_source = _sums(found, _group(one))
        of_source[0] = of_source[0].plus(one.gross)
        its = bookings.get(one.row.id)
        if its is None:
            continue
        sums = _sums(found, Group(one.row.kind, one.direction, its.currency))
        for at, carried_of_it in ((1, its.sent), (2, its.accepted)):
            if carried_of_it.count > 0:
                sums[at] = sums[at].plus(carried_of_it.gross)
    return tuple(
        Compared(group, *(_exact(one, group) for one in found[group])) for group in sorted(found, key=_order)
    )


def by_outcome(read: Iterable[ReadVoucher]) -> tuple[tuple[Group, Outcome, Sum], ...]:
    """What was read, by what became of it; together it is everything that was read."""
    found: dict[tuple[Group, Outcome], Sum] = {}
    for one in read:
        key = _group(one), outcome_of(one.row)
        found[key] = found.get(key, Sum()).plus(one.gross)
    ordered = sorted(found, key=lambda key: (_order(key[0]), OUTCOMES.index(key[1])))
    return tuple((*key, _exact(found[key], key[0])) for key in ordered)


def differing(read: Iterable[ReadVoucher], bookings: Mapping[str, Carried]) -> tuple[Differing, ...]:
    """The vouchers of which DATEV has another amount than the source has now."""
    found = []
    for one in read:
        its = bookings.get(one.row.id)
        if its is None or its.accepted.count <= 0:
            continue
        if (one.currency, one.gross) != (its.currency, its.accepted.gross):
            found.append(Differing(one, its.currency, rounded(its.accepted.gross, its.currency)))
    return tuple(found)


def _moved(so_far: Sum, step: int, gross: Decimal) -> Sum:
    return Sum(so_far.count + step, so_far.gross + gross)


def _group(one: ReadVoucher) -> Group:
    return Group(one.row.kind, one.direction, one.currency)


def _sums(found: dict[Group, list[Sum]], group: Group) -> list[Sum]:
    return found.setdefault(group, [Sum(), Sum(), Sum()])


def _exact(one: Sum, group: Group) -> Sum:
    return Sum(one.count, rounded(one.gross, group.currency))


def _order(group: Group) -> tuple[bool, str, str, str]:
    """Sales first; what is invoiced before what is paid."""
    return (group.direction != "sale", group.direction, _KINDS.get(group.kind, group.kind), group.currency)
