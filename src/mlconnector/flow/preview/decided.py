"""Decided: the Buchungsliste of the bookings that there are already, from our own tables, page by page.

What no run has read yet is not among them; `preview` asks the source for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.flow.preview.booking_list import Previewed, listed
from mlconnector.flow.report.search import Search
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry
from mlconnector.model.entries import decode as decode_entry
from mlconnector.model.money import ZERO
from mlconnector.model.vouchers import decode as decode_voucher
from mlconnector.store import booking_lists, documents
from mlconnector.store.booked import Stand
from mlconnector.store.booking_lists import BookingScope, ListedBooking, MovedRows

ADDED_UP = 2_000
"""Of so many bookings the sums are told without being asked for."""


@dataclass
class MovedSum:
    """What rows of one currency move: Umsatz by its side, and all accounts together in debit and credit."""

    bookings: int = 0
    rows: int = 0
    debit_rows: Decimal = ZERO
    credit_rows: Decimal = ZERO
    debit: Decimal = ZERO
    credit: Decimal = ZERO

    @property
    def is_balanced(self) -> bool:
        """Whether debit and credit are the same."""
        return self.debit == self.credit


@dataclass
class Moved:
    """What bookings move, by currency; those that are statistical count as rows alone."""

    sums: dict[str, MovedSum] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Count a booking in."""
        for currency in {line.currency or entry.currency for line in entry.lines}:
            self.sums.setdefault(currency, MovedSum()).bookings += 1
        for line in entry.lines:
            one = self.sums[line.currency or entry.currency]
            one.rows += 1
            if entry.is_statistical:
                continue
            if line.amount > ZERO:
                one.debit_rows += line.amount
            else:
                one.credit_rows -= line.amount
            for leg in (line.amount, -line.amount):
                one.debit += max(leg, ZERO)
                one.credit -= min(leg, ZERO)

    def add_rows(self, rows: MovedRows) -> None:
        """Count rows in that the database has added up; each moves as much in debit as in credit."""
        one = self.sums.setdefault(rows.currency, MovedSum())
        one.bookings += rows.bookings
        one.rows += rows.rows
        one.debit_rows += rows.debit
        one.credit_rows += rows.credit
        one.debit += rows.debit + rows.credit
        one.credit += rows.debit + rows.credit


@dataclass(frozen=True, slots=True)
class Decided:
    """A booking with what it was made of, as a preview shows it; `stand` is None where DATEV refused it."""

    id: str
    voucher: str
    stand: Stand | None
    file_name: str | None
    previewed: Previewed


@dataclass(frozen=True, slots=True)
class DecidedPage:
    """A page of bookings, how many there are in all, and what all of them move (None: not added up)."""

    bookings: tuple[Decided, ...]
    total: int
    moved: Moved | None


def scope_of(
    connection: str, wanted: Search, *, stand: Stand | None = None, account: str = "", voucher: str = ""
) -> BookingScope:
    """What of a search the database can tell. Raises Unreadable."""
    of_vouchers = wanted.scope(connection)
    return BookingScope(
        connection,
        wanted.kind or "",
        of_vouchers.first,
        of_vouchers.last,
        stand,
        account,
        voucher,
        number=of_vouchers.number,
        party=of_vouchers.customer,
        text=of_vouchers.text,
        least=of_vouchers.least,
        most=of_vouchers.most,
    )


def page_of(
    services: Services,
    scope: BookingScope,
    *,
    limit: int | None,
    offset: int = 0,
    added_up: bool = False,
) -> DecidedPage:
    """A page of the bookings of a connection, by the day and the number of their documents.

    All of them are added up where they are few, or where that is wanted. Raises NeedsHuman
    (`connection_unknown`).
    """
    rules = services.rules(scope.connection)
    with services.database.read() as db:
        ids: list[str] | None = None
        if scope.is_of_content:
            # What is searched is searched once.
            ids = booking_lists.page(db, scope, None, 0)
            total, shown = len(ids), ids[offset : None if limit is None else offset + limit]
        else:
            total = booking_lists.count(db, scope)
            shown = booking_lists.page(db, scope, limit, offset)
        moved = _added_up(db, scope, ids) if added_up or total <= ADDED_UP else None
        found = booking_lists.by_ids(db, shown)
        names = _file_names(db, found)
    return DecidedPage(tuple(_decided(one, rules, names) for one in found), total, moved)


def _added_up(db: Connection, scope: BookingScope, ids: Sequence[str] | None) -> Moved:
    moved = Moved()
    for one in booking_lists.moved(db, scope) if ids is None else booking_lists.moved_by(db, ids):
        moved.add_rows(one)
    return moved


def _file_names(db: Connection, found: Iterable[ListedBooking]) -> dict[str, str]:
    return documents.file_names(db, [one.document for one in found if one.document])


def _decided(one: ListedBooking, rules: Rules, names: dict[str, str]) -> Decided:
    voucher = None if one.said is None else decode_voucher(one.said)
    entry = decode_entry(one.content)
    previewed = Previewed(
        external_id=entry.voucher.partition("/")[2],
        number=entry.number,
        title="" if voucher is None else voucher.title,
        voucher=voucher,
        channel=one.channel,
        document=names.get(one.document or "", ""),
        corrects=one.corrects,
    )
    return Decided(one.id, one.voucher, one.stand, one.file_name, listed(previewed, [entry], rules))


def each(services: Services, scope: BookingScope, at_once: int = 500) -> Iterator[Decided]:
    """All bookings that are meant, some at a time."""
    rules = services.rules(scope.connection)
    with services.database.read() as db:
        ids = booking_lists.page(db, scope, None, 0)
    for first in range(0, len(ids), at_once):
        with services.database.read() as db:
            found = booking_lists.by_ids(db, ids[first : first + at_once])
            names = _file_names(db, found)
        yield from (_decided(one, rules, names) for one in found)
