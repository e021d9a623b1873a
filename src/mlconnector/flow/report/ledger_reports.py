"""Reports from what was transferred, of a connection or its client: open items, balances, costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.balances import Balances, balance_parts, together
from mlconnector.flow.report.batch_sums import Days, Kind, is_within, of_period
from mlconnector.flow.report.costs import Costs, cost_parts, costs_together
from mlconnector.flow.report.open_item_window import PersonKey, Window, within
from mlconnector.flow.report.open_items import Person, Total, persons, total
from mlconnector.flow.report.search import period_of
from mlconnector.flow.report.transferred import Whose, today, unaccepted, whose
from mlconnector.mapping.costs import has_costs
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Ledger
from mlconnector.store import accounts, item_rows, items
from mlconnector.store.booked import Stand
from mlconnector.store.item_rows import Movement
from mlconnector.store.items import Counted, Settled


@dataclass(frozen=True, slots=True)
class NotCounted:
    """Bookings that a report leaves out: on their way, not sent yet, or dated after its day."""

    under_way: int = 0
    planned: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class OpenItemReport:
    """The open items on a day; `with_planned` says that what is not transferred yet counts, too.

    Where rows are wanted for a `window` alone, the items of others are there only as far as they are open;
    how many more come to nothing is `settled`.
    """

    whose: Whose
    on: date
    with_planned: bool
    persons: tuple[Person, ...]
    not_counted: NotCounted
    window: tuple[int, int] | None = None
    settled: tuple[Settled, ...] = ()

    def total(self, ledger: Ledger | None = None) -> Total:
        """What all items come to, or those of debtors or creditors."""
        meant = [one for one in self.persons if ledger in {None, one.ledger}]
        return total((item for one in meant for item in one.items), sum(one.settled for one in meant))

    @property
    def without_due_date(self) -> int:
        """How many items have a document for which nobody has named a due date."""
        read = sum(item.has_document and item.due_date is None for one in self.persons for item in one.items)
        return read + sum(one.without_due_date for one in self.settled)

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
    window: Window | None = None,
) -> OpenItemReport:
    """The open items of a connection, or of all connections of its client, on a day (today).

    Only what DATEV has accepted counts; with `planned` also what is on its way, or not sent yet. For a page
    a `window` says of how many rows it shows which. Raises NeedsHuman (`connection_unknown`).
    """
    of, day = whose(services, name, whole_client=whole_client), on or today(services)
    stands: frozenset[Stand] = frozenset(("accepted", "under_way", "planned") if planned else ("accepted",))
    counts = Counted(of.client, of.names, day, stands)
    with services.database.read() as db:
        names = accounts.names(db, of.client)
        left_out = Counter(_left_out(db, of, stands, day))
        shown = None
        settled: list[Settled] = []
        if not all_items:
            moved = item_rows.movements(db, counts, items.open_on(db, counts))
        elif window is None:
            moved = item_rows.movements_on(db, counts)
        else:
            moved, settled, shown = _of_window(db, counts, window)
        nameless = {one.account for one in moved} - names.keys()
        shared = items.shared(db, of.client, of.names, nameless)
    found = tuple(
        replace(one, name="") if one.account in shared else one
        for one in persons(moved, day, names, all_items=all_items, settled=settled)
    )
    if shown is None and window is not None:
        _, shown = within({(one.ledger, one.account): len(one.items) for one in found}, window)
    return OpenItemReport(of, day, planned, found, NotCounted(**left_out), shown, tuple(settled))


def _of_window(
    db: Connection, of: Counted, window: Window
) -> tuple[list[Movement], list[Settled], tuple[int, int]]:
    """The rows of all items that a window shows and of those that are open, and how many others there are."""
    settled, wanted = items.settled(db, of)
    counts: Counter[PersonKey] = Counter({(one.ledger, one.account): one.items for one in settled})
    counts.update((ledger, account) for ledger, account, _, _ in wanted)
    whole, shown = within(counts, window)
    moved = item_rows.movements(db, of, wanted)
    for one in item_rows.movements_on(db, of, {account for _, account in whole}):
        item = (one.ledger, one.account, one.number, one.currency)
        if item[:2] in whole and item not in wanted:
            moved.append(one)
    return moved, [one for one in settled if (one.ledger, one.account) not in whole], shown


def _left_out(db: Connection, of: Whose, stands: frozenset[Stand], day: date) -> Iterator[str]:
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
    with services.database.read() as db:
        names = accounts.names(db, of.client)
        found = together(of_period(services, db, of, rules, (first, last), _BALANCES), names)
        left_out = NotCounted(**Counter(not_accepted(db, of, (first, last))))
    return BalanceReport(of, first, last, found, left_out)


def costs_of(
    services: Services, name: str, *, period: str | None = None, whole_client: bool = False
) -> CostReport:
    """The costs of purchases that DATEV has accepted, by the day of the booking.

    Raises NeedsHuman (`connection_unknown`), and Unreadable for a period that is none.
    """
    (first, last), of, rules = asked_for(services, name, period, whole_client=whole_client)
    with services.database.read() as db:
        found = costs_together(of_period(services, db, of, rules, (first, last), _COSTS))
        left_out: Counter[str] = Counter(
            one.stand
            for one in unaccepted(db, of, first, last)
            if is_within(one.entry.posted_on, (first, last)) and has_costs(one.entry, rules[one.connection])
        )
    return CostReport(of, first, last, found, NotCounted(**left_out))


def asked_for(
    services: Services, name: str, period: str | None, *, whole_client: bool
) -> tuple[tuple[date | None, date | None], Whose, dict[str, Rules]]:
    """The days of a period (None where it is open), whose books are meant, and their rules by connection."""
    days = period_of(period) if period else (None, None)
    of = whose(services, name, whole_client=whole_client)
    return days, of, {one: services.rules(one) for one in of.names}


def not_accepted(db: Connection, of: Whose, days: Days) -> Iterator[str]:
    """The stand of each booking of a period that DATEV has neither accepted nor refused."""
    for one in items.unaccepted(db, of.client, of.names):
        if is_within(one.posted_on, days):
            yield one.stand


_BALANCES = Kind("balances", balance_parts, lambda parts: len(parts.accounts))
_COSTS = Kind("costs", cost_parts, len)
