"""Numbers of debtors and creditors: given once for each party and client, kept for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Integer, case, cast, delete, func, insert, or_, select, update

from mlconnector.mapping.numbers import RESERVED
from mlconnector.model.entries import Ledger
from mlconnector.store.sets import parts
from mlconnector.store.tables import accounts, connections

Origin = Literal["allocated", "source", "list", "bound"]


@dataclass(frozen=True, slots=True)
class GivenNumber:
    """A number that somebody has, or that a list reserves for somebody."""

    number: str
    connection: str
    party: str
    ledger: Ledger
    origin: Origin
    name: str
    vat_id: str
    given_at: datetime

    @property
    def is_reserved(self) -> bool:
        """Whether nobody whom a source knows has the number yet."""
        return self.party.startswith(RESERVED)


def every(connection: Connection, client: str) -> dict[str, GivenNumber]:
    """All numbers of a client, by number."""
    columns = [accounts.c[name] for name in GivenNumber.__dataclass_fields__]
    query = select(*columns).where(accounts.c.client == client).order_by(accounts.c.number)
    return {row.number: GivenNumber(*row) for row in connection.execute(query)}


def names(connection: Connection, client: str) -> dict[str, str]:
    """Who has the numbers of a client, by number."""
    query = select(accounts.c.number, accounts.c.name).where(accounts.c.client == client)
    return {row.number: row.name for row in connection.execute(query)}


def page(
    connection: Connection, client: str, ledger: Ledger, wanted: str, first: int, most: int
) -> tuple[list[GivenNumber], int]:
    """Some numbers of a ledger, and how many there are; those that nobody has yet come first.

    `wanted` is a part of number, name, party or VAT id.
    """
    columns = [accounts.c[name] for name in GivenNumber.__dataclass_fields__]
    mine = [accounts.c.client == client, accounts.c.ledger == ledger]
    if wanted:
        looked_at = (accounts.c.number, accounts.c.name, accounts.c.party, accounts.c.vat_id)
        mine.append(or_(*(column.icontains(wanted, autoescape=True) for column in looked_at)))
    count = connection.execute(select(func.count()).select_from(accounts).where(*mine)).scalar_one()
    is_open = accounts.c.party.startswith(RESERVED, autoescape=True)
    order = (case((is_open, 0), else_=1), accounts.c.number)
    query = select(*columns).where(*mine).order_by(*order).offset(first).limit(most)
    return [GivenNumber(*row) for row in connection.execute(query)], count


def reserved(connection: Connection, client: str, numbers: Sequence[str]) -> dict[str, str]:
    """Those numbers that a list reserves for somebody not known yet, with the name on the list."""
    found: dict[str, str] = {}
    for part in parts(numbers):
        query = select(accounts.c.number, accounts.c.name).where(
            accounts.c.client == client,
            accounts.c.number.in_(part),
            accounts.c.party.startswith(RESERVED, autoescape=True),
        )
        found.update({row.number: row.name for row in connection.execute(query)})
    return found


def bind(connection: Connection, client: str, name: str, party: str, number: str) -> None:
    """Give a reserved number to the party of a connection whose it is."""
    row = update(accounts).where(
        accounts.c.client == client, accounts.c.number == number, accounts.c.party == f"{RESERVED}{number}"
    )
    connection.execute(row.values(connection=name, party=party))


def reserve_again(connection: Connection, client: str, number: str) -> None:
    """Take a number of a list away from its party, and reserve it for somebody again."""
    row = update(accounts).where(accounts.c.client == client, accounts.c.number == number)
    connection.execute(row.values(party=f"{RESERVED}{number}"))


def free(connection: Connection, client: str, number: str) -> None:
    """Forget that a number was given to anybody."""
    connection.execute(delete(accounts).where(accounts.c.client == client, accounts.c.number == number))


def hold(connection: Connection, client: str) -> None:
    """Let others who give numbers for this client wait until the transaction ends."""
    query = select(connections.c.name).where(connections.c.client == client).order_by(connections.c.name)
    # Weaker than FOR UPDATE, or rows that refer to a connection could not be written meanwhile.
    connection.execute(query.with_for_update(key_share=True)).all()


def given(
    connection: Connection, client: str, name: str, parties: Sequence[str], ledger: Ledger
) -> dict[str, str]:
    """The numbers that parties of a connection already have as debtors or as creditors."""
    found: dict[str, str] = {}
    for part in parts(parties):
        query = select(accounts.c.party, accounts.c.number).where(
            accounts.c.client == client,
            accounts.c.connection == name,
            accounts.c.ledger == ledger,
            accounts.c.party.in_(part),
        )
        found.update({row.party: row.number for row in connection.execute(query)})
    return found


def owners(connection: Connection, client: str, numbers: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Connection and party of those numbers that somebody has."""
    found: dict[str, tuple[str, str]] = {}
    for part in parts(numbers):
        query = select(accounts).where(accounts.c.client == client, accounts.c.number.in_(part))
        found.update({row.number: (row.connection, row.party) for row in connection.execute(query)})
    return found


def allocated(connection: Connection, client: str, numbers: Sequence[str], since: datetime) -> set[str]:
    """Those numbers that were given here, and not before `since`, so that nobody can have used them."""
    found: set[str] = set()
    for part in parts(numbers):
        query = select(accounts.c.number).where(
            accounts.c.client == client,
            accounts.c.number.in_(part),
            accounts.c.origin == "allocated",
            accounts.c.given_at >= since,
        )
        found.update(connection.execute(query).scalars())
    return found


def brought(connection: Connection, client: str) -> frozenset[str]:
    """The numbers of a client that were not allocated: sources or lists brought them along."""
    query = select(accounts.c.number).where(accounts.c.client == client, accounts.c.origin != "allocated")
    return frozenset(connection.execute(query).scalars())


def highest_allocated(connection: Connection, client: str, first: int, last: int) -> int | None:
    """The highest number within a range that was allocated to anybody of the client."""
    number = cast(accounts.c.number, Integer)
    query = select(func.max(number)).where(
        accounts.c.client == client, accounts.c.origin == "allocated", number.between(first, last)
    )
    return connection.execute(query).scalar()


def give(
    connection: Connection,
    client: str,
    name: str,
    numbers: Mapping[str, str],
    names: Mapping[str, str],
    now: datetime,
    *,
    ledger: Ledger,
    origin: Origin,
    vat_ids: Mapping[str, str] | None = None,
) -> None:
    """Note newly given numbers by party, with the party's name for people who read the table."""
    rows = [
        {
            "client": client,
            "connection": name,
            "party": party,
            "ledger": ledger,
            "number": number,
            "origin": origin,
            "name": names.get(party, ""),
            "vat_id": (vat_ids or {}).get(party, ""),
            "given_at": now,
        }
        for party, number in numbers.items()
    ]
    if rows:
        connection.execute(insert(accounts), rows)
