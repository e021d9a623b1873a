"""Own charts of accounts: what a client's accounts are called and do, by whom it was said, and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from mlconnector.store.sets import parts
from mlconnector.store.tables import chart_accounts

Stamp = tuple[int, datetime | None]


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """An account of a client's own chart; `function` is empty where only its name is known."""

    number: str
    name: str
    function: str
    tax_case: str
    changed_by: str = ""
    changed_at: datetime | None = None

    @property
    def content(self) -> tuple[str, str, str, str]:
        """What is said of the account, whoever said it."""
        return self.number, self.name, self.function, self.tax_case


def read(connection: Connection, client: str) -> dict[str, ChartAccount]:
    """The client's own chart by account number; empty where none was imported."""
    columns = [chart_accounts.c[name] for name in ChartAccount.__dataclass_fields__]
    query = select(*columns).where(chart_accounts.c.client == client).order_by(chart_accounts.c.number)
    return {row.number: ChartAccount(*row) for row in connection.execute(query)}


def stamp(connection: Connection, client: str) -> Stamp:
    """Something that changes with the client's chart, and is cheap to ask for."""
    query = select(func.count(), func.max(chart_accounts.c.changed_at))
    count, changed_at = connection.execute(query.where(chart_accounts.c.client == client)).one()
    return count, changed_at


def put(
    connection: Connection, client: str, accounts: Iterable[ChartAccount], by: str, now: datetime
) -> None:
    """Add accounts, or replace those with the same number."""
    rows = [
        {
            "client": client,
            "number": one.number,
            "name": one.name,
            "function": one.function,
            "tax_case": one.tax_case,
            "changed_by": by,
            "changed_at": now,
        }
        for one in accounts
    ]
    remove(connection, client, [str(row["number"]) for row in rows])
    if rows:
        connection.execute(insert(chart_accounts), rows)


def remove(connection: Connection, client: str, numbers: Sequence[str]) -> None:
    """Take accounts out of the client's chart."""
    for part in parts(numbers):
        connection.execute(
            delete(chart_accounts).where(chart_accounts.c.client == client, chart_accounts.c.number.in_(part))
        )
