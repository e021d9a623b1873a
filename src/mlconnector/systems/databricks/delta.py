"""One Delta table in a folder: made, widened, merged into, counted and kept compact with delta-rs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from arro3.core import Array, DataType
from arro3.core import Table as Arrow
from deltalake import DeltaTable, Field, QueryBuilder, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, DeltaProtocolError, TableNotFoundError
from deltalake.schema import PrimitiveType

from mlconnector.errors import NeedsHuman, RetryLater
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.systems.databricks.tables import HASH, LOADED_AT, Column, Table
from mlconnector.systems.warehouse import TableStatus

_TRIES = 12
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_MANY_FILES = 32
# A file of some ten thousand rows stays by itself: it holds few batches, so a merge passes it over by the
# range of its keys. One large file would be read, and held in memory, by each.
_SMALL_FILE, _PUT_TOGETHER = 512 * 1024, 1024 * 1024
_UNDERSTOOD = frozenset({"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"})
_DELTA_TYPES = {"int": "integer", "decimal(18,2)": "decimal(18,2)", "decimal(18,6)": "decimal(18,6)"}
_TARGET, _SOURCE = "t", "s"

Done = TypeVar("Done")


def ensure(folder: Path, table: Table) -> None:
    """See to it that the table is there with all its columns; what it has beyond them stays.

    Raises NeedsHuman (`warehouse_feature_unknown`, `warehouse_column_differs`).
    """
    place = str(folder / table.name)

    def made() -> None:
        try:
            found = DeltaTable(place)
        except TableNotFoundError:
            fields = [_field(column) for column in table.columns]
            DeltaTable.create(
                place, Schema(fields), mode="ignore", name=table.name, description=table.comment
            )
            return
        _check_features(table, found)
        there = {field.name.casefold(): field for field in found.schema().fields}
        for column in table.columns:
            known = there.get(column.name.casefold())
            if known is not None and _type_of(known) != _type_of(_field(column)):
                facts = {"table": table.name, "column": column.name, "type": _type_of(known)}
                raise NeedsHuman(Problem("warehouse_column_differs", facts, ("table", "column")))
        missing = [column for column in table.columns if column.name.casefold() not in there]
        if missing:
            # Rows of before have nothing in a new column, and a loader of before writes nothing there.
            found.alter.add_columns([_field(column, nullable=True) for column in missing])

    _retried(made)


def stage(place: Path, table: Table, rows: Sequence[Mapping[str, str | None]]) -> None:
    """Write a load's rows beside the tables as texts, in the place of what an earlier attempt left there."""
    names = [column.name for column in table.columns]
    columns: dict[str, Any] = {
        name: Array([row.get(name) for row in rows], DataType.string()) for name in names
    }
    data: Any = Arrow(columns)
    write_deltalake(str(place), data, mode="overwrite")


def merge(folder: Path, table: Table, staged: Path) -> None:
    """Bring staged rows into the table: new ones, and those whose content is newer; others stay untouched.

    Raises RetryLater where others go on writing at the same time.
    """
    casts = {column.name: _cast(column) for column in table.columns}
    key = " AND ".join(f"{_TARGET}.{name} = {_SOURCE}.{name}" for name in table.key)
    moment = f"to_timestamp_micros({_SOURCE}.{LOADED_AT})"
    newer = f"{_TARGET}.{HASH} <> {_SOURCE}.{HASH} AND {_TARGET}.{LOADED_AT} <= {moment}"

    def merged() -> None:
        # Held as a whole, the rows tell by their keys which files of the table cannot have any of them.
        rows = _query({_SOURCE: DeltaTable(str(staged))}, f"SELECT * FROM {_SOURCE}")  # noqa: S608
        (
            DeltaTable(str(folder / table.name))
            .merge(rows, key, source_alias=_SOURCE, target_alias=_TARGET, streamed_exec=False)
            .when_matched_update(casts, predicate=newer)
            .when_not_matched_insert(casts)
            .execute()
        )

    _retried(merged)


def found_again(folder: Path, table: Table, staged: Path) -> tuple[int, Decimal]:
    """How many staged rows are in the table, and what they come to there.

    A row that a newer load has written since counts as it was staged.
    """
    key = " AND ".join(f"{_TARGET}.{name} = {_SOURCE}.{name}" for name in table.key)
    moment = f"to_timestamp_micros({_SOURCE}.{LOADED_AT})"
    there = f"({_TARGET}.{HASH} = {_SOURCE}.{HASH} OR {_TARGET}.{LOADED_AT} > {moment})"
    amount = table.amount and (
        f"CASE WHEN {_TARGET}.{HASH} = {_SOURCE}.{HASH} THEN {_TARGET}.{table.amount} "
        f"ELSE CAST({_SOURCE}.{table.amount} AS DECIMAL(18,2)) END"
    )
    query = (
        f"SELECT CAST(count(*) AS VARCHAR) AS n, CAST(sum({amount or 0}) AS VARCHAR) AS a "  # noqa: S608
        f"FROM {_SOURCE} JOIN {_TARGET} ON {key} AND {there}"
    )
    tables = {_SOURCE: DeltaTable(str(staged)), _TARGET: DeltaTable(str(folder / table.name))}
    (row,) = _rows(_query(tables, query))
    return int(row["n"]), Decimal(row["a"] or 0) if table.amount else ZERO


def compact(folder: Path, table: Table) -> None:
    """Put many small files together; who is in the way of others leaves it for another time."""
    found = DeltaTable(str(folder / table.name))
    sizes = found.get_add_actions().column("size_bytes").to_pylist()
    if sum(size < _SMALL_FILE for size in sizes) < _MANY_FILES:
        return
    with suppress(DeltaError):
        found.optimize.compact(target_size=_PUT_TOGETHER)
        found.vacuum(dry_run=False)


def status(folder: Path, table: Table, deleted: str = "") -> TableStatus:
    """What the table holds; `deleted` is the column that marks rows as deleted."""
    found = DeltaTable(str(folder / table.name))
    gone = f"sum(CASE WHEN {deleted} THEN 1 ELSE 0 END)" if deleted else "0"
    query = f"SELECT CAST(count(*) AS VARCHAR) AS n, CAST({gone} AS VARCHAR) AS d FROM {_TARGET}"  # noqa: S608
    (row,) = _rows(_query({_TARGET: found}, query))
    return TableStatus(table.name, int(row["n"]), int(row["d"] or 0), found.version(), len(found.file_uris()))


def _check_features(table: Table, found: DeltaTable) -> None:
    """Refuse a table of which a reader might make something else than its writer meant."""
    unknown = sorted(set(found.protocol().reader_features or ()) - _UNDERSTOOD)
    if unknown:
        facts = {"table": table.name, "features": ", ".join(unknown)}
        raise NeedsHuman(Problem("warehouse_feature_unknown", facts, ("table",)))


def _retried(work: Callable[[], Done]) -> Done:
    """Do what others may be in the way of, again after short pauses that differ, so that nobody is lost."""
    pause = _FIRST_PAUSE
    for left in reversed(range(_TRIES)):
        try:
            return work()
        except DeltaProtocolError:
            raise
        except (CommitFailedError, DeltaError) as error:
            if not left:
                raise RetryLater(
                    f"the Delta table cannot be written at the moment: {error}", after=5.0
                ) from error
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - pauses only have to differ
            pause = min(2 * pause, _LONGEST_PAUSE)
    raise AssertionError("unreachable")


def _query(tables: Mapping[str, DeltaTable], query: str) -> Any:
    builder = QueryBuilder()
    for name, table in tables.items():
        builder = builder.register(name, table)
    return builder.execute(query).read_all()


def _rows(found: Any) -> list[dict[str, Any]]:
    names = found.column_names
    columns = [found[name].to_pylist() for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _field(column: Column, *, nullable: bool | None = None) -> Field:
    kind = PrimitiveType(_DELTA_TYPES.get(column.type, column.type))
    empty = not column.required if nullable is None else nullable
    return Field(column.name, kind, nullable=empty, metadata={"comment": column.comment})


def _type_of(field: Field) -> str:
    kind = field.type
    return kind.type if isinstance(kind, PrimitiveType) else str(kind)


def _cast(column: Column) -> str:
    value = f"{_SOURCE}.{column.name}"
    match column.type:
        case "string":
            return value
        case "timestamp":
            return f"to_timestamp_micros({value})"
        case kind:
            return f"CAST({value} AS {kind.replace('long', 'bigint').upper()})"
