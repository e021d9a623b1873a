"""What tables, columns, options and relationships the environment has, from the lists beside this module.

Facts about the standard columns and options: MicrosoftDocs, table reference of Dynamics 365 Sales. Columns
whose names begin with `new_` are those that an administrator added.
"""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from importlib import resources

import msgspec

OPTION_TYPES = frozenset({"picklist", "state", "status"})
CUSTOM_PREFIX = "new_"


class Table(msgspec.Struct, frozen=True):
    """A table; `set` is its name in addresses, `key` its primary id, `title` its primary name column."""

    name: str
    set: str
    key: str
    title: str
    code: int
    label: str
    tracked: bool
    privilege: str


class Column(msgspec.Struct, frozen=True):
    """A column; `targets` are the tables that a lookup may point to."""

    table: str
    name: str
    type: str
    targets: tuple[str, ...]
    label: str

    @property
    def property(self) -> str:
        """The name of its value in requests and answers."""
        return f"_{self.name}_value" if self.type == "lookup" else self.name


class Option(msgspec.Struct, frozen=True):
    """A value of a choice column; `state` is the state that a status belongs to."""

    value: int
    state: int | None
    english: str
    german: str


class Collection(msgspec.Struct, frozen=True):
    """The rows of the table `of` whose lookup `column` points to a record of `table`."""

    table: str
    name: str
    of: str
    column: str


class _Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tables: list[Table] = msgspec.field(name="table")
    collections: list[Collection] = msgspec.field(name="collection")


@cache
def _lists() -> _Lists:
    return msgspec.convert(tomllib.loads(_text("tables.toml")), _Lists)


@cache
def tables() -> dict[str, Table]:
    """All tables by name."""
    return {table.name: table for table in _lists().tables}


@cache
def table_of_set(name: str) -> Table | None:
    """The table with this name in addresses."""
    return next((table for table in tables().values() if table.set == name), None)


@cache
def standard_columns(table: str) -> dict[str, Column]:
    """The columns that `table` has before anybody adds one, by name; money has its twin in base currency."""
    made: dict[str, Column] = {}
    for row in csv.DictReader(_text("columns.csv").splitlines()):
        if row["table"] not in (table, "*"):
            continue
        name, label = row["column"], row["label"]
        made[name] = Column(table, name, row["type"], tuple(row["targets"].split()), label)
        if row["type"] == "money":
            made[f"{name}_base"] = Column(table, f"{name}_base", "money", (), f"{label} (Basis)")
        if row["type"] == "file":
            made[f"{name}_name"] = Column(table, f"{name}_name", "filename", (), f"{label} (Name)")
    return made


@cache
def options(table: str, column: str) -> dict[int, Option]:
    """The options of a choice column by value."""
    made = {}
    for row in csv.DictReader(_text("options.csv").splitlines()):
        if (row["table"], row["column"]) == (table, column):
            state = int(row["state"]) if row["state"] else None
            made[int(row["value"])] = Option(int(row["value"]), state, row["english"], row["german"])
    return made


@cache
def collections(table: str) -> dict[str, Collection]:
    """The collections that a record of `table` can be expanded by, by name."""
    return {each.name: each for each in _lists().collections if each.table == table}


def navigation(column: Column, target: str) -> str:
    """The name of the navigation property of a lookup to a record of `target`."""
    if len(column.targets) > 1 or column.name == "eventhandler":
        return f"{column.name}_{target}"
    return column.name


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
