from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HISTORY = [
    {"Date": "2026-03-03", "USD": "1.17", "RUB": "N/A", "": ""},
    {"Date": "2026-02-27", "USD": "1.19", "RUB": "N/A", "": ""},
    {"Date": "2026-02-02", "USD": "1.18", "RUB": "N/A", "": ""},
    {"Date": "2022-03-01", "USD": "1.11", "RUB": "117.2", "": ""},
    {"Date": "2021-12-31", "USD": "1.13", "RUB": "85.3", "": ""},
    {"Date": "2021-01-04", "USD": "1.22", "RUB": "90.3", "": ""},
    {"Date": "2015-12-31", "USD": "1.08", "RUB": "80.6", "": ""},
]


def test_the_page_for_reading_is_made_from_the_table() -> None:
    made = runpy.run_path(str(ROOT / "scripts/reference_rates.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run scripts/reference_rates.py"


def test_the_table_is_made_from_the_history_of_daily_rates() -> None:
    """By month, before 2022 by year; the last row of a currency ends with its last rate."""
    found = runpy.run_path(str(ROOT / "scripts/reference_rates.py"))["ranges"](HISTORY)
    assert [(one.currency, f"{one.first}", f"{one.last}", f"{one.low}", f"{one.high}") for one in found] == [
        ("RUB", "2021-01-01", "2021-12-31", "85.3", "90.3"),
        ("RUB", "2022-03-01", "2022-03-01", "117.2", "117.2"),
        ("USD", "2021-01-01", "2021-12-31", "1.13", "1.22"),
        ("USD", "2022-03-01", "2022-03-31", "1.11", "1.11"),
        ("USD", "2026-02-01", "2026-02-28", "1.18", "1.19"),
        ("USD", "2026-03-01", "2026-03-03", "1.17", "1.17"),
    ]
