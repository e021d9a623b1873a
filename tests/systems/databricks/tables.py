"""Delta tables looked at with engines that nobody here wrote: DuckDB by its Delta extension, and Polars."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import polars as pl

from mlconnector.systems.databricks import tables as described
from mlconnector.systems.databricks.embedded import EmbeddedWarehouse
from mlconnector.systems.warehouse import Carried, OutgoingLoad, Row

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
_EXTENSION = Path(duckdb_extension_delta.__file__).parent / "extensions/v1.5.5/delta.duckdb_extension"


def line(number: int, amount: str = "119.00", **more: Any) -> Row:
    """A row of bookings: a debtor's invoice, unless it says otherwise."""
    batch = more.get("batch_id", "b1")
    return {
        "line_id": f"{batch}-{number}",
        "batch_id": batch,
        "line_no": number,
        "client_id": "29098-55003",
        "entity_id": "Musterholz",
        "booking_date": date(2026, 7, 15),
        "period": "2026-07",
        "amount": Decimal(amount),
        "debit_credit": "H" if amount.startswith("-") else "S",
        "is_reversal": False,
        "currency": "EUR",
        "base_amount": Decimal(amount),
        "base_currency": "EUR",
        "account": "10001",
        "contra_account": "8400",
        "account_kind": "debtor",
        "contra_kind": "sale",
        **more,
    }


def load_of(*lines: Row, after: int = 0, table: str = "booking_lines", load_id: str = "") -> OutgoingLoad:
    """A load of rows of one table, planned so many minutes after noon."""
    moment = NOON + timedelta(minutes=after)
    found = load_id or hashlib.sha256(repr(lines).encode("utf-8", "replace")).hexdigest()
    return OutgoingLoad(found, 1, "batch", "b1", "c" * 64, moment, {table: lines})


def carry(folder: Path, *loads: OutgoingLoad) -> list[Carried]:
    """Carry loads one after the other, each by a process of its own."""
    return [EmbeddedWarehouse(folder).load(load, lambda _state: None) for load in loads]


def rows_of(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table as Polars reads them, by their keys."""
    found = pl.read_delta(str(folder / table))
    return found.sort(*described.tables()[table].key).to_dicts()


def queried(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers, with the tables and the product's own views."""
    views = [view.read_text("utf-8") for view in sorted((folder / "views").glob("*.sql"))]
    return queried_in({name: folder / name for name in described.tables()}, query, views)


def queried_in(tables: Mapping[str, Path], query: str, views: Iterable[str] = ()) -> list[tuple[Any, ...]]:
    """What DuckDB answers, with the tables that lie in these folders."""
    connection = duckdb.connect(config={"allow_unsigned_extensions": True})
    connection.execute(f"LOAD '{_EXTENSION}'")
    for name, folder in tables.items():
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM delta_scan('{folder}')")
    for view in views:
        connection.execute(view)
    return connection.execute(query).fetchall()
