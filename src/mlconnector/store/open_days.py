"""The first open day of each client's books: nothing is booked before it any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select

from mlconnector.store.tables import open_days
from mlconnector.store.upsert import put_row


@dataclass(frozen=True, slots=True)
class OpenDay:
    """From which day on a client's books are open, by whose word and why."""

    client: str
    open_from: date
    said_by: str
    reason: str
    noted_at: datetime


def read(connection: Connection, client: str) -> OpenDay | None:
    """The first open day of a client, None while nobody has named one."""
    columns = [open_days.c[name] for name in OpenDay.__dataclass_fields__]
    row = connection.execute(select(*columns).where(open_days.c.client == client)).first()
    return None if row is None else OpenDay(*row)


def put(connection: Connection, day: OpenDay) -> None:
    """Note the first open day of a client in place of an earlier one, which the audit trail keeps."""
    put_row(connection, open_days, {name: getattr(day, name) for name in OpenDay.__dataclass_fields__})
