from __future__ import annotations

import runpy
from pathlib import Path

from mlconnector.mapping.charts import tax_cases

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_for_reading_is_made_from_the_seeds() -> None:
    made = runpy.run_path(str(ROOT / "scripts/tax_cases.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["page"](), "run scripts/tax_cases.py"


def test_every_case_is_on_the_page_once() -> None:
    page = runpy.run_path(str(ROOT / "scripts/tax_cases.py"))["page"]()
    assert [name for name in tax_cases() if page.count(f"| `{name}`<br>") != 1] == []
