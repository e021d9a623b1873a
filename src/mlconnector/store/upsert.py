"""Insert a row, or deal with the one that is there, as one statement on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def add_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert `row` unless its primary key is known; whether it was inserted."""
    statement = insert_of(connection, table).values(dict(row)).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def put_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert `row`, or give its values to the row with the same primary key."""
    keys = [column.name for column in table.primary_key]
    values = {name: value for name, value in row.items() if name not in keys}
    statement = insert_of(connection, table).values(dict(row))
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


def insert_of(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the connection."""
    # The dialect of the other database would only cost time.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415

    return postgresql.insert(table)
