"""The environment as it stands: generated rows with every later edit on top, versions, tombstones, rights.

A row is a dict from column name to value, without the columns that are empty: numbers as Decimal or int,
times as text, lookups as a pair of table and id. Every change gives a row the next version number of the
whole environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from mlconnector.standins.dynamics.generator import FIRST_VERSION, generate
from mlconnector.standins.dynamics.records import Labels, Row
from mlconnector.standins.dynamics.schema import Column, Option, options, standard_columns, tables
from mlconnector.standins.dynamics.times import instant

Depth = Literal["none", "basic", "organization"]
_INDEXED = (
    ("invoicedetail", "invoiceid"),
    ("salesorderdetail", "salesorderid"),
    ("annotation", "objectid"),
    ("sdkmessageprocessingstep", "eventhandler"),
)


class Deleted(msgspec.Struct, frozen=True):
    """The tombstone of a row."""

    version: int
    table: str
    id: str


class Edited(msgspec.Struct):
    """Everything that is no longer as it was generated."""

    version: int = FIRST_VERSION
    rows: dict[str, dict[str, Row]] = {}
    deleted: list[Deleted] = []
    columns: dict[str, dict[str, Column]] = {}
    options: dict[str, dict[int, Option]] = {}
    metadata_versions: dict[str, int] = {}
    tracked: dict[str, bool] = {}
    privileges: dict[str, Depth] = {}
    is_member: bool = True


class Environment:
    """All tables of the organisation, and the notes a restart needs."""

    def __init__(self, records: int, seed: int, clock: Callable[[], float]) -> None:
        made = generate(records, seed)
        self.clock = clock
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in tables()}
        self.labels: dict[str, Labels] = made.labels
        self.columns: dict[str, dict[str, Column]] = {name: dict(standard_columns(name)) for name in tables()}
        self.edited = Edited(version=made.version)
        self._index: dict[tuple[str, str], dict[str, dict[str, None]]] = {key: {} for key in _INDEXED}
        self._targets: dict[tuple[str, str], dict[str, str]] = {key: {} for key in _INDEXED}
        for table, rows in made.rows.items():
            for row in rows:
                self._keep(table, row)
        self._generated_invoices = list(self.rows["invoice"])

    # ------------------------------------------------------------------------------- what there is

    def row(self, table: str, identity: str) -> Row:
        """The row with this id; LookupError when there is none."""
        found = self.rows[table].get(identity.lower())
        if found is None:
            raise LookupError(f"There is no {table} {identity}.")
        return found

    def invoice(self, which: int | str) -> Row:
        """An invoice by its id or by its place among the generated ones, from 1; LookupError otherwise."""
        return self.row("invoice", self.invoice_id(which))

    def invoice_id(self, which: int | str) -> str:
        """The id of an invoice that may be given as place among the generated ones, from 1."""
        return self._generated_invoices[which - 1] if isinstance(which, int) else which.lower()

    def children(self, table: str, column: str, identity: str) -> list[Row]:
        """The rows of `table` whose indexed lookup `column` points to the record `identity`."""
        return [self.rows[table][each] for each in self._index[table, column].get(identity, {})]

    def is_indexed(self, table: str, column: str) -> bool:
        """Whether `children` knows this lookup."""
        return (table, column) in self._index

    def lines(self, invoice_id: str) -> list[Row]:
        """The lines of an invoice in their order."""
        found = self.children("invoicedetail", "invoiceid", invoice_id)
        return sorted(found, key=lambda line: (line["lineitemnumber"] or 0, line["invoicedetailid"]))

    def organization(self) -> Row:
        """The one row of the table `organization`."""
        return next(iter(self.rows["organization"].values()))

    def base_currency(self) -> Row:
        """The currency of the `_base` columns."""
        return self.row("transactioncurrency", self.organization()["basecurrencyid"][1])

    def tracked(self, table: str) -> bool:
        """Whether change tracking is on."""
        return self.edited.tracked.get(table, tables()[table].tracked)

    def privilege(self, table: str) -> Depth:
        """How far the security role of the application user lets it read `table`."""
        return self.edited.privileges.get(table, "organization")

    def options(self, table: str, column: str) -> dict[int, Option]:
        """The options of a choice column, with those that were added or renamed."""
        return options(table, column) | self.edited.options.get(f"{table}.{column}", {})

    # ------------------------------------------------------------------------------- changing it

    def next_version(self) -> int:
        """A version number that no row has."""
        self.edited.version += 1
        return self.edited.version

    def put(self, table: str, row: Row, modified_on: str | None = None) -> Row:
        """Add or change a row; `modified_on` is the clock's time unless it is given."""
        row["versionnumber"] = self.next_version()
        row["modifiedon"] = modified_on or instant(self.clock())
        row["createdon"] = row.get("createdon") or row["modifiedon"]
        self._keep(table, row)
        self.edited.rows.setdefault(table, {})[row[tables()[table].key]] = row
        return row

    def remove(self, table: str, identity: str) -> None:
        """Delete a row; the tombstone is what change tracking still knows of it."""
        self._forget(table, identity)
        self.edited.rows.get(table, {}).pop(identity, None)
        self.edited.deleted.append(Deleted(self.next_version(), table, identity))

    def change_metadata(self, table: str) -> None:
        """Take note that a table's definition changed: delta tokens from before are worthless."""
        self.edited.metadata_versions[table] = self.next_version()

    def add_column(self, column: Column) -> None:
        """Give every row of a table another column, empty; its delta tokens become worthless."""
        self.columns[column.table][column.name] = column
        self.edited.columns.setdefault(column.table, {})[column.name] = column
        self.change_metadata(column.table)

    def restore(self, edited: Edited) -> None:
        """Put the edits of an earlier run on top of what was generated."""
        for table, columns in edited.columns.items():
            self.columns[table].update(columns)
        for deleted in edited.deleted:
            if deleted.id in self.rows[deleted.table]:
                self._forget(deleted.table, deleted.id)
        for table, rows in edited.rows.items():
            for row in rows.values():
                self._keep(table, row)
        self.edited = edited

    def _keep(self, table: str, row: Row) -> None:
        identity = row[tables()[table].key]
        self.rows[table][identity] = row
        for column in _indexed(table):
            self._unlink(table, column, identity)
            target = row.get(column)
            if target is not None:
                self._targets[table, column][identity] = target[1]
                self._index[table, column].setdefault(target[1], {})[identity] = None

    def _forget(self, table: str, identity: str) -> None:
        del self.rows[table][identity]
        for column in _indexed(table):
            self._unlink(table, column, identity)

    def _unlink(self, table: str, column: str, identity: str) -> None:
        target = self._targets[table, column].pop(identity, None)
        if target is not None:
            del self._index[table, column][target][identity]


def _indexed(table: str) -> Iterable[str]:
    return [column for name, column in _INDEXED if name == table]
