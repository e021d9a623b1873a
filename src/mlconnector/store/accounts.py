"""Debtor numbers: given once for each party and client, kept for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Integer, cast, func, insert, select

from mlconnector.store.sets import parts
from mlconnector.store.tables import accounts, connections


def hold(connection: Connection, client: str) -> None:
    """Let others who give numbers for this client wait until the transaction ends."""
    query = select(connections.c.name).where(connections.c.client == client).order_by(connections.c.name)
    # Weaker than FOR UPDATE, or rows that refer to a connection could not be written meanwhile.
    connection.execute(query.with_for_update(key_share=True)).all()


def given(connection: Connection, client: str, name: str, parties: Sequence[str]) -> dict[str, str]:
    """The numbers that parties of a connection already have."""
    found: dict[str, str] = {}
    for part in parts(parties):
        query = select(accounts.c.party, accounts.c.number).where(
            accounts.c.client == client,
            accounts.c.connection == name,
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


def brought(connection: Connection, client: str) -> frozenset[str]:
    """The numbers of a client that sources brought along."""
    query = select(accounts.c.number).where(accounts.c.client == client, accounts.c.origin == "source")
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
    origin: Literal["allocated", "source"],
) -> None:
    """Note newly given numbers by party, with the party's name for people who read the table."""
    rows = [
        {
            "client": client,
            "connection": name,
            "party": party,
            "number": number,
            "origin": origin,
            "name": names.get(party, ""),
            "given_at": now,
        }
        for party, number in numbers.items()
    ]
    if rows:
        connection.execute(insert(accounts), rows)
