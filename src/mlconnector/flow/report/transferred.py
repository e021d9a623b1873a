"""What was transferred, for reports: the bookings of one connection, or of all connections of its client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from mlconnector.flow.context.services import Services
from mlconnector.model.entries import Entry, decode
from mlconnector.store import booked, connections
from mlconnector.store.booked import BookedRow, Stand, Taken
from mlconnector.store.entries import Format
from mlconnector.texts.zone import day_of

# How many bookings are in memory at once while batches are added up.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose bookings a report is about; `others` are connections of the client that it leaves out."""

    connection: str
    client: str
    names: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking with what became of it; `reverses` is the id of the booking that it takes back.

    By its `place` it stands among all others in the order of all reports.
    """

    id: str
    voucher: str
    connection: str
    channel: Format
    reverses: str | None
    stand: Stand
    entry: Entry
    place: str = ""


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


def of_batches(db: Connection, some: Sequence[Taken]) -> Iterator[tuple[Taken, int, Iterator[Booked]]]:
    """The bookings of some batches and how many they are, read some at a time and decoded one by one."""
    for portion in _portions(some):
        held: dict[str | None, list[BookedRow]] = {}
        for row in booked.in_batches(db, portion):
            held.setdefault(row.batch, []).append(row)
        for one in portion:
            rows = held.pop(one.batch, [])
            yield one, len(rows), map(_booked, rows)


def _portions(some: Sequence[Taken]) -> Iterator[list[Taken]]:
    """Batches with together about as many bookings as are read at once."""
    portion: list[Taken] = []
    for one in some:
        portion.append(one)
        if sum(each.bookings for each in portion) >= _AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


def unaccepted(db: Connection, of: Whose, first: date | None, last: date | None) -> Iterator[Booked]:
    """The bookings in the months of some days that DATEV has neither accepted nor refused."""
    yield from map(_booked, booked.unaccepted_in_months(db, of.client, of.names, *months_of(first, last)))


def months_of(first: date | None, last: date | None) -> tuple[str, str]:
    """The months from that of a day to that of another; empty where there is none."""
    return f"{first:%Y-%m}" if first else "", f"{last:%Y-%m}" if last else ""


def _booked(row: BookedRow) -> Booked:
    return Booked(
        id=row.id,
        voucher=row.voucher,
        connection=row.connection,
        channel=row.channel,
        reverses=row.reverses,
        stand=row.stand,
        entry=decode(row.content),
        place=f"{row.period} {row.created_at.isoformat(timespec='microseconds')} {row.id}",
    )
