"""Row usage: how many vouchers each row of a mapping has decided, so that rows that nobody needs show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlconnector.flow.context.context import Context
from mlconnector.mapping.row_names import FollowingRow, NamedRow, entry_name
from mlconnector.store.rows_used import vouchers_of_rows


@dataclass(frozen=True, slots=True)
class Usage:
    """How many vouchers of a connection were booked by each row."""

    vouchers: Mapping[NamedRow, int]

    def of_row(self, table: str, row: FollowingRow) -> int:
        """How many a row of a table has decided."""
        return self.vouchers.get(NamedRow(table, row.name), 0)

    def of_entry(self, table: str, attribute: str, value: str) -> int:
        """How many an entry of a table has decided, by what the table looks at."""
        return self.vouchers.get(NamedRow(table, entry_name(attribute, value)), 0)


def usage(context: Context) -> Usage:
    """How often the rows of a connection were used so far."""
    with context.read() as db:
        return Usage(vouchers_of_rows(db, context.name))
