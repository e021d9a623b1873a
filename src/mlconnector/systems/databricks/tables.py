"""The tables as data: `tables.toml` says what they hold; this makes of it what code can use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType

AUDIT = "load_audit"
HASH, LOAD, LOADED_AT, DELETED = "row_hash", "load_id", "loaded_at", "is_deleted"


@dataclass(frozen=True)
class Column:
    """A column: its type as Delta and Spark write it, and since which version of the tables it is there."""

    name: str
    type: str
    required: bool
    comment: str
    since: int = 1

    @cached_property
    def scale(self) -> int | None:
        """The decimal places of a column with decimals; None for others."""
        if not self.type.startswith("decimal("):
            return None
        return int(self.type.rpartition(",")[2].rstrip(")"))


@dataclass(frozen=True)
class Table:
    """A table: what tells its rows apart, and the column that loads are verified by, empty for none.

    `cluster` are the columns by which a workspace lays its rows together.
    """

    name: str
    comment: str
    key: tuple[str, ...]
    amount: str
    columns: tuple[Column, ...]
    cluster: tuple[str, ...] = ()

    @cached_property
    def content(self) -> tuple[Column, ...]:
        """The columns that a row brings along; the others say which load wrote it."""
        return tuple(column for column in self.columns if column.name not in {HASH, LOAD, LOADED_AT})

    @cached_property
    def content_names(self) -> frozenset[str]:
        """The names of those."""
        return frozenset(column.name for column in self.content)


@cache
def tables() -> Mapping[str, Table]:
    """All tables by name, the audit last: its row is written after those of the others."""
    text = files(__package__).joinpath("tables.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    common = found.pop("common")["columns"]
    found.pop("version")
    return MappingProxyType(
        {
            name: Table(
                name,
                said["comment"],
                tuple(said["key"]),
                said.get("amount", ""),
                tuple(_column(one) for one in (*said["columns"], *_beside(name, common))),
                tuple(said.get("cluster", ())),
            )
            for name, said in found.items()
        }
    )


def _beside(name: str, common: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    own = {LOADED_AT, HASH}
    return [one for one in common if one[0] in own] if name == AUDIT else common


def _column(said: Sequence[str]) -> Column:
    name, kind, required, comment, *since = said
    return Column(name, kind, required == "required", comment, int(since[0]) if since else 1)
