"""Rows before they are staged: fit for their table without a change of what they say, or refused by name."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from mlconnector.errors import NeedsHuman
from mlconnector.model.money import ZERO
from mlconnector.model.problems import Problem
from mlconnector.systems.databricks.tables import DELETED, HASH, LOAD, LOADED_AT, Column, Table, tables
from mlconnector.systems.warehouse import Carried, OutgoingLoad, Row

REVISED_AT = "revised_at"
"""What a row may say beside its columns: of two with one key the later one counts."""

_DIGITS = 18
_BESIDE = frozenset({REVISED_AT})
Staged = dict[str, str | None]
"""A row as it is staged: every value is a text, and is cast where it is applied."""


def staged_rows(table: Table, load: OutgoingLoad) -> list[Staged]:
    """The rows that a load has for a table, one for each key, in the order of their keys.

    Raises NeedsHuman (`warehouse_row_refused`, `warehouse_key_twice`).
    """
    newest: dict[tuple[str | None, ...], tuple[datetime | None, Staged]] = {}
    for given in load.rows.get(table.name, ()):
        row, revised_at = _staged(table, given), given.get(REVISED_AT)
        key = tuple(row[name] for name in table.key)
        known = newest.get(key)
        if known is None or known[1] == row:
            newest[key] = (revised_at, row)
        elif revised_at is None or known[0] is None or revised_at == known[0]:
            facts = {"table": table.name, "record": _record(table, given)}
            raise NeedsHuman(Problem("warehouse_key_twice", facts, ("table",)), single=True)
        elif revised_at > known[0]:
            newest[key] = (revised_at, row)
    beside = {LOAD: load.id, LOADED_AT: _written(load.planned_at)}
    return [
        {**row, **beside, HASH: row_hash(row)}
        for _, (_, row) in sorted(newest.items(), key=lambda one: repr(one[0]))
    ]


def audit_row(load: OutgoingLoad, carried: Carried) -> Staged:
    """The row of a load in the audit."""
    row: Staged = {
        LOAD: load.id,
        "attempt": str(load.attempt),
        "kind": load.kind,
        "source": load.source,
        "source_sha256": load.content_sha256,
        "source_rows": str(carried.source_rows),
        "target_rows": str(carried.target_rows),
        "source_amount": f"{carried.source_amount:.2f}",
        "target_amount": f"{carried.target_amount:.2f}",
        "left_out_rows": str(load.left_out),
        "status": "verified" if carried.agrees else "differs",
    }
    return {**row, HASH: row_hash(row), LOADED_AT: _written(load.planned_at)}


def carried_of(rows: Mapping[str, Sequence[Staged]], found: Iterable[tuple[int, Decimal]]) -> Carried:
    """What was sent of each table, beside the rows and amounts that were found again."""
    counted = list(found)
    return Carried(
        source_rows=sum(len(staged) for staged in rows.values()),
        target_rows=sum(count for count, _ in counted),
        source_amount=sum((amount_of(tables()[name], staged) for name, staged in rows.items()), ZERO),
        target_amount=sum((amount for _, amount in counted), ZERO),
    )


def refusal(table: str, row: Row) -> Problem | None:
    """Why a table goes without a row (`warehouse_record_left_out`); None where it can take it."""
    try:
        _staged(tables()[table], row)
    except NeedsHuman as error:
        said = error.problem.facts
        facts = {"table": table, "record": said["record"], "column": said["column"]}
        return Problem(
            "warehouse_record_left_out",
            {**facts, "fault": said["fault"], "given": said["given"]},
            ("table", "column", "fault"),
        )
    return None


def row_hash(row: Mapping[str, str | None]) -> str:
    """What tells contents apart; empty columns leave no trace, so that a new one changes no row of before."""
    said = {name: value for name, value in row.items() if value is not None}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def amount_of(table: Table, rows: Iterable[Mapping[str, str | None]]) -> Decimal:
    """What rows come to in the column that loads of the table are verified by; zero where it has none."""
    if not table.amount:
        return ZERO
    return sum((Decimal(value) for row in rows if (value := row[table.amount]) is not None), ZERO)


def _staged(table: Table, given: Row) -> Staged:
    unknown = given.keys() - table.content_names - _BESIDE
    if unknown:
        raise ValueError(f"{table.name} has no column {', '.join(sorted(unknown))}")
    return {column.name: _value(table, column, given) for column in table.content}


def _value(table: Table, column: Column, given: Row) -> str | None:
    value = given.get(column.name, False if column.name == DELETED else None)
    if value is None:
        if column.required:
            raise _refused(table, column, given, "empty")
        return None
    if column.scale is not None:
        return _decimal(table, column, given, value)
    if column.type == "string":
        return _text(table, column, given, value)
    if not _FITS[column.type](value):
        raise _refused(table, column, given, "type")
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "int": lambda value: type(value) is int and abs(value) < 2**31,
    "long": lambda value: type(value) is int and abs(value) < 2**63,
    "boolean": lambda value: type(value) is bool,
    "date": lambda value: type(value) is date,
    "timestamp": lambda value: isinstance(value, datetime) and value.tzinfo is not None,
}


def _text(table: Table, column: Column, given: Row, value: object) -> str:
    if not isinstance(value, str):
        raise _refused(table, column, given, "type")
    if "\0" in value:
        raise _refused(table, column, given, "nul")
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _refused(table, column, given, "undecodable") from error
    return unicodedata.normalize("NFC", value)


def _decimal(table: Table, column: Column, given: Row, value: object) -> str:
    scale = column.scale or 0
    if not isinstance(value, Decimal) or not value.is_finite():
        raise _refused(table, column, given, "type")
    smallest, bound = _range(scale)
    if abs(value) >= bound:
        raise _refused(table, column, given, "too_large")
    fitted = value.quantize(smallest)
    if fitted != value:
        raise _refused(table, column, given, "places")
    # A negative zero is the same money, and another text.
    return f"{abs(fitted) if fitted == ZERO else fitted:f}"


@cache
def _range(scale: int) -> tuple[Decimal, Decimal]:
    """The smallest step of a column with so many places, and what it is too small for."""
    return Decimal(1).scaleb(-scale), Decimal(10) ** (_DIGITS - scale)


def _refused(table: Table, column: Column, given: Row, fault: str) -> NeedsHuman:
    value = given.get(column.name)
    shown = "" if value is None else (str(value) if isinstance(value, Decimal) else ascii(value))[:80]
    facts = {"table": table.name, "record": _record(table, given), "column": column.name}
    said = {**facts, "fault": fault, "given": shown}
    return NeedsHuman(Problem("warehouse_row_refused", said, ("table", "column", "fault")), single=True)


def _record(table: Table, given: Row) -> str:
    """What people find the row by: its key, and its number where it has one."""
    key = " ".join(str(given.get(name, "")) for name in table.key)
    number = given.get("document_number")
    return f"{key} ({number})" if number else key
