"""What was read and what was booked of it, voucher by voucher, as columns to be added up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, select

from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import batches
from mlconnector.store.batches import NOT_TAKEN
from mlconnector.store.booked import Stand, dated, stand_of
from mlconnector.store.derived import amount_of
from mlconnector.store.sets import parts
from mlconnector.store.tables import entries, entry_facts, revisions, voucher_facts, vouchers
from mlconnector.store.vouchers import VoucherState, was_reversed


class Read(NamedTuple):
    """A voucher as the source has it now; what could not be read of it is empty.

    `gross` is what the party owes by it, with the sign of the document; of a payment it is the money.
    """

    voucher: str
    kind: str
    direction: str
    currency: str
    gross: Decimal | None
    state: VoucherState
    is_reversed: bool
    is_set_aside: bool
    number: str | None


class BookedSum(NamedTuple):
    """What a booking comes to for its party; `step` is -1 where it takes another one back, otherwise 1."""

    voucher: str
    stand: Stand
    currency: str
    step: int
    gross: Decimal


def read(connection: Connection, names: Sequence[str], first: date | None, last: date | None) -> list[Read]:
    """The vouchers of some connections that are dated from `first` to `last`.

    Customers and suppliers, and records that are gone, have no day: they are no documents.
    """
    facts = voucher_facts.c
    query = (
        select(
            *(vouchers.c.id, vouchers.c.kind, facts.direction, facts.currency, facts.owed, vouchers.c.state),
            case((was_reversed(), 1), else_=0),
            case((vouchers.c.set_aside_at.is_not(None), 1), else_=0),
            vouchers.c.number,
            case((and_(facts.owed.is_(None), facts.amount.is_not(None)), 1), else_=0),
        )
        .join(voucher_facts, facts.voucher == vouchers.c.id)
        .where(vouchers.c.connection.in_(list(names)), vouchers.c.document_date.is_not(None))
        .where(*dated(first, last))
    )
    found: list[Read] = []
    beyond: dict[str, int] = {}
    for row in connection.execute(query):
        key, kind, direction, currency, owed, state, is_reversed, is_aside, number, is_beyond = row
        if is_beyond:
            beyond[key] = len(found)
        gross = None if owed is None else amount_of(owed)
        found.append(
            Read(key, kind, direction, currency, gross, state, bool(is_reversed), bool(is_aside), number)
        )
    for key, gross in _said(connection, list(beyond)):
        found[beyond[key]] = found[beyond[key]]._replace(gross=gross)
    return found


def booked(
    connection: Connection, names: Sequence[str], first: date | None, last: date | None
) -> Iterator[BookedSum]:
    """The bookings of vouchers that are dated from `first` to `last`; none that DATEV has refused.

    Those of a voucher that has bookings in several currencies come in the order in which they were made.
    """
    facts = entry_facts.c
    query = (
        select(
            *(entries.c.voucher, entries.c.batch, facts.currency, facts.step, facts.gross, entries.c.id),
        )
        .join(vouchers, vouchers.c.id == entries.c.voucher)
        .join(entry_facts, facts.entry == entries.c.id)
        .where(vouchers.c.connection.in_(list(names)), *dated(first, last))
    )
    stands = {
        batch: None if state in NOT_TAKEN else stand_of(state)
        for batch, state in batches.states(connection, names).items()
    }
    rows = [tuple(row) for row in connection.execute(query)]
    for voucher, batch, currency, step, gross, _ in _in_order(connection, rows):
        stand = "planned" if batch is None else stands[batch]
        if stand is not None:
            yield BookedSum(voucher, stand, currency, step, amount_of(gross))


def _in_order(connection: Connection, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of bookings so that those with several currencies come last, in the order of their making."""
    currencies = {row[0]: row[2] for row in rows}
    several = {row[0] for row in rows if currencies[row[0]] != row[2]}
    if not several:
        return rows
    made: list[str] = []
    for part in parts(sorted(several)):
        query = select(entries.c.id).where(entries.c.voucher.in_(part))
        made += connection.execute(
            query.order_by(entries.c.period, entries.c.created_at, entries.c.id)
        ).scalars()
    places = {key: place for place, key in enumerate(made)}
    return sorted(rows, key=lambda row: places.get(row[5], -1))


def _said(connection: Connection, ids: Sequence[str]) -> Iterator[tuple[str, Decimal | None]]:
    """What vouchers owe that is more than databases add up."""
    newest = and_(revisions.c.voucher == vouchers.c.id, revisions.c.revision == vouchers.c.revision)
    for part in parts(ids):
        query = select(vouchers.c.id, revisions.c.content).join(revisions, newest)
        for key, content in connection.execute(query.where(vouchers.c.id.in_(part))):
            yield key, facts_of(content).owed
