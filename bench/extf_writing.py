"""How much the checking writer of EXTF costs beside plain string joins, measured in one run.

`python bench/extf_writing.py` prints rows per second and ratios. The plain writer joins cells that are
already formatted, quoted and known to be right, so it is the least that any writer in Python can do.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from mlconnector.formats.extf import Header, booking_rows, check, read, write
from mlconnector.model.entries import Entry, EntryLine

T = TypeVar("T")
ROWS = 50_000
_REPEATS = 3


def measure(rows: int = ROWS) -> dict[str, float]:
    """CPU seconds and ratios: writing with every value checked, and with all rules checked afterwards."""
    header, bookings = _header(), [_entry(number) for number in range(rows)]
    making, booked = _timed(
        lambda: [booking_rows(entry, account_length=4, festschreibung=False).rows[0] for entry in bookings]
    )
    writing, written = _timed(lambda: write(header, booked))
    cells = _cells(written.content)
    joining, joined = _timed(lambda: _plainly_joined(cells))
    if joined != written.content:
        raise AssertionError("both writers must give the same bytes")
    checking, findings = _timed(lambda: list(check(written.content)))
    if findings:
        raise AssertionError(f"the written file has findings: {findings[:3]}")
    return {
        "rows": rows,
        "megabytes": round(len(written.content) / 1e6, 1),
        "plain_join_rows_per_second": round(rows / joining),
        "booking_rows_per_second": round(rows / making),
        "write_rows_per_second": round(rows / writing),
        "check_rows_per_second": round(rows / checking),
        "write_to_plain_join": round(writing / joining, 2),
        "write_and_check_to_plain_join": round((writing + checking) / joining, 2),
    }


def _timed(run: Callable[[], T]) -> tuple[float, T]:
    """The best of a few runs in CPU seconds, so that other work on the machine does not count."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.process_time()
        result = run()
        best = min(best, time.process_time() - start)
    return best, result


def _plainly_joined(cells: list[tuple[str, ...]]) -> bytes:
    lines = [";".join(line) for line in cells]
    lines.append("")
    return "\r\n".join(lines).encode("utf-8-sig")


def _cells(content: bytes) -> list[tuple[str, ...]]:
    file = read(content)
    headings = tuple(file.preamble.headings)
    return [file.preamble.header_cells, headings, *(row.cells for row in file.rows)]


def _header() -> Header:
    return Header(
        created_at=datetime.fromisoformat("2026-07-31T12:00:00"),
        consultant=29098,
        client=55003,
        fiscal_year_start=date(2026, 1, 1),
        account_length=4,
        date_from=date(2026, 7, 1),
        date_to=date(2026, 7, 31),
        label="Juli 2026",
    )


def _entry(number: int) -> Entry:
    return Entry(
        voucher=f"invoice/{number}",
        revision="1",
        kind="original",
        turn=1,
        document_date=date(2026, 7, 1 + number % 31),
        number=f"RE-2026-{number:06d}",
        currency="EUR",
        due_date=date(2026, 8, 1 + number % 31),
        document=uuid.UUID(int=number),
        lines=(
            EntryLine(
                account=str(10_000 + number % 900),
                contra_account="8400",
                amount=Decimal(11_900 + number) / 100,
                tax_case="sale",
                tax_rate=Decimal(19),
                text=f"Rechnung {number} für Müller & Söhne",
                cost_centre_1="100",
            ),
        ),
    )


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:32} {value:>12,}")
