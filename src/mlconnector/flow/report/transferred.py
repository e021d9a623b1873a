"""What was transferred, for reports: the bookings of one connection, or of all connections of its client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.model.entries import Entry, decode
from mlconnector.store import booked, connections
from mlconnector.store.booked import BookedRow, Stand
from mlconnector.store.entries import Format
from mlconnector.texts.zone import day_of


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose bookings a report is about; `others` are connections of the client that it leaves out."""

    connection: str
    client: str
    names: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking with what became of it; `reverses` is the id of the booking that it takes back."""

    id: str
    voucher: str
    connection: str
    channel: Format
    reverses: str | None
    stand: Stand
    entry: Entry


def whose(services: Services, name: str, *, whole_client: bool) -> Whose:
    """The connection alone, or with all others of its client. Raises NeedsHuman (`connection_unknown`)."""
    with services.database.read() as db:
        client = connections.read(db, name).client
        alike = tuple(row.name for row in connections.every(db) if row.client == client)
    others = tuple(one for one in alike if one != name)
    return Whose(name, client, alike if whole_client else (name,), () if whole_client else others)


def today(services: Services) -> date:
    """The day that it is where the moments are shown."""
    return day_of(services.now())


def posted(
    db: Connection, of: Whose, first: date | None = None, last: date | None = None
) -> Iterator[Booked]:
    """The bookings in the months from that of `first` to that of `last`; none that DATEV has refused."""
    months = [f"{day:%Y-%m}" if day is not None else "" for day in (first, last)]
    yield from map(_booked, booked.in_months(db, of.client, of.names, *months))


def dated(db: Connection, of: Whose, first: date | None, last: date | None) -> Iterator[Booked]:
    """The bookings of vouchers that are dated from `first` to `last`, whenever they were booked."""
    yield from map(_booked, booked.of_vouchers_dated(db, of.names, first, last))


def _booked(row: BookedRow) -> Booked:
    return Booked(
        row.id, row.voucher, row.connection, row.channel, row.reverses, row.stand, decode(row.content)
    )
