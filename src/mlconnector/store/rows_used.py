"""Rows used: how many vouchers each row of a mapping has decided."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from mlconnector.mapping.row_names import NamedRow
from mlconnector.store.tables import entry_rows


def vouchers_of_rows(connection: Connection, name: str) -> dict[NamedRow, int]:
    """How many vouchers of a connection have a booking that a row decided; rows without one are missing.

    A booking counts from its decision on, and stays when it is taken back; one that is decided anew before it
    was in a batch does not.
    """
    row = (entry_rows.c.mapping_table, entry_rows.c.row_name)
    query = (
        select(*row, func.count(entry_rows.c.voucher.distinct()))
        .where(entry_rows.c.connection == name)
        .group_by(*row)
    )
    return {NamedRow(table, of_row): count for table, of_row, count in connection.execute(query)}
