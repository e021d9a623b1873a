"""What was read and what was booked of it, voucher by voucher, as columns to be added up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, select

from mlconnector.model.voucher_facts import facts_of
from mlconnector.store import batches
from mlconnector.store.booked import Stand, dated, not_accepted, stand_in
from mlconnector.store.derived import thousandths
from mlconnector.store.sets import parts
from mlconnector.store.tables import entries, entry_facts, revisions, voucher_facts, vouchers
from mlconnector.store.vouchers import VoucherState, was_reversed


class Read(NamedTuple):
    """A voucher as the source has it now; what could not be read of it is empty.

    `gross` is what the party owes by it, in thousandths, with the sign of the document; of a payment it is
    the money.
    """

    voucher: str
    kind: str
    direction: str
    currency: str
    gross: int | None
    state: VoucherState
    is_reversed: bool
    is_set_aside: bool
    number: str | None


class BookedSum(NamedTuple):
    """What a booking comes to for its party, in thousandths; `step` is -1 where it takes another one back."""

    voucher: str
    stand: Stand
    currency: str
    step: int
    gross: int


def read(connection: Connection, names: Sequence[str], first: date | None, last: date | None) -> list[Read]:
    """The vouchers of some connections that are dated from `first` to `last`.

    Customers and suppliers, and records that are gone, have no day: they are no documents.
    """
    facts = voucher_facts.c
    joined = vouchers.join(voucher_facts, facts.voucher == vouchers.c.id)
    within = (vouchers.c.connection.in_(list(names)), vouchers.c.document_date.is_not(None))
    query = select(
        *(vouchers.c.id, vouchers.c.kind, facts.direction, facts.currency, facts.owed, vouchers.c.state),
        case((was_reversed(), 1), else_=0),
        case((vouchers.c.set_aside_at.is_not(None), 1), else_=0),
        vouchers.c.number,
    ).select_from(joined)
    rows = connection.execute(query.where(*within, *dated(first, last))).all()
    found = [Read._make(row) for row in rows]
    beyond = _beyond(connection, [one.voucher for one in found if one.gross is None])
    return [one._replace(gross=beyond[one.voucher]) if one.voucher in beyond else one for one in found]


def booked(
    connection: Connection, names: Sequence[str], first: date | None, last: date | None
) -> Iterator[BookedSum]:
    """The bookings of vouchers that are dated from `first` to `last`; none that DATEV has refused.

    Those of a voucher that has bookings in several currencies come in the order in which they were made.
    """
    facts = entry_facts.c
    query = (
        select(facts.voucher, facts.entry, facts.currency, facts.step, facts.gross)
        .join(vouchers, vouchers.c.id == facts.voucher)
        .where(vouchers.c.connection.in_(list(names)), *dated(first, last))
    )
    others = _not_accepted(connection, names)
    rows = [tuple(row) for row in connection.execute(query).all()]
    for voucher, entry, currency, step, gross in _in_order(connection, rows):
        stand = others.get(entry, "accepted")
        if stand is not None:
            yield BookedSum(voucher, stand, currency, step, gross)


def _not_accepted(connection: Connection, names: Sequence[str]) -> dict[str, Stand | None]:
    """What became of the bookings that DATEV has not accepted; None where it has refused them."""
    states = batches.states(connection, names)
    query = select(entries.c.id, entries.c.batch).where(
        entries.c.connection.in_(list(names)), not_accepted(states)
    )
    return {key: stand_in(batch, states) for key, batch in connection.execute(query)}


def _in_order(connection: Connection, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of bookings so that those with several currencies come last, in the order of their making."""
    currencies = {row[0]: row[2] for row in rows}
    several = {row[0] for row in rows if currencies[row[0]] != row[2]}
    if not several:
        return rows
    made: list[str] = []
    in_order = (entries.c.period, entries.c.created_at, entries.c.id)
    for part in parts(sorted(several)):
        query = select(entries.c.id).where(entries.c.voucher.in_(part)).order_by(*in_order)
        made += connection.execute(query).scalars()
    places = {key: place for place, key in enumerate(made)}
    return sorted(rows, key=lambda row: places.get(row[1], -1))


def _beyond(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """What vouchers owe that is more than databases add up."""
    newest = and_(revisions.c.voucher == vouchers.c.id, revisions.c.revision == vouchers.c.revision)
    found: dict[str, int] = {}
    for part in parts(ids):
        query = select(vouchers.c.id, revisions.c.content).join(revisions, newest)
        for key, content in connection.execute(query.where(vouchers.c.id.in_(part))):
            owed = facts_of(content).owed
            if owed is not None:
                found[key] = thousandths(owed)
    return found
