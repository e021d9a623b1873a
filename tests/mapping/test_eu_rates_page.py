from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_for_reading_is_made_from_the_table() -> None:
    made = runpy.run_path(str(ROOT / "scripts/eu_rates.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run scripts/eu_rates.py"
