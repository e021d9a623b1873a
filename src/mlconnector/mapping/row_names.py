"""Names of rows: what a row looks at says which row it is, wherever it stands in its table.

A name stays when rows are put before it, or when what follows from the row is changed, and bookings keep it:
so it can be said how many of them a row decided.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from pydantic import BaseModel

from mlconnector.mapping.books import Table
from mlconnector.model.entries import Because, Entry

_TABLE = "mapping."
Facts = tuple[tuple[str, object], ...]


class NamedRow(NamedTuple):
    """A row, or an entry of a table, by the name of its table below `mapping` and its own."""

    table: str
    name: str


def facts_of(row: BaseModel, names: Iterable[str]) -> Facts:
    """What a row looks at, without what it leaves open."""
    return tuple(_said(row, names))


def _said(row: BaseModel, names: Iterable[str]) -> Iterator[tuple[str, object]]:
    for name in names:
        value = getattr(row, name)
        if isinstance(value, dict):
            yield from (((f"{name}.{key}", one)) for key, one in sorted(value.items()))
        elif value != type(row).model_fields[name].default:
            yield name, value


class FollowingRow(Table):
    """A row that holds from its first day on, `valid_from`; rows with the same facts follow each other."""

    valid_from: date | None = None

    @property
    def facts(self) -> Facts:
        """All that the row looks at; rows that are alike in it follow each other."""
        raise NotImplementedError

    @cached_property
    def name(self) -> str:
        """What bookings remember the row by: its facts and its first day."""
        begins = self.valid_from.isoformat() if self.valid_from else None
        said = json.dumps([self.facts, begins], default=_plain, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def entry_name(attribute: str, value: str) -> str:
    """The name of an entry of a table that looks at an attribute."""
    return f"{attribute} = {value}"


def _plain(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def row_behind(why: Because) -> NamedRow | None:
    """The row that gave a field its value; None where none did."""
    table = why.facts.get("table", "").removeprefix(_TABLE)
    if why.rule == "by_attribute":
        return NamedRow(table, entry_name(why.facts["attribute"], why.facts["given"]))
    return NamedRow(table, why.facts["row_name"]) if table and "row_name" in why.facts else None


def rows_behind(entry: Entry) -> frozenset[NamedRow]:
    """The rows that decided a booking, each for some field of some line."""
    return frozenset(row for why in entry.because if (row := row_behind(why)) is not None)
