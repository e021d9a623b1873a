"""The queries of the dashboard page: each answers what was worked out by hand, and has its picture."""

from __future__ import annotations

import re
import runpy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.standins.databricks.standin import DatabricksStandIn
from tests.docs.blocks import ROOT, blocks
from tests.systems.databricks.books import books
from tests.systems.databricks.conftest import CATALOG, SCHEMA, Opened, nothing

PAGE = ROOT / "docs/how-to/databricks-dashboard.md"
QUERIES = sorted((ROOT / "docs/how-to/dashboard").glob("*.sql"))
GIVEN = {"client": "all", "from_month": "2026-07", "to_month": "2026-08", "as_of": "2026-09-20"}
_PICTURE = re.compile(r"!\[([^\]]+)\]\(([^)]+)\)")

ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "completeness": [
        ("Musterholz", "2026-07", 4, 0, 7, 3),
        ("Musterholz", "2026-08", 0, 0, 4, 3),
        ("Musterholz", "no date", 1, 1, 0, 0),
        ("Zweitholz", "2026-07", 0, 0, 1, 1),
    ],
    "entities": [
        ("Musterholz", "2026-07", "EUR", Decimal(357), Decimal("59.50"), Decimal("297.50"), 1),
        ("Musterholz", "2026-08", "EUR", Decimal(111), Decimal("11.90"), Decimal("99.10"), 1),
        ("Zweitholz", "2026-07", "EUR", Decimal(500), Decimal(0), Decimal(500), 1),
    ],
    "load_reconciliation": [
        ("batch", 7, 0, 36, 36, 0, Decimal("672.10"), Decimal("672.10"), Decimal(0), 0),
    ],
    "open_items_by_age": [
        ("up to 30 days", "EUR", Decimal(100), 1, Decimal(0), 0, 0),
        # What is kept back is another account's, and its due date is not that of the invoice.
        ("31 to 60 days", "EUR", Decimal(0), 0, Decimal("55.00"), 1, 0),
        ("no due date", "EUR", Decimal(505), 2, Decimal("11.90"), 2, 1),
    ],
    "revenue_by_account": [
        ("Musterholz", "8400", "Erlöse 19 %", "2026-07", "EUR", Decimal(119), 1, 0),
        ("Musterholz", "8400", "Erlöse 19 %", "2026-08", "EUR", Decimal(100), 1, 0),
        ("Musterholz", "8401", "Erlöse Export", "2026-07", "EUR", Decimal(238), 1, 0),
        ("Musterholz", "9001", "Erlöse Messe", "2026-08", "EUR", Decimal(11), 1, 0),
        ("Zweitholz", "8400", None, "2026-07", "EUR", Decimal(500), 1, 0),
    ],
    "spend_by_cost_center": [
        ("Musterholz", "100", "2026-07", "EUR", Decimal("59.50"), Decimal(0), Decimal("59.50"), 0),
        ("Musterholz", "100", "2026-08", "EUR", Decimal(0), Decimal("59.50"), Decimal("-59.50"), 0),
        ("Musterholz", "200", "2026-08", "EUR", Decimal("11.90"), Decimal(0), Decimal("11.90"), 1),
    ],
    "tax_cases": [
        ("purchases", "key 94", "Musterholz", "EUR", Decimal("11.90"), 1, 0),
        ("sales", "eu_goods_vat_id", "Musterholz", "EUR", Decimal(11), 1, 0),
    ],
    "time_to_datev": [("2026-07", 1, 0, 1, 0, 0)],
    "top_suppliers": [("70001", "Musterholz", "70001", "EUR", Decimal("71.40"), 100, 4, 1)],
    "transfers": [
        ("Zweitholz", "2026-08", "bookings", 1, 1, 1, 0, 0, 0),
        ("Zweitholz", "2026-08", "master data", 1, None, 0, 0, 1, 0),
    ],
    "waiting": [
        ("number_missing", "pipedrive", 2, 1, 0, 1, 0),
        ("country_missing", "pipedrive", 1, 0, 0, 0, 1),
    ],
}


@pytest.fixture(scope="module")
def pictures() -> dict[str, Any]:
    """What the script that draws the pictures is made of."""
    return runpy.run_path(str(ROOT / "scripts/pictures.py"))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_a_query_answers_what_was_worked_out_by_hand(
    folder: Path, pictures: dict[str, Any], query: Path
) -> None:
    assert pictures["ask"](folder, query.read_text("utf-8"), GIVEN).rows == ANSWERS[query.stem]


@pytest.mark.xdist_group("databricks")
def test_a_workspace_answers_the_same_by_views_and_parameters(
    opened: Opened, workspace: DatabricksStandIn
) -> None:
    """What is shown is what is pasted there: over tables, views and parameters that the engine has itself."""
    warehouse = opened()
    for load in books():
        assert warehouse.load(load, nothing).agrees
    before = [f"USE CATALOG `{CATALOG}`", f"USE SCHEMA {SCHEMA}"]
    for query in QUERIES:
        text = "; ".join([*before, query.read_text("utf-8")])
        given = {name: value for name, value in GIVEN.items() if f":{name}" in text}
        found = workspace.sql(text, given)
        assert [typed(row, as_in) for row, as_in in zip(found, ANSWERS[query.stem], strict=True)] == ANSWERS[
            query.stem
        ], query.stem


def typed(row: list[str | None], as_in: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of strings, with numbers where another row has them."""
    return tuple(
        Decimal(cell) if cell is not None and isinstance(like, int | Decimal) else cell
        for cell, like in zip(row, as_in, strict=True)
    )


def test_a_client_is_picked(folder: Path, pictures: dict[str, Any]) -> None:
    query = (ROOT / "docs/how-to/dashboard/revenue_by_account.sql").read_text("utf-8")
    found = pictures["ask"](folder, query, {**GIVEN, "client": "29098-55004"})
    assert found.column("entity") == ["Zweitholz"]


def test_the_page_shows_exactly_the_queries() -> None:
    assert blocks(PAGE) == {str(query.relative_to(ROOT)): query.read_text("utf-8") for query in QUERIES}


def test_every_query_has_its_picture_with_words_for_who_cannot_see_it(pictures: dict[str, Any]) -> None:
    shown = {file: words for words, file in _PICTURE.findall(PAGE.read_text("utf-8"))}
    assert set(shown) == {f"dashboard/{query.stem}.svg" for query in QUERIES}
    assert {query.stem for query in QUERIES} == set(pictures["CHARTS"])
    for file, words in shown.items():
        assert len(words.split()) > 5, file
        assert "<svg" in (PAGE.parent / file).read_text("utf-8")


def test_the_same_answer_gives_the_same_picture(tmp_path: Path, pictures: dict[str, Any]) -> None:
    rows = [("2026-07", Decimal("1234.50")), ("2026-08", Decimal("-12.00"))]
    answer = pictures["Answer"](("month", "gross_amount"), rows)
    chart = pictures["Chart"]("Spend", "EUR", ("month",), ("gross_amount",))
    for name in ("one", "two"):
        pictures["drawn"](answer, chart, tmp_path / f"{name}.svg")
    drawn = (tmp_path / "one.svg").read_text("utf-8")
    assert drawn == (tmp_path / "two.svg").read_text("utf-8")
    assert all(said in drawn for said in ("Spend", "EUR", "2026-08", "1,234.50", "-12.00"))
