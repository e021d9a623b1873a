"""What the keys of outside systems have spent of their limits on calls; the text is the flow's alone."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from mlconnector.store.tables import call_budgets
from mlconnector.store.upsert import add_row


def read(connection: Connection, name: str) -> str:
    """What a key has spent; empty where nobody called with it yet."""
    query = select(call_budgets.c.spent).where(call_budgets.c.name == name)
    return connection.execute(query).scalar() or ""


def hold(connection: Connection, name: str) -> str:
    """The same, kept from being changed by others until the transaction ends."""
    add_row(connection, call_budgets, {"name": name, "spent": ""})
    query = select(call_budgets.c.spent).where(call_budgets.c.name == name).with_for_update()
    return str(connection.execute(query).scalar_one())


def keep(connection: Connection, name: str, spent: str) -> None:
    """Write down what a key has spent."""
    connection.execute(update(call_budgets).where(call_budgets.c.name == name).values(spent=spent))
