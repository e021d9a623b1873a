"""The views, asked by DuckDB over the Delta tables, answer what was worked out by hand."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.systems.databricks.tables import queried


def test_spend_by_cost_centre_entity_and_month(folder: Path) -> None:
    columns = "entity_id, cost_center, period, gross_amount, line_count"
    query = f"SELECT {columns} FROM v_spend_by_cost_center_month ORDER BY ALL"
    assert queried(folder, query) == [
        ("Musterholz", "100", "2026-07", Decimal("59.50"), 3),
        ("Musterholz", "200", "2026-08", Decimal("11.90"), 2),
    ]
    query = "SELECT cost_center, period FROM v_spend_by_cost_center_month WHERE lines_without_amount > 0"
    assert queried(folder, query) == [("200", "2026-08")]


def test_revenue_by_account(folder: Path) -> None:
    columns = "entity_id, account, account_name, period, gross_amount"
    query = f"SELECT {columns} FROM v_revenue_by_account_month ORDER BY ALL"
    assert queried(folder, query) == [
        ("Musterholz", "8400", "Erlöse 19 %", "2026-07", Decimal(119)),
        ("Musterholz", "8400", "Erlöse 19 %", "2026-08", Decimal(100)),
        ("Musterholz", "8401", "Erlöse Export", "2026-07", Decimal(238)),
        ("Musterholz", "9001", "Erlöse Messe", "2026-08", Decimal(11)),
        ("Zweitholz", "8400", None, "2026-07", Decimal(500)),
    ]


def test_an_account_has_the_name_of_the_chart_before_that_of_a_list(folder: Path) -> None:
    assert queried(folder, "SELECT account, name, account_kind FROM v_accounts ORDER BY ALL") == [
        ("8400", "Erlöse 19 %", None),
        ("8401", "Erlöse Export", None),
        ("9001", "Erlöse Messe", "sale"),
    ]


def test_open_items_know_payments_and_skonto(folder: Path) -> None:
    query = "SELECT entity_id, account, document_number, open_amount FROM v_open_items ORDER BY ALL"
    assert queried(folder, query) == [
        ("Musterholz", "10001", "RE-3", Decimal(100)),
        ("Musterholz", "10001", "RE-9", Decimal(5)),
        ("Musterholz", "70001", "ER-1", Decimal("-55.00")),
        ("Musterholz", "70001", "ER-3", Decimal("-11.90")),
        ("Musterholz", "70001", "ER-4", None),
        ("Zweitholz", "10001", "RE-1", Decimal(500)),
    ]


def test_an_item_is_due_when_the_invoice_is_and_not_what_is_kept_back_of_it(folder: Path) -> None:
    query = "SELECT document_number, due_date FROM v_open_items WHERE due_date IS NOT NULL ORDER BY ALL"
    assert queried(folder, query) == [("ER-1", date(2026, 8, 14)), ("RE-3", date(2026, 9, 2))]


def test_documents_without_booking(folder: Path) -> None:
    """The second file of a voucher belongs to the booking of the first."""
    assert queried(folder, "SELECT document_id FROM v_documents_without_booking") == [("d5",)]


def test_bookings_without_document_are_none_of_payments(folder: Path) -> None:
    """Exchange differences are left out; of what else has no kind of account, nobody knows what it is."""
    query = "SELECT line_id, contra_account, contra_kind FROM v_bookings_without_document ORDER BY line_id"
    assert ("b1-10", "9999", None) in queried(folder, query)
    query = "SELECT client_id, line_id FROM v_bookings_without_document ORDER BY line_id"
    assert queried(folder, query) == [
        ("29098-55003", "b1-10"),
        ("29098-55003", "b1-11"),
        ("29098-55003", "b1-13"),
        ("29098-55003", "b1-3"),
        ("29098-55003", "b1-7"),
        ("29098-55003", "b1-9"),
        ("29098-55004", "b2-1"),
    ]


def test_every_load_and_every_batch_is_reconciled(folder: Path) -> None:
    wrong = "rows_off <> 0 OR amount_off <> 0 OR status <> 'verified'"
    off = f"SELECT count(*) FROM v_load_reconciliation WHERE {wrong}"
    assert queried(folder, off) == [(0,)]
    columns = "batch_id, line_count, loaded_lines, total_debit, loaded_debit, loaded_credit"
    query = f"SELECT {columns} FROM v_batch_reconciliation"
    assert queried(folder, query) == [("b2", 1, 1, Decimal(500), Decimal(500), Decimal(0))]


def test_entities_side_by_side(folder: Path) -> None:
    query = (
        "SELECT entity_id, period, revenue, spend, receivables_moved FROM v_entities_by_month ORDER BY ALL"
    )
    assert queried(folder, query) == [
        ("Musterholz", "2026-07", Decimal(357), Decimal("59.50"), Decimal(5)),
        ("Musterholz", "2026-08", Decimal(111), Decimal("11.90"), Decimal(100)),
        ("Zweitholz", "2026-07", Decimal(500), Decimal(0), Decimal(500)),
    ]


def test_a_row_moves_two_accounts_and_skonto_the_person_alone(folder: Path) -> None:
    query = "SELECT account, kind, other_account, amount FROM v_account_movements WHERE line_id = 'b1-5'"
    assert queried(folder, f"{query} ORDER BY account") == [
        ("10001", "debtor", "1200", Decimal(-238)),
        ("1200", "finance", "10001", Decimal(230)),
    ]


def test_every_view_is_asked_here(folder: Path) -> None:
    """A view that nobody worked out by hand is a number that nobody has seen to be right."""
    asked = Path(__file__).read_text("utf-8")
    for view in (folder / "views").glob("*.sql"):
        (name,) = re.findall(r"VIEW (\w+)", view.read_text("utf-8"))
        assert f"FROM {name}" in asked


def test_what_no_view_counts_is_named(folder: Path) -> None:
    query = "SELECT account, amount, line_count FROM v_unclassified_accounts ORDER BY account"
    assert queried(folder, query) == [
        ("1700", Decimal("-4.50"), 1),
        ("2150", Decimal("0.80"), 1),
        ("2660", Decimal("-0.80"), 1),
        ("9999", Decimal(-5), 1),
    ]
