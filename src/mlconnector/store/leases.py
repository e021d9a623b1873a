"""Leases: locks between processes that end by themselves when their owner dies.

An owner is one holder, not one process: two threads that must exclude each other need two owners. The
clocks of the hosts must agree to within a small part of the duration.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, update

from mlconnector.store.database import Database
from mlconnector.store.tables import leases
from mlconnector.store.upsert import insert_of


def acquire(database: Database, name: str, owner: str, seconds: float, now: datetime) -> bool:
    """Take the lease `name` when it is free, has ended or is ours; whether `owner` holds it now.

    All who want a lease want it for as long. One that ends later than anybody could have taken it for was
    taken before the clock was set back, and has ended.
    """
    until = now + timedelta(seconds=seconds)
    nobodys = now + timedelta(seconds=2 * seconds)
    row = {"name": name, "owner": owner, "until": until}
    with database.write() as transaction:
        take = insert_of(transaction, leases).values(row)
        take = take.on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "until": until},
            where=or_(leases.c.until <= now, leases.c.until > nobodys, leases.c.owner == owner),
        )
        return transaction.execute(take.returning(leases.c.name)).first() is not None


def renew(database: Database, name: str, owner: str, seconds: float, now: datetime) -> bool:
    """Hold on to a lease for `seconds` from now; False when it is not ours any more: stop working."""
    longer = update(leases).where(leases.c.name == name, leases.c.owner == owner)
    with database.write() as transaction:
        return transaction.execute(longer.values(until=now + timedelta(seconds=seconds))).rowcount == 1


def release(database: Database, name: str, owner: str) -> None:
    """Let go of a lease; does nothing when it is not ours any more."""
    with database.write() as transaction:
        transaction.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))


def release_all(connection: Connection, owners: Sequence[str]) -> None:
    """End the leases of owners that are gone."""
    connection.execute(delete(leases).where(leases.c.owner.in_(list(owners))))
