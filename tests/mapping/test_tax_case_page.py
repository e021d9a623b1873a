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


def test_the_page_shows_where_each_case_is_declared_and_its_legal_basis() -> None:
    page = runpy.run_path(str(ROOT / "scripts/tax_cases.py"))["page"]()
    rows = {
        name: [cell.strip() for cell in row.split("|")]
        for name in tax_cases()
        for row in page.splitlines()
        if row.startswith(f"| `{name}`<br>")
    }
    assert rows["domestic_0"][7:9] == ["87", "supply"]
    assert rows["acquisition_19"][7:10] == ["89, 61", "invoice", "3748, 5748"]
    assert rows["no_deduction_19"][7] == "none"
    assert [name for name, case in tax_cases().items() if rows[name][-2] != case.source] == []
