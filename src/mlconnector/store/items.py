"""Open items as databases add them up: which are open, how many are not, and the rows under them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from mlconnector.model.entries import Ledger
from mlconnector.store.batches import NOT_TAKEN, BatchState
from mlconnector.store.batches import states as batch_states
from mlconnector.store.booked import Stand, not_accepted, stand_in, stand_of
from mlconnector.store.sets import parts
from mlconnector.store.tables import batches, entries, entry_facts, entry_lines

Item = tuple[Ledger, str, str, str]
"""Ledger, person account, Belegfeld 1 and currency."""

_LINE = entry_lines.c
ITEM = (_LINE.ledger, _LINE.account, _LINE.item, _LINE.item_currency)
IS_MOVED = _LINE.item.is_not(None)


@dataclass(frozen=True, slots=True)
class Counted:
    """Which rows count: of some connections in the books of a client, until a day, by their stands."""

    client: str
    names: tuple[str, ...]
    on: date
    stands: frozenset[Stand]


@dataclass(frozen=True, slots=True)
class Settled:
    """Items of a person account that come to nothing, with documents that nobody took back.

    `without_due_date` is how many have a document for which nobody has named a due date; the others say
    whether any item has a due date, credits, Skonto, or a difference of exchange.
    """

    ledger: Ledger
    account: str
    items: int
    without_due_date: int
    due_date: bool
    credits: bool
    discounts: bool
    exchange: bool


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """A booking that DATEV has not accepted, or that is in a month from a day on."""

    posted_on: date
    stand: Stand


def open_on(connection: Connection, of: Counted) -> set[Item]:
    """The items that do not come to nothing."""
    owed = (_LINE.owed, _LINE.owed_euro)
    everything = (
        select(*ITEM, *map(func.sum, owed))
        .where(IS_MOVED, *until(of))
        .group_by(*ITEM)
        .having(or_(*(func.sum(one) != 0 for one in owed)))
    )
    states = batch_states(connection, of.names)
    # What does not count is little: walking to the batch of each booking would take far longer.
    not_counted = (
        select(*ITEM, *owed, entries.c.batch)
        .join(entries, entries.c.id == _LINE.entry)
        .where(*_not_accepted(of.client, of.names, states), IS_MOVED, _LINE.posted_on <= of.on)
    )
    left: dict[Item, tuple[int, int]] = {}
    for row in connection.execute(everything):
        left[row[0], row[1], row[2], row[3]] = row[4], row[5]
    for row in connection.execute(not_counted):
        if stand_in(row.batch, states) not in of.stands:
            item = row[0], row[1], row[2], row[3]
            before = left.get(item, (0, 0))
            left[item] = before[0] - row[4], before[1] - row[5]
    return {item for item, both in left.items() if any(both)}


def settled(connection: Connection, of: Counted) -> tuple[list[Settled], set[Item]]:
    """By their person accounts the items of which no more need be known, and those that have to be read.

    These are open, or in part not accepted yet; or it takes a look at their rows to tell what stands of them.
    """
    ahead = [_LINE.entry.in_(_of_stands(of, of.stands - {"accepted"}))] if of.stands != {"accepted"} else []
    dated = _count(_LINE.due_date.is_not(None))
    dated_originals = _count(_LINE.part == "original", _LINE.due_date.is_not(None))
    to_read = or_(
        *(func.sum(one) != 0 for one in (_LINE.owed, _LINE.owed_euro)),
        *(_count(one) > 0 for one in (_LINE.part == "reversals", *ahead)),
        _count(_LINE.part == "original") == 0,
    )
    items = (
        select(
            *ITEM,
            _flag(to_read).label("to_read"),
            _flag(dated_originals == 0).label("without_due_date"),
            _flag(dated > 0).label("due_date"),
            _flag(_sum(_LINE.part == "credits", _without_discount(_LINE.owed)) != 0).label("credits"),
            _flag(_sum(_is_discount(), _discount()) != 0).label("discounts"),
            _flag(_sum(_LINE.part == "exchange", _without_discount(_LINE.owed_euro)) != 0).label("exchange"),
        )
        .where(IS_MOVED, *until(of), _LINE.entry.not_in(_not_counted(of)))
        .group_by(_LINE.client, _LINE.item, _LINE.ledger, _LINE.account, _LINE.item_currency)
        .subquery()
    )
    its = items.c
    number, currency = (case((its.to_read == 1, one)) for one in (its.item, its.item_currency))
    key = (its.ledger, its.account, number, currency)
    flags = (its.due_date, its.credits, its.discounts, its.exchange)
    query = select(*key, func.count(), func.sum(its.without_due_date), *map(func.max, flags)).group_by(*key)
    found: list[Settled] = []
    wanted: set[Item] = set()
    for row in connection.execute(query):
        if row[2] is None:
            found.append(Settled(row[0], row[1], row[4], int(row[5]), *map(bool, row[6:])))
        else:
            wanted.add((row[0], row[1], row[2], row[3]))
    return found, wanted


def shared(connection: Connection, client: str, names: Sequence[str], accounts: Collection[str]) -> set[str]:
    """Those of some person accounts on which more than one party is booked."""
    found: set[str] = set()
    for part in parts(sorted(accounts)):
        query = (
            select(_LINE.account)
            .join(entry_facts, entry_facts.c.entry == _LINE.entry)
            .where(
                _LINE.client == client,
                _LINE.connection.in_(list(names)),
                _LINE.account.in_(part),
                _LINE.item.is_not(None),
            )
            .group_by(_LINE.account)
            .having(func.count(entry_facts.c.party.distinct()) > 1)
        )
        found.update(connection.execute(query).scalars())
    return found


def unaccepted(
    connection: Connection, client: str, names: Sequence[str], since: str | None = None
) -> Iterator[Unaccepted]:
    """The bookings that DATEV has not accepted, and all from a month on; none that it has refused."""
    states = batch_states(connection, names)
    also = () if since is None else (entries.c.period >= since,)
    query = (
        select(entry_facts.c.posted_on, entries.c.batch)
        .select_from(entries)
        .join(entry_facts, entry_facts.c.entry == entries.c.id)
        .where(*_not_accepted(client, names, states, *also))
    )
    for posted_on, batch in connection.execute(query):
        stand = stand_in(batch, states)
        if stand is not None:
            yield Unaccepted(posted_on, stand)


def _not_accepted(
    client: str, names: Sequence[str], states: Mapping[str, BatchState], *also: ColumnElement[bool]
) -> Iterator[ColumnElement[bool]]:
    """The bookings that DATEV has not accepted, by the states of batches, and those that are `also` meant."""
    yield entries.c.client == client
    yield entries.c.connection.in_(list(names))
    yield or_(not_accepted(states), *also)


def until(of: Counted) -> tuple[ColumnElement[bool], ...]:
    """The rows until the day, whatever became of them."""
    return _LINE.client == of.client, _LINE.connection.in_(of.names), _LINE.posted_on <= of.on


def _of_stands(of: Counted, stands: Collection[Stand]) -> Select[Any]:
    """The bookings of which something else than refusal became, by one of some stands."""
    states = [one for one in get_args(BatchState) if one not in NOT_TAKEN and stand_of(one) in stands]
    return _in_batches(of, batches.c.state.in_(states), unbatched="planned" in stands)


def _not_counted(of: Counted) -> Select[Any]:
    """The bookings that do not count: those that DATEV has refused, or of another stand."""
    states = [one for one in get_args(BatchState) if one in NOT_TAKEN or stand_of(one) not in of.stands]
    return _in_batches(of, batches.c.state.in_(states), unbatched="planned" not in of.stands)


def _in_batches(of: Counted, meant: ColumnElement[bool], *, unbatched: bool) -> Select[Any]:
    held = entries.c.batch.in_(select(batches.c.id).where(batches.c.connection.in_(of.names), meant))
    among = or_(entries.c.batch.is_(None), held) if unbatched else held
    here = (entries.c.client == of.client, entries.c.connection.in_(of.names))
    return select(entries.c.id).where(*here, among)


def _is_discount() -> ColumnElement[bool]:
    return or_(_LINE.part == "discounts", _LINE.discount.is_not(None))


def _discount() -> ColumnElement[int]:
    """The Skonto of a row: all of one that books nothing else, or what stands in DATEV's own column."""
    return case((_LINE.part == "discounts", _LINE.owed), else_=_LINE.discount)


def _without_discount(owed: ColumnElement[Any]) -> ColumnElement[int]:
    return owed - func.coalesce(_LINE.discount, 0)


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((and_(*conditions), 1)))


def _sum(condition: ColumnElement[bool], amount: ColumnElement[Any]) -> ColumnElement[int]:
    return func.sum(case((condition, amount), else_=0))


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
