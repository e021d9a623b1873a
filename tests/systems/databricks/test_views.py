"""The views, asked by DuckDB over the Delta tables, answer what was worked out by hand."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconnector.systems.warehouse import Row
from tests.systems.databricks.tables import carry, line, load_of, queried


def purchase(number: int, gross: str, cost_center: str, **more: object) -> Row:
    """A supplier's invoice: the creditor is credited, the expense debited."""
    accounts = {
        "account": "70001",
        "account_kind": "creditor",
        "contra_account": "4980",
        "contra_kind": "expense",
    }
    return line(number, str(-Decimal(gross)), cost_center=cost_center, **{**accounts, **more})


def paid(number: int, amount: str, document: str, discount: str | None = None, **more: Any) -> Row:
    """Money that came in from a debtor: the debtor is credited, the bank debited."""
    beside = None if discount is None else Decimal(f"-{discount}")
    bank = {"contra_account": "1200", "contra_kind": "finance"}
    return line(number, f"-{amount}", document_number=document, discount=beside, **bank, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The books of two entities: sales, purchases with cost centres, payments, documents."""
    made = tmp_path_factory.mktemp("delta")
    other = {"client_id": "29098-55004", "entity_id": "Zweitholz", "batch_id": "b2"}
    august: dict[str, Any] = {"booking_date": date(2026, 8, 3), "period": "2026-08"}
    lines = [
        line(1, "119.00", document_number="RE-1", document_id="d1"),
        line(2, "238.00", document_number="RE-2", document_id="d2", contra_account="8401"),
        line(3, "100.00", document_number="RE-3", **august),
        paid(4, "119.00", "RE-1"),
        paid(5, "230.00", "RE-2", discount="8.00"),
        purchase(6, "59.50", "100", document_number="ER-1", document_id="d4"),
        purchase(7, "40.50", "100", document_number="ER-2", document_id="d9"),
        purchase(8, "11.90", "200", document_number="ER-3", document_id="d4", **august),
        # Taken back: the expense is credited again.
        purchase(9, "-40.50", "100", document_number="ER-2", document_id="d9"),
        line(10, "5.00", contra_account="9999", contra_kind=None, document_number="RE-9"),
        # The client's own chart knows this account, the ranges of the standard charts do not.
        line(11, "11.00", contra_account="9001", contra_kind=None, document_number="RE-10", **august),
        paid(12, "11.00", "RE-10", **august),
        # Foreign money of which nobody has said what it is in euros.
        purchase(13, "70.00", "200", currency="USD", base_amount=None, document_number="ER-4", **august),
        line(1, "500.00", document_number="RE-1", **other),
        line(2, "77.00", document_number="RE-7", is_deleted=True, **other),
    ]
    documents = [
        _document(f"d{n}", voucher) for n, voucher in ((1, "v1"), (2, "v2"), (3, "v2"), (4, "v4"), (5, "v5"))
    ]
    batch = {
        "batch_id": "b2",
        "client_id": "29098-55004",
        "entity_id": "Zweitholz",
        "origin": "own",
        "format": "extf",
        "file_name": "EXTF_b2.csv",
        "is_statistical": False,
        "line_count": 1,
        "total_debit": Decimal(500),
        "total_credit": Decimal(0),
        "content_sha256": "x",
        "status": "succeeded",
    }
    account = {
        "client_id": "29098-55003",
        "entity_id": "Musterholz",
        "account": "8400",
        "name": "Erlöse 19 %",
    }
    own = {**account, "account": "9001", "name": "Erlöse Messe", "account_kind": "sale", "origin": "chart"}
    gone = {**own, "account": "9999", "is_deleted": True}
    carry(
        made,
        load_of(*lines),
        load_of(*documents, table="documents"),
        load_of(batch, table="batches"),
        load_of({**account, "origin": "seed"}, own, gone, table="accounts"),
    )
    return made


def _document(guid: str, voucher: str) -> Row:
    where = {"client_id": "29098-55003", "entity_id": "Musterholz"}
    return {
        "document_id": guid,
        "voucher_id": voucher,
        "file_name": f"{guid}.pdf",
        "sha256": "x",
        "status": "filed",
        **where,
    }


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
        ("Musterholz", "8401", None, "2026-07", Decimal(238)),
        ("Musterholz", "9001", "Erlöse Messe", "2026-08", Decimal(11)),
        ("Zweitholz", "8400", None, "2026-07", Decimal(500)),
    ]


def test_open_items_know_payments_and_skonto(folder: Path) -> None:
    query = "SELECT entity_id, account, document_number, open_amount FROM v_open_items ORDER BY ALL"
    assert queried(folder, query) == [
        ("Musterholz", "10001", "RE-3", Decimal(100)),
        ("Musterholz", "10001", "RE-9", Decimal(5)),
        ("Musterholz", "70001", "ER-1", Decimal("-59.50")),
        ("Musterholz", "70001", "ER-3", Decimal("-11.90")),
        ("Musterholz", "70001", "ER-4", None),
        ("Zweitholz", "10001", "RE-1", Decimal(500)),
    ]


def test_documents_without_booking(folder: Path) -> None:
    """The second file of a voucher belongs to the booking of the first."""
    assert queried(folder, "SELECT document_id FROM v_documents_without_booking") == [("d5",)]


def test_bookings_without_document(folder: Path) -> None:
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
    query = "SELECT account, amount, line_count FROM v_unclassified_accounts"
    assert queried(folder, query) == [("9999", Decimal(-5), 1)]
