"""Vouchers that a person has stopped, until somebody lets them go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from mlconnector.store.sets import parts
from mlconnector.store.tables import held_vouchers
from mlconnector.store.upsert import put_row


@dataclass(frozen=True, slots=True)
class Hold:
    """Who has stopped a voucher (our key), when and why."""

    voucher: str
    by: str
    at: datetime
    reason: str


def of_vouchers(connection: Connection, ids: Sequence[str]) -> dict[str, Hold]:
    """Those of these vouchers that are stopped."""
    table = held_vouchers.c
    found: dict[str, Hold] = {}
    for part in parts(ids):
        query = select(table.voucher, table.held_by, table.held_at, table.reason)
        rows = connection.execute(query.where(table.voucher.in_(part)))
        found.update((row[0], Hold(*row)) for row in rows)
    return found


def put(connection: Connection, hold: Hold) -> None:
    """Stop a voucher; who and why it was stopped before does not count any more."""
    row = {"voucher": hold.voucher, "held_by": hold.by, "held_at": hold.at, "reason": hold.reason}
    put_row(connection, held_vouchers, row)


def forget(connection: Connection, ids: Iterable[str]) -> None:
    """Let vouchers go on."""
    for part in parts(list(ids)):
        connection.execute(delete(held_vouchers).where(held_vouchers.c.voucher.in_(part)))
