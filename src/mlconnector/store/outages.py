"""Outages: systems that cannot be reached at the moment, since when, and when they are tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from mlconnector.store.tables import outages
from mlconnector.store.upsert import put_row


@dataclass(frozen=True, slots=True)
class Outage:
    """A system that a connection cannot reach.

    `cause` is our word for what is wrong, `answer` what was said of it. `next_at` and `until` say when it is
    tried again and how long that goes on; None where nobody tries at the moment.
    """

    system: str
    address: str
    cause: str
    answer: str
    since: datetime
    tried_at: datetime
    next_at: datetime | None = None
    until: datetime | None = None


def of(connection: Connection, name: str) -> list[Outage]:
    """What a connection cannot reach, by system."""
    columns = [outages.c[field] for field in Outage.__dataclass_fields__]
    query = select(*columns).where(outages.c.connection == name).order_by(outages.c.system)
    return [Outage(*row) for row in connection.execute(query)]


def put(connection: Connection, name: str, outage: Outage) -> None:
    """Note that a system cannot be reached; an outage that goes on keeps its begin and what is planned."""
    began = connection.execute(
        select(outages.c.since).where(outages.c.connection == name, outages.c.system == outage.system)
    ).scalar()
    row = {field: getattr(outage, field) for field in ("system", "address", "cause", "answer", "tried_at")}
    put_row(connection, outages, {"connection": name, **row, "since": began or outage.since})


def plan(connection: Connection, name: str, next_at: datetime | None, until: datetime | None) -> None:
    """Note when what cannot be reached is tried again, and how long that goes on."""
    these = update(outages).where(outages.c.connection == name)
    connection.execute(these.values(next_at=next_at, until=until))


def drop(connection: Connection, name: str, system: str) -> None:
    """Note that a system has answered again."""
    connection.execute(delete(outages).where(outages.c.connection == name, outages.c.system == system))
