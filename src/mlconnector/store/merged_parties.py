"""Merged parties: who may be booked under the number of another party, because both are the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from mlconnector.model.entries import Ledger
from mlconnector.store.sets import parts
from mlconnector.store.tables import merged_parties
from mlconnector.store.upsert import put_row


def numbers(
    connection: Connection, client: str, name: str, parties: Sequence[str], ledger: Ledger
) -> dict[str, list[str]]:
    """The numbers of others under which parties of a connection may be booked, the first one noted first."""
    found: dict[str, list[str]] = {}
    for part in parts(parties):
        query = (
            select(merged_parties.c.party, merged_parties.c.number)
            .where(
                merged_parties.c.client == client,
                merged_parties.c.connection == name,
                merged_parties.c.ledger == ledger,
                merged_parties.c.party.in_(part),
            )
            .order_by(merged_parties.c.noted_at, merged_parties.c.number)
        )
        for row in connection.execute(query):
            found.setdefault(row.party, []).append(row.number)
    return found


def put(
    connection: Connection, client: str, name: str, party: str, number: str, *, ledger: Ledger, now: datetime
) -> None:
    """Note that a party is the one that has a number."""
    row = {"client": client, "connection": name, "ledger": ledger, "party": party, "number": number}
    put_row(connection, merged_parties, {**row, "noted_at": now})
