"""How much loads into Delta tables cost beside bare delta-rs writing the same rows, and how much memory.

`python -m bench.table_loading` prints rows per second, ratios and peak memory of one run. The bare writer
appends columns that are typed already, without keys, hashes, reading back or an audit, so it is the least
that anything has to do that puts these rows into a Delta table. Each size is measured in its own process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from mlconnector.systems.databricks import delta
from mlconnector.systems.databricks.embedded import EmbeddedWarehouse
from mlconnector.systems.databricks.tables import tables
from mlconnector.systems.warehouse import OutgoingLoad, Row

SIZES = (100_000, 300_000, 1_000_000)
BATCH = 20_000
"""Rows of one batch; a batch of ours has some 5,000 bookings of up to four rows, an EXTF file 99,999 rows."""

_LINES = "booking_lines"
_FIRST_DAY = date(2026, 1, 1)
_PLANNED = datetime(2026, 7, 1, 12, tzinfo=UTC)


def measure(sizes: Sequence[int] = SIZES, batch: int = BATCH) -> dict[str, float]:
    """Rows per second of both for the first size, their ratio, and the peak memory of each size in MB."""
    found: dict[str, float] = {"rows_a_load": batch}
    for rows in sizes:
        ours, bare = (_measured(way, rows, batch) for way in ("ours", "bare"))
        found |= {
            f"rows_per_second_{rows}": round(rows / ours["seconds"]),
            f"bare_rows_per_second_{rows}": round(rows / bare["seconds"]),
            f"seconds_to_bare_{rows}": round(ours["seconds"] / bare["seconds"], 1),
            f"peak_memory_mb_{rows}": round(ours["peak_memory_mb"]),
            f"bare_peak_memory_mb_{rows}": round(bare["peak_memory_mb"]),
        }
    return found


def _measured(way: str, rows: int, batch: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.table_loading", way, str(rows), str(batch)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise RuntimeError(finished.stderr[-4000:])
    return dict(json.loads(finished.stdout.splitlines()[-1]))


def run(way: str, rows: int, batch: int) -> dict[str, float]:
    """Write so many rows one way, batch after batch, and measure this process; making them does not count."""
    with tempfile.TemporaryDirectory() as folder:
        carry = {"ours": _loaded, "bare": _appended}[way]
        seconds = 0.0
        for number in range((rows + batch - 1) // batch):
            lines = list(_lines(number, min(batch, rows - number * batch)))
            started = time.perf_counter()
            carry(Path(folder), number, lines)
            seconds += time.perf_counter() - started
        there = DeltaTable(str(Path(folder) / _LINES)).count()
    if there != rows:
        raise AssertionError(f"{there} rows are there, {rows} were loaded")
    return {"seconds": seconds, "peak_memory_mb": _peak_memory()}


def _loaded(folder: Path, number: int, lines: list[Row]) -> None:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    moment = _PLANNED + timedelta(seconds=number)
    load = OutgoingLoad(digest, 1, "batch", f"b{number}", digest, moment, {_LINES: lines})
    if not EmbeddedWarehouse(folder).load(load, lambda _state: None).agrees:
        raise AssertionError("a load differs")


def _appended(folder: Path, number: int, lines: list[Row]) -> None:
    table = tables()[_LINES]
    beside = {
        "row_hash": "0" * 64,
        "load_id": str(number),
        "loaded_at": _PLANNED,
        "is_deleted": False,
    }
    if number == 0:
        delta.ensure(folder, table)
    schema = DeltaTable(str(folder / _LINES)).schema().to_arrow()
    columns = {
        name: pa.array(
            [line.get(name, beside.get(name)) for line in lines], pa.field(schema.field(name)).type
        )
        for name in schema.names
    }
    write_deltalake(str(folder / _LINES), pa.table(columns), mode="append")


def _lines(number: int, count: int) -> Iterator[Row]:
    """Invoices of a batch as they are read back out of a file."""
    batch = hashlib.sha256(f"batch {number}".encode()).hexdigest()[:32]
    for line in range(1, count + 1):
        day = _FIRST_DAY + timedelta(days=(number * 7 + line) % 365)
        amount = Decimal(line * 119 + number) / 100
        yield {
            "line_id": f"{batch}-{line}",
            "batch_id": batch,
            "line_no": line,
            "client_id": "29098-55003",
            "entity_id": "29098-55003",
            "booking_date": day,
            "period": f"{day:%Y-%m}",
            "amount": amount,
            "debit_credit": "S",
            "is_reversal": False,
            "currency": "EUR",
            "base_amount": amount,
            "base_currency": "EUR",
            "account": str(10_000 + line % 900),
            "contra_account": "8400",
            "account_kind": "debtor",
            "contra_kind": "sale",
            "cost_center": "100",
            "document_number": f"RE-2026-{number}-{line}",
            "booking_text": f"Rechnung {line} für Müller & Söhne",
            "due_date": day + timedelta(days=14),
        }


def _peak_memory() -> float:
    """Highest resident memory of this process in MB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.table_loading")
    parser.add_argument("way", nargs="?", choices=["ours", "bare"])
    parser.add_argument("rows", nargs="?", type=int, default=SIZES[0])
    parser.add_argument("batch", nargs="?", type=int, default=BATCH)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(run(given.way, given.rows, given.batch)))
    else:
        for name, value in measure().items():
            print(f"{name:32} {value:>12,}")
