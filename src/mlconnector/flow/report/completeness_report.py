"""The completeness report: source against sent against accepted, gaps in number series, and what is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.completeness import (
    Carried,
    Compared,
    Differing,
    Group,
    Outcome,
    ReadVoucher,
    Sum,
    by_outcome,
    carried,
    compared,
    differing,
    outcome_of,
)
from mlconnector.flow.report.number_series import Found, beginnings, series_of, sorted_numbers
from mlconnector.flow.report.search import period_of
from mlconnector.flow.report.transferred import Whose, whose
from mlconnector.model.money import rounded
from mlconnector.model.problems import Problem
from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import booked, lookup, read_vouchers
from mlconnector.store.derived import amount_of
from mlconnector.store.lookup import Scope
from mlconnector.store.read_vouchers import Read
from mlconnector.store.vouchers import VoucherRow

_NUMBERED_BY_US = frozenset({"invoice", "credit_note"})


@dataclass(frozen=True, slots=True)
class Held:
    """A voucher that waits, and a problem for which it does; without a date it is in every period."""

    voucher: ReadVoucher
    outcome: Outcome
    problem: Problem


@dataclass(frozen=True, slots=True)
class Completeness:
    """What became of everything that is dated in a period; `first` and `last` are None where it is open.

    `documents` says how many documents (Belegbilder) of these vouchers are in which state; `series` are those
    of sales documents, which the client numbers itself.
    """

    whose: Whose
    first: date | None
    last: date | None
    compared: tuple[Compared, ...]
    outcomes: tuple[tuple[Group, Outcome, Sum], ...]
    documents: dict[str, int]
    series: Found
    held: tuple[Held, ...]
    differing: tuple[Differing, ...]

    @property
    def filed(self) -> tuple[int, int]:
        """How many documents are filed, and how many there are."""
        return self.documents.get("filed", 0), sum(self.documents.values())


def completeness_of(
    services: Services, name: str, *, period: str | None = None, whole_client: bool = False
) -> Completeness:
    """What became of everything that a connection has read, or all connections of its client.

    Raises NeedsHuman (`connection_unknown`), and Unreadable for a period that is none.
    """
    first, last = period_of(period) if period else (None, None)
    of = whose(services, name, whole_client=whole_client)
    with services.database.read() as db:
        read = read_vouchers.read(db, of.names, first, last)
        bookings = carried(read_vouchers.booked(db, of.names, first, last))
        documents = booked.documents_by_state(db, of.names, first, last)
        own = sorted_numbers(_numbers(read))
        known = booked.numbers(db, of.names, beginnings(own))
        held = tuple(one for each in of.names for one in _held(db, each, first, last))
        differs = tuple(_differing(db, differing(read, bookings)))
    return Completeness(
        whose=of,
        first=first,
        last=last,
        compared=compared(read, bookings),
        outcomes=by_outcome(read),
        documents=documents,
        series=series_of(own, known),
        held=held,
        differing=differs,
    )


def _differing(db: Connection, found: Sequence[tuple[Read, Carried]]) -> Iterator[Differing]:
    """What differs as a list shows it: by connection, the latest changed first."""
    has = {one.voucher: its for one, its in found}
    for row, content in lookup.of_ids(db, list(has)):
        its = has[row.id]
        accepted = rounded(amount_of(its.accepted_gross), its.currency)
        yield Differing(read_voucher(row, content), its.currency, accepted)


def read_voucher(row: VoucherRow, content: str | None) -> ReadVoucher:
    """A voucher with what its newest revision says; None where it could not be read."""
    facts = facts_of(content)
    return ReadVoucher(row, facts.direction, facts.customer, facts.currency, facts.owed)


def _held(db: Connection, name: str, first: date | None, last: date | None) -> Iterator[Held]:
    waiting = lookup.waiting(db, wanted=Scope(name, (), first, last, undated=True))
    said = lookup.contents(db, list({one.row.id: one.row for one in waiting}.values()))
    for one in waiting:
        yield Held(read_voucher(one.row, said.get(one.row.id)), _outcome(one.row), one.problem)


def _numbers(read: Sequence[Read]) -> Iterator[str]:
    for one in read:
        if one.direction == "sale" and one.kind in _NUMBERED_BY_US and one.number:
            yield one.number


def _outcome(row: VoucherRow) -> Outcome:
    return outcome_of(row.state, is_reversed=row.is_reversed, is_set_aside=row.is_set_aside)
