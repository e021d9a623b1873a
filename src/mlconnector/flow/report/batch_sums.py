"""Sums of a period from the sums of its batches, each of which is added up once for as long as rules stay.

Which batches DATEV has, and of how many bookings, is read from the database each time. Months that a period
cuts are read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.report.transferred import Booked, Whose, months_of, of_batches
from mlconnector.mapping.rules import Rules
from mlconnector.store import booked
from mlconnector.store.booked import Taken

Sums = TypeVar("Sums")
Days = tuple[date | None, date | None]
"""The first and the last day of a period; None where it is open."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[Sums]):
    """What is added up: how bookings become sums, and how many single ones these are.

    Sums of bookings have to come to the same, in whichever portions these were added up.
    """

    name: str
    fold: Callable[[Iterable[tuple[Booked, Rules]]], Sums]
    size: Callable[[Sums], int]


def of_period(
    services: Services, db: Connection, of: Whose, rules: dict[str, Rules], days: Days, kind: Kind[Sums]
) -> Iterator[Sums]:
    """The sums of what DATEV has accepted of a period, in portions."""
    prints = {name: one.fingerprint() for name, one in rules.items()}
    cut: list[Taken] = []
    missing: list[Taken] = []
    for batch in booked.taken(db, of.client, of.names, *months_of(*days)):
        if _is_cut(batch.period, days):
            cut.append(batch)
        elif (found := services.sums.find(_key(kind, batch, prints))) is not None:
            yield found
        else:
            missing.append(batch)
    for batch, count, bookings in of_batches(db, missing):
        made = kind.fold((one, rules[one.connection]) for one in bookings)
        # What another connection of this moment sees may be newer than what was read here.
        if count == batch.bookings:
            services.sums.keep(_key(kind, batch, prints), made, kind.size(made))
        yield made
    for _, _, bookings in of_batches(db, cut):
        yield kind.fold(
            (one, rules[one.connection]) for one in bookings if is_within(one.entry.posted_on, days)
        )


def is_within(day: date, days: Days) -> bool:
    """Whether a day is in a period."""
    first, last = days
    return (first is None or day >= first) and (last is None or day <= last)


def _is_cut(month: str, days: Days) -> bool:
    """Whether days of a month are outside of a period that it is part of."""
    first = date.fromisoformat(f"{month}-01")
    next_one = (first + timedelta(days=31)).replace(day=1)
    return not (is_within(first, days) and is_within(next_one - timedelta(days=1), days))


def _key(kind: Kind[Sums], batch: Taken, prints: dict[str, str]) -> tuple[object, ...]:
    return kind.name, batch, prints[batch.connection]
