"""Distinct vouchers: pairs of which somebody has said that they are two documents that look alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select

from mlconnector.store.sets import parts
from mlconnector.store.tables import distinct_vouchers, vouchers
from mlconnector.store.upsert import put_row

_ITS = vouchers.c.id == distinct_vouchers.c.voucher


def of_vouchers(connection: Connection, ids: Sequence[str]) -> dict[str, set[str]]:
    """From which others these vouchers (our keys) are distinct, whichever of the two that was said of."""
    found: dict[str, set[str]] = {}
    columns = (distinct_vouchers.c.voucher, distinct_vouchers.c.other)
    for part in parts(ids):
        for one, other in (columns, columns[::-1]):
            for row in connection.execute(select(one, other).where(one.in_(part))):
                found.setdefault(row[0], set()).add(row[1])
    return found


def count(connection: Connection, name: str | None = None) -> int:
    """How many vouchers, of a connection or of all, somebody has told apart from others."""
    query = select(func.count(distinct_vouchers.c.voucher.distinct())).join(vouchers, _ITS)
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    return int(connection.execute(query).scalar_one())


def listed(connection: Connection, name: str | None, limit: int, offset: int) -> dict[str, datetime]:
    """Vouchers (our keys) that somebody has told apart from others, the latest first, and when."""
    noted_at = func.max(distinct_vouchers.c.noted_at)
    query = (
        select(distinct_vouchers.c.voucher, noted_at)
        .join(vouchers, _ITS)
        .group_by(distinct_vouchers.c.voucher)
        .order_by(noted_at.desc(), distinct_vouchers.c.voucher)
        .limit(limit)
        .offset(offset)
    )
    if name is not None:
        query = query.where(vouchers.c.connection == name)
    return {row[0]: row[1] for row in connection.execute(query)}


def put(connection: Connection, voucher: str, others: Iterable[str], now: datetime) -> None:
    """Note that a voucher is none of these others."""
    for other in sorted(others):
        put_row(connection, distinct_vouchers, {"voucher": voucher, "other": other, "noted_at": now})


def forget(connection: Connection, voucher: str) -> None:
    """Note nothing any more of what a voucher is distinct from."""
    either = or_(distinct_vouchers.c.voucher == voucher, distinct_vouchers.c.other == voucher)
    connection.execute(delete(distinct_vouchers).where(either))
