"""How much checking an EXTF file costs beside merely splitting it into cells, and how much memory it takes.

`python -m bench.extf_checking` prints seconds, rows per second and ratios of one run. The plain reader
splits lines that it knows to be right, so it is the least that any checker in Python has to do. Memory is
measured in a process of its own that reads the file from disk.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from mlconnector.flow.agree.check_settings import given, of_file
from mlconnector.formats.extf import ClientSettings, Header, check, write
from mlconnector.formats.extf.lines import Records, split_cells

ROWS = 99_999
FEW_ROWS = 10_000
_REPEATS = 3
_SEEDS = given("03", 4, 1)


def measure(rows: int = ROWS) -> dict[str, float]:
    """CPU seconds and ratios for the largest file that DATEV takes, and peak memory beside a small one."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "EXTF_large.csv", Path(folder) / "EXTF_small.csv"
        large.write_bytes(_file(rows))
        small.write_bytes(_file(FEW_ROWS))
        plain = _timed(lambda: _split(large))
        reading = _timed(lambda: _read(large))
        header_only = _timed(lambda: _checked(large, ClientSettings()))
        seeded = _timed(lambda: _checked(large, _SEEDS))
        memory = {path: _memory(path) for path in (small, large)}
        size = large.stat().st_size
    return {
        "rows": rows,
        "megabytes": round(size / 1e6, 1),
        "plain_split_seconds": round(plain, 2),
        "read_seconds": round(reading, 2),
        "check_seconds": round(header_only, 2),
        "check_with_accounts_seconds": round(seeded, 2),
        "check_rows_per_second": round(rows / seeded),
        "check_to_plain_split": round(seeded / plain, 1),
        "check_to_read": round(seeded / reading, 1),
        "peak_memory_mb_few_rows": round(memory[small], 1),
        "peak_memory_mb_all_rows": round(memory[large], 1),
        "bytes_a_row": round((memory[large] - memory[small]) * 2**20 / (rows - FEW_ROWS)),
    }


def _timed(run: Callable[[], int]) -> float:
    """The best of a few runs in CPU seconds, so that other work on the machine does not count."""
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def _split(path: Path) -> int:
    with path.open(encoding="utf-8-sig", newline="\r\n") as lines:
        return sum(len(line.split(";")) for line in lines)


def _read(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(len(split_cells(record.text) or ()) for record in Records(stream))


def _checked(path: Path, client: ClientSettings) -> int:
    with path.open("rb") as stream:
        found = list(check(stream, file_name=path.name, settings=of_file(stream, client)))
    if found:
        raise AssertionError(f"the file has findings: {found[:3]}")
    return 0


def _memory(path: Path) -> float:
    command = [sys.executable, "-m", "bench.extf_checking", str(path)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _peak_memory() -> float:
    """Highest resident memory of this process in MB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _file(rows: int) -> bytes:
    """Invoices with all kinds of companions, payments with Skonto, purchases, and split documents."""
    header = Header(
        created_at=datetime.fromisoformat("2026-07-31T12:00:00"),
        consultant=29098,
        client=55003,
        fiscal_year_start=date(2026, 1, 1),
        account_length=4,
        date_from=date(2026, 7, 1),
        date_to=date(2026, 7, 31),
        label="Juli 2026",
        chart="03",
    )
    made: list[dict[str, str]] = []
    number = 0
    while len(made) < rows:
        made += _document(number)
        number += 1
    return write(header, made[:rows]).content


def _document(number: int) -> list[dict[str, str]]:
    day = f"{1 + number % 28:02d}07"
    debtor = str(10_000 + number % 50_000)
    own = {"Belegdatum": day, "Belegfeld 1": f"RE-2026-{number:06d}", "Festschreibung": "0"}
    due = {"Fälligkeit": "31082026", "WKZ Umsatz": "EUR", "KOST1 - Kostenstelle": "100"}
    text = f"Rechnung {number} für Müller & Söhne"
    invoice = {**own, **due, **_booked("119,00", "S", debtor, "8400"), "Buchungstext": text}
    link = f'BEDI "{number:08X}-FBAA-4054-AF36-993D5D68F040"'
    paid = {**own, **_booked("116,62", "S", "1200", debtor), "Skonto": "2,38", "Belegdatum": "3107"}
    supplier = str(70_000 + number % 900)
    bought = {
        **own,
        **_booked("23,80", "H", supplier, "4980"),
        "BU-Schlüssel": "9",
        "Belegfeld 1": f"L{number}",
    }
    split = own | {"Belegfeld 1": f"AR-{number:06d}"}
    return [
        {**invoice, "Beleglink": link},
        paid,
        bought,
        {**split, **_booked("1190,00", "H", "8050", debtor), "BU-Schlüssel": "3"},
        {**split, **_booked("700,00", "S", "8050", "8060")},
        {**split, **_booked("300,00", "S", "8050", "8070")},
    ]


def _booked(amount: str, side: str, account: str, contra: str) -> dict[str, str]:
    return {
        "Umsatz (ohne Soll/Haben-Kz)": amount,
        "Soll/Haben-Kennzeichen": side,
        "Konto": account,
        "Gegenkonto (ohne BU-Schlüssel)": contra,
    }


def main(arguments: list[str]) -> None:
    """Measure everything, or with a file only the memory that checking it takes."""
    if arguments:
        _checked(Path(arguments[0]), _SEEDS)
        print(_peak_memory())
        return
    print(json.dumps(measure(), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
