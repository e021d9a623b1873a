"""Completeness: what the source has against what was sent and what DATEV has accepted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from mlconnector.model.money import ZERO, rounded
from mlconnector.store.derived import amount_of
from mlconnector.store.read_vouchers import BookedSum, Read
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
_Key = tuple[str, str, str]
"""Kind, direction and currency."""
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

    def less(self, other: Sum) -> Sum:
        """By how much this is more than the other one."""
        return Sum(self.count - other.count, self.gross - other.gross)


@dataclass(slots=True)
class Carried:
    """What became of the bookings of a voucher: how many stand, and the gross in thousandths."""

    currency: str
    sent: int = 0
    sent_gross: int = 0
    accepted: int = 0
    accepted_gross: int = 0


@dataclass(slots=True)
class _Adding:
    """A sum so far, in thousandths."""

    count: int = 0
    gross: int = 0

    def add(self, gross: int | None) -> None:
        """One voucher more."""
        self.count += 1
        if gross is not None:
            self.gross += gross


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


def outcome_of(state: VoucherState, *, is_reversed: bool, is_set_aside: bool) -> Outcome:
    """What became of a voucher."""
    if is_reversed:
        return "reversed"
    if state == "ignored" and is_set_aside:
        return "set_aside"
    return _OF_STATE[state]


def carried(bookings: Iterable[BookedSum]) -> dict[str, Carried]:
    """What was sent and accepted of each voucher; reversals take off what they take back."""
    found: dict[str, Carried] = {}
    for voucher, stand, currency, step, gross in bookings:
        if stand == "planned":
            continue
        its = found.get(voucher)
        if its is None:
            its = found[voucher] = Carried(currency)
        elif step > 0:
            its.currency = currency
        its.sent += step
        its.sent_gross += gross
        if stand == "accepted":
            its.accepted += step
            its.accepted_gross += gross
    return found


def compared(read: Iterable[Read], bookings: Mapping[str, Carried]) -> tuple[Compared, ...]:
    """Source against sent against accepted, group by group."""
    found: dict[_Key, tuple[_Adding, _Adding, _Adding]] = {}
    for one in read:
        _sums(found, (one.kind, one.direction, one.currency))[0].add(one.gross)
        its = bookings.get(one.voucher)
        if its is not None:
            sums = _sums(found, (one.kind, one.direction, its.currency))
            if its.sent > 0:
                sums[1].add(its.sent_gross)
            if its.accepted > 0:
                sums[2].add(its.accepted_gross)
    groups = {Group(*key): sums for key, sums in found.items()}
    return tuple(
        Compared(group, *(_exact(one, group) for one in groups[group]))
        for group in sorted(groups, key=_order)
    )


def by_outcome(read: Iterable[Read]) -> tuple[tuple[Group, Outcome, Sum], ...]:
    """What was read, by what became of it; together it is everything that was read."""
    found: dict[tuple[_Key, Outcome], _Adding] = {}
    for one in read:
        outcome = outcome_of(one.state, is_reversed=one.is_reversed, is_set_aside=one.is_set_aside)
        key = ((one.kind, one.direction, one.currency), outcome)
        if key not in found:
            found[key] = _Adding()
        found[key].add(one.gross)
    sums = [(Group(*group), outcome, one) for (group, outcome), one in found.items()]
    sums.sort(key=lambda one: (_order(one[0]), OUTCOMES.index(one[1])))
    return tuple((group, outcome, _exact(one, group)) for group, outcome, one in sums)


def differing(read: Iterable[Read], bookings: Mapping[str, Carried]) -> list[tuple[Read, Carried]]:
    """The vouchers of which DATEV has another amount than the source has now, with what it has."""
    found = []
    for one in read:
        its = bookings.get(one.voucher)
        if its is None or its.accepted <= 0:
            continue
        if (one.currency, one.gross) != (its.currency, its.accepted_gross):
            found.append((one, its))
    return found


def _sums(found: dict[_Key, tuple[_Adding, _Adding, _Adding]], key: _Key) -> tuple[_Adding, _Adding, _Adding]:
    sums = found.get(key)
    if sums is None:
        sums = found[key] = (_Adding(), _Adding(), _Adding())
    return sums


def _exact(one: _Adding, group: Group) -> Sum:
    return Sum(one.count, rounded(amount_of(one.gross), group.currency))


def _order(group: Group) -> tuple[bool, str, str, str]:
    """Sales first; what is invoiced before what is paid."""
    return (group.direction != "sale", group.direction, _KINDS.get(group.kind, group.kind), group.currency)
