"""Reports from what was transferred, of a connection or its client: open items, balances, costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.balances import Balances, balances
from mlconnector.flow.report.costs import Costs, costs
from mlconnector.flow.report.open_items import Movement, Person, Total, movements, persons, total
from mlconnector.flow.report.search import period_of
from mlconnector.flow.report.transferred import Booked, Whose, posted, today, under, whose
from mlconnector.mapping.costs import has_costs
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Ledger
from mlconnector.store import accounts, items
from mlconnector.store.booked import Stand


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Bookings that a report leaves out: on their way, not sent yet, or dated after its day."""

    under_way: int = 0
    planned: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class OpenItemReport:
    """The open items on a day; `with_planned` says that what is not transferred yet counts, too."""

    whose: Whose
    on: date
    with_planned: bool
    persons: tuple[Person, ...]
    not_counted: NotCounted

    def total(self, ledger: Ledger | None = None) -> Total:
        """What all items come to, or those of debtors or creditors."""
        return total(item for one in self.persons if ledger in {None, one.ledger} for item in one.items)

    @property
    def without_due_date(self) -> int:
        """How many items have a document for which nobody has named a due date."""
        return sum(item.has_document and item.due_date is None for one in self.persons for item in one.items)

    @property
    def without_document(self) -> int:
        """How many items are nothing but money: on account, or for a document that came from elsewhere."""
        return sum(not item.has_document for one in self.persons for item in one.items)


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """Sums and balances of a period; `first` and `last` are None where it is open."""

    whose: Whose
    first: date | None
    last: date | None
    balances: Balances
    not_counted: NotCounted


@dataclass(frozen=True, slots=True)
class CostReport:
    """The costs of a period by cost centre; `first` and `last` are None where it is open."""

    whose: Whose
    first: date | None
    last: date | None
    costs: Costs
    not_counted: NotCounted


def open_items_of(
    services: Services,
    name: str,
    *,
    on: date | None = None,
    planned: bool = False,
    all_items: bool = False,
    whole_client: bool = False,
) -> OpenItemReport:
    """The open items of a connection, or of all connections of its client, on a day (today).

    Only what DATEV has accepted counts; with `planned` also what is on its way, or not sent yet. Raises
    NeedsHuman (`connection_unknown`).
    """
    of, day = whose(services, name, whole_client=whole_client), on or today(services)
    stands: set[Stand] = {"accepted", "under_way", "planned"} if planned else {"accepted"}
    left_out: Counter[str] = Counter()
    with services.database.read() as db:
        names = {number: one.name for number, one in accounts.every(db, of.client).items()}
        if all_items:
            standing = counted(posted(db, of), stands, None, day, left_out)
            moved = [each for one in standing for each in movements(one)]
        else:
            moved = list(_open(db, of, stands, day))
            left_out.update(_left_out(db, of, stands, day))
        nameless = {one.account for one in moved} - names.keys()
        shared = items.shared(db, of.client, of.names, nameless)
    found = tuple(
        replace(one, name="") if one.account in shared else one
        for one in persons(moved, day, names, all_items=all_items)
    )
    return OpenItemReport(of, day, planned, found, NotCounted(**left_out))


def _open(db: Connection, of: Whose, stands: set[Stand], day: date) -> Iterator[Movement]:
    """The rows under items that are open: those that come to nothing are never looked at."""
    found = items.open_on(db, of.client, of.names, day, stands)
    for one in counted(under(db, of, found), stands, None, day, Counter()):
        for moved in movements(one):
            if (moved.ledger, moved.account, moved.number, moved.currency) in found:
                yield moved


def _left_out(db: Connection, of: Whose, stands: set[Stand], day: date) -> Iterator[str]:
    """What does not count, one word for each booking."""
    for one in items.unaccepted(db, of.client, of.names, f"{day:%Y-%m}"):
        if one.posted_on <= day and one.stand not in stands:
            yield one.stand
        elif one.posted_on > day and one.stand in stands:
            yield "later"


def balances_of(
    services: Services, name: str, *, period: str | None = None, whole_client: bool = False
) -> BalanceReport:
    """Sums and balances of what DATEV has accepted, by the day of the booking.

    Raises NeedsHuman (`connection_unknown`), and Unreadable for a period that is none.
    """
    (first, last), of, rules = asked_for(services, name, period, whole_client=whole_client)
    left_out: Counter[str] = Counter()
    with services.database.read() as db:
        names = {number: one.name for number, one in accounts.every(db, of.client).items()}
        standing = counted(posted(db, of, first, last), {"accepted"}, first, last, left_out)
        found = balances(((one, rules[one.connection]) for one in standing), names)
    del left_out["later"]
    return BalanceReport(of, first, last, found, NotCounted(**left_out))


def costs_of(
    services: Services, name: str, *, period: str | None = None, whole_client: bool = False
) -> CostReport:
    """The costs of purchases that DATEV has accepted, by the day of the booking.

    Raises NeedsHuman (`connection_unknown`), and Unreadable for a period that is none.
    """
    (first, last), of, rules = asked_for(services, name, period, whole_client=whole_client)
    left_out: Counter[str] = Counter()
    with services.database.read() as db:
        bookings = (one for one in posted(db, of, first, last) if has_costs(one.entry, rules[one.connection]))
        standing = counted(bookings, {"accepted"}, first, last, left_out)
        found = costs((one, rules[one.connection]) for one in standing)
    del left_out["later"]
    return CostReport(of, first, last, found, NotCounted(**left_out))


def asked_for(
    services: Services, name: str, period: str | None, *, whole_client: bool
) -> tuple[tuple[date | None, date | None], Whose, dict[str, Rules]]:
    """The days of a period (None where it is open), whose books are meant, and their rules by connection."""
    days = period_of(period) if period else (None, None)
    of = whose(services, name, whole_client=whole_client)
    return days, of, {one: services.rules(one) for one in of.names}


def counted(
    bookings: Iterator[Booked],
    stands: set[Stand],
    first: date | None,
    last: date | None,
    left_out: Counter[str],
) -> Iterator[Booked]:
    """The bookings of a period that count; how many of it do not is noted, and how many are later."""
    for one in bookings:
        day = one.entry.posted_on
        if first is not None and day < first:
            continue
        if last is not None and day > last:
            left_out["later"] += one.stand in stands
        elif one.stand in stands:
            yield one
        else:
            left_out[one.stand] += 1
