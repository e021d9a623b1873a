"""GET on tables: collections with pages, single records, expanded records, values of single columns."""

from __future__ import annotations

from typing import Any

from mlconnector.standins.dynamics.answers import (
    bad_query,
    missing_privilege,
    no_such_record,
    unknown_property,
)
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.identities import APPLICATION_USER_ID, guid
from mlconnector.standins.dynamics.links import page_link, read_page_token
from mlconnector.standins.dynamics.paths import Paths, matching
from mlconnector.standins.dynamics.queries import Expansion, Preferences, Query
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import Collection, Table, collections, tables
from mlconnector.standins.dynamics.shown import columns_of, shown


class Reader:
    """Answers queries; `root` is the address of the Web API, e.g. `http://127.0.0.1:8080/api/data/v9.2/`."""

    def __init__(self, environment: Environment, root: str) -> None:
        self.environment = environment
        self.root = root

    def collection(self, table: Table, query: Query, preferences: Preferences) -> Row:
        """A page of the rows of a table."""
        self.check_privilege(table.name)
        rows = matching(self.environment, table.name, query)
        return self._page(table, f"{self.root}{table.set}", rows, query, preferences)

    def related(
        self, table: Table, identity: str, collection: Collection, query: Query, preferences: Preferences
    ) -> Row:
        """A page of the rows that belong to a record."""
        self.check_privilege(table.name)
        self.check_privilege(collection.of)
        self._present(table, identity)
        address = f"{self.root}{table.set}({identity})/{collection.name}"
        rows = self._children(collection, identity, query)
        return self._page(tables()[collection.of], address, rows, query, preferences)

    def record(self, table: Table, identity: str, query: Query, preferences: Preferences) -> Row:
        """One record."""
        self.check_privilege(table.name)
        row = self._present(table, identity)
        made = {"@odata.context": f"{self.context(table, query)}/$entity"}
        return made | self._shown(table, row, query, preferences)

    def count(self, table: Table, query: Query) -> int:
        """How many rows a filter takes; never more than 5000."""
        self.check_privilege(table.name)
        return min(len(matching(self.environment, table.name, query)), 5_000)

    def context(self, table: Table, query: Query) -> str:
        """The context address of rows of a table."""
        selected = [*query.select, *(f"{each.name}()" for each in query.expand)]
        columns = f"({','.join(selected)})" if selected else ""
        return f"{self.root}$metadata#{table.set}{columns}"

    def check_privilege(self, name: str) -> None:
        """Raise Refusal when the security role does not let the application user read a table."""
        table = tables()[name]
        if self.environment.privilege(name) == "none":
            right = guid("privilege", table.privilege)
            raise missing_privilege(APPLICATION_USER_ID, table.privilege, right, name, table.code)

    def _page(
        self, table: Table, address: str, rows: list[Row], query: Query, preferences: Preferences
    ) -> Row:
        columns_of(self.environment, table.name, query.select)
        made: Row = {"@odata.context": self.context(table, query)}
        if query.count:
            made["@odata.count"] = min(len(rows), 5_000)
        # With a page size, Dataverse ignores $top.
        top = query.top if preferences.page is None else None
        number, begin = self._begin(table, rows, query)
        size = min(preferences.page_size, top or preferences.page_size)
        taken = rows[begin : begin + size]
        made["value"] = [self._shown(table, row, query, preferences) for row in taken]
        if begin + size < len(rows) and top is None:
            position = {"last": taken[-1][table.key], "offset": begin + size}
            made["@odata.nextLink"] = page_link(address, query.raw, number + 1, position)
        return made

    def _begin(self, table: Table, rows: list[Row], query: Query) -> tuple[int, int]:
        if "$skiptoken" not in query.raw:
            return 1, 0
        number, position, _ = read_page_token(query.raw["$skiptoken"])
        for place, row in enumerate(rows):
            if row[table.key] == position["last"]:
                return number, place + 1
        return number, min(position["offset"], len(rows))

    def _shown(self, table: Table, row: Row, query: Query, preferences: Preferences) -> Row:
        columns = columns_of(self.environment, table.name, query.select)
        made = shown(self.environment, row, columns, preferences)
        for expansion in query.expand:
            made |= self._expanded(table, row, expansion, preferences)
        return made

    def _expanded(self, table: Table, row: Row, expansion: Expansion, preferences: Preferences) -> Row:
        collection = collections(table.name).get(expansion.name)
        if collection is not None:
            return self._expanded_rows(table, row, collection, expansion.query, preferences)
        found = Paths(self.environment, table.name).single(expansion.name)
        if found is None:
            raise unknown_property(expansion.name, table.name)
        column, target = found
        self.check_privilege(target)
        if any((expansion.query.filter, expansion.query.orderby, expansion.query.top)):
            raise bad_query("Only $select and $expand query options are allowed for this navigation.")
        columns_of(self.environment, target, expansion.query.select)
        reference = row.get(column.name)
        there = self.environment.rows[target].get(reference[1]) if reference else None
        if there is None or reference is None or reference[0] != target:
            return {expansion.name: None}
        return {expansion.name: self._shown(tables()[target], there, expansion.query, preferences)}

    def _expanded_rows(
        self, table: Table, row: Row, collection: Collection, query: Query, preferences: Preferences
    ) -> Row:
        self.check_privilege(collection.of)
        columns_of(self.environment, collection.of, query.select)
        identity = row[table.key]
        rows = self._children(collection, identity, query)
        size = min(preferences.page_size, query.top or preferences.page_size)
        inner = tables()[collection.of]
        made: Row = {collection.name: [self._shown(inner, each, query, preferences) for each in rows[:size]]}
        if len(rows) > size and query.top is None:
            address = f"{self.root}{table.set}({identity})/{collection.name}"
            position = {"last": rows[size - 1][inner.key], "offset": size}
            made[f"{collection.name}@odata.nextLink"] = page_link(address, query.raw, 2, position)
        return made

    def _children(self, collection: Collection, identity: str, query: Query) -> list[Row]:
        rows = self.environment.children(collection.of, collection.column, identity)
        key, chosen = tables()[collection.of].key, {id(row) for row in rows}
        if query.filter or query.orderby:
            return [row for row in matching(self.environment, collection.of, query) if id(row) in chosen]
        return sorted(rows, key=lambda row: str(row[key]))

    def _present(self, table: Table, identity: str) -> Row:
        row: Any = self.environment.rows[table.name].get(identity.lower())
        if row is None:
            raise no_such_record(table.name, identity)
        found: Row = row
        return found
