"""What the paths in `$filter` and `$orderby` lead to: columns, and columns of records behind lookups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlconnector.standins.dynamics.answers import unknown_property
from mlconnector.standins.dynamics.environment import Environment
from mlconnector.standins.dynamics.filters import Filter, Get, parse_filter
from mlconnector.standins.dynamics.queries import Query
from mlconnector.standins.dynamics.records import Row
from mlconnector.standins.dynamics.schema import Column, navigation, tables

_GUIDS = frozenset({"id", "lookup", "guid"})


class Paths:
    """The paths of one table."""

    def __init__(self, environment: Environment, table: str) -> None:
        self.environment = environment
        self.table = table
        self._known: dict[str, tuple[str, Callable[[Row], Any]]] = {}

    def kind(self, path: str) -> str:
        """The type of what a path leads to; raises Refusal when it leads nowhere."""
        return self._resolved(path)[0]

    def value(self, row: Row, path: str) -> Any:
        """What a path leads to in a row."""
        return self._resolved(path)[1](row)

    def getter(self, row: Row) -> Get:
        """The values of one row by path."""
        return lambda path: self.value(row, path)

    def single(self, name: str) -> tuple[Column, str] | None:
        """The lookup column and the target table behind a single-valued navigation property."""
        for column in self.environment.columns[self.table].values():
            for target in column.targets:
                if navigation(column, target) == name:
                    return column, target
        return None

    def _resolved(self, path: str) -> tuple[str, Callable[[Row], Any]]:
        if path not in self._known:
            self._known[path] = self._nested(path) if "/" in path else self._plain(path)
        return self._known[path]

    def _plain(self, path: str) -> tuple[str, Callable[[Row], Any]]:
        known = self.environment.columns[self.table].values()
        column = next((each for each in known if each.property == path and each.type != "secret"), None)
        if column is None:
            raise unknown_property(path, self.table)
        name = column.name
        if column.type == "lookup":
            return "guid", lambda row: row[name][1] if row.get(name) else None
        return "guid" if column.type in _GUIDS else column.type, lambda row: row.get(name)

    def _nested(self, path: str) -> tuple[str, Callable[[Row], Any]]:
        first, _, rest = path.partition("/")
        found = self.single(first)
        if found is None:
            raise unknown_property(first, self.table)
        column, target = found
        inner = Paths(self.environment, target)

        def value(row: Row) -> Any:
            reference = row.get(column.name)
            if reference is None or reference[0] != target:
                return None
            there = self.environment.rows[target].get(reference[1])
            return None if there is None else inner.value(there, rest)

        return inner.kind(rest), value


def matching(environment: Environment, table: str, query: Query) -> list[Row]:
    """The rows that a query's filter takes, in its order; rows of equal rank by their ids."""
    paths, key = Paths(environment, table), tables()[table].key
    condition = parse_filter(query.filter, paths.kind) if query.filter else None
    rows = _candidates(environment, table, condition)
    if condition is not None:
        rows = [row for row in rows if condition.holds(paths.getter(row))]
    rows.sort(key=lambda row: str(row[key]))
    for path, descending in reversed(query.orderby):
        paths.kind(path)
        rows.sort(key=lambda row: _rank(paths.value(row, path)), reverse=descending)
    return rows


def _candidates(environment: Environment, table: str, condition: Filter | None) -> list[Row]:
    """The rows that may fulfil a condition, found by an index where there is one."""
    if condition is not None and condition.only is not None:
        path, values = condition.only
        wanted = sorted(str(value) for value in values if value is not None)
        column = path.removeprefix("_").removesuffix("_value")
        if environment.is_indexed(table, column) and None not in values:
            return [row for identity in wanted for row in environment.children(table, column, identity)]
        if path == tables()[table].key:
            present = environment.rows[table]
            return [present[identity] for identity in wanted if identity in present]
    return list(environment.rows[table].values())


def _rank(value: Any) -> tuple[bool, Any]:
    return value is not None, value.casefold() if isinstance(value, str) else value
