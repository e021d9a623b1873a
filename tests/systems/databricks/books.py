"""The books that views and the queries of dashboards are asked over; every answer was worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from mlconnector.systems.warehouse import OutgoingLoad, Row
from tests.systems.databricks.tables import line, load_of

_MUSTERHOLZ = {"client_id": "29098-55003", "entity_id": "Musterholz"}


def purchase(number: int, gross: str, cost_center: str | None, **more: object) -> Row:
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


def books() -> list[OutgoingLoad]:
    """The books of two entities: sales, purchases with cost centres, payments, documents, vouchers, jobs."""
    other = {"client_id": "29098-55004", "entity_id": "Zweitholz", "batch_id": "b2"}
    august: dict[str, Any] = {"booking_date": date(2026, 8, 3), "period": "2026-08"}
    linked: dict[str, Any] = {"document_id": "d4"}
    kept_back: dict[str, Any] = {"contra_account": "1700", "contra_kind": None, "due_date": date(2031, 7, 31)}
    exchange: dict[str, Any] = {"contra_kind": None, "voucher_kind": "payment"}
    lines = [
        line(1, "119.00", document_number="RE-1", document_id="d1"),
        line(2, "238.00", document_number="RE-2", document_id="d2", contra_account="8401"),
        line(3, "100.00", document_number="RE-3", due_date=date(2026, 9, 2), **august),
        paid(4, "119.00", "RE-1"),
        paid(5, "230.00", "RE-2", discount="8.00"),
        purchase(
            6, "59.50", "100", document_number="ER-1", tax_code="9", due_date=date(2026, 8, 14), **linked
        ),
        purchase(7, "40.50", "100", document_number="ER-2", document_id="d9"),
        purchase(8, "11.90", "200", document_number="ER-3", tax_code="94", **linked, **august),
        # Taken back: the expense is credited again.
        purchase(9, "-40.50", "100", document_number="ER-2", document_id="d9"),
        line(10, "5.00", contra_account="9999", contra_kind=None, document_number="RE-9"),
        # The client's own chart knows this account, the ranges of the standard charts do not.
        line(11, "11.00", contra_account="9001", contra_kind=None, document_number="RE-10", **august),
        paid(12, "11.00", "RE-10", **august),
        # Foreign money of which nobody has said what it is in euros.
        purchase(13, "70.00", "200", currency="USD", base_amount=None, document_number="ER-4", **august),
        # Kept back of ER-1 as a security: another account, due in five years.
        purchase(14, "-4.50", None, document_number="ER-1", **kept_back, **linked),
        # What money is worth more or less than when it was owed: no kind of account, and never a document.
        line(15, "0.80", document_number="RE-2", contra_account="2660", **exchange),
        line(16, "-0.80", document_number="RE-2", contra_account="2150", **exchange),
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
        "changed_at": datetime(2026, 8, 5, 12, tzinfo=UTC),
    }
    account = {
        "client_id": "29098-55003",
        "entity_id": "Musterholz",
        "account": "8400",
        "name": "Erlöse 19 %",
        "tax_case": "domestic_19",
    }
    own = {
        **account,
        "account": "9001",
        "name": "Erlöse Messe",
        "tax_case": "eu_goods_vat_id",
        "account_kind": "sale",
        "origin": "chart",
    }
    gone = {**own, "account": "9999", "is_deleted": True}
    return [
        load_of(*lines),
        load_of(*documents, table="documents"),
        load_of(batch, table="batches"),
        load_of({**account, "origin": "seed"}, own, gone, table="accounts"),
        load_of(
            {**_MUSTERHOLZ, "account": "8401", "name": "Erlöse Export"},
            {**_MUSTERHOLZ, "account": "9001", "name": "Alter Name"},
            table="account_labels",
        ),
        load_of(
            _voucher("v1", "settled", date(2026, 7, 15), gross_amount=Decimal(119)),
            _voucher("w1", "needs_human", date(2026, 9, 1), reason="number_missing"),
            _voucher("w2", "needs_human", date(2026, 6, 1), reason="number_missing"),
            _voucher("w3", "rejected", None, reason="country_missing"),
            _voucher("w4", "needs_human", None, reason="country_missing", is_deleted=True),
            table="vouchers",
        ),
        load_of(_job("j1", "b2", "extf", "succeeded"), _job("j2", "b3", "master", "failed"), table="jobs"),
    ]


def _document(guid: str, voucher: str) -> Row:
    return {
        "document_id": guid,
        "voucher_id": voucher,
        "file_name": f"{guid}.pdf",
        "sha256": "x",
        "status": "filed",
        "document_date": None if guid == "d5" else date(2026, 7, 15),
        **_MUSTERHOLZ,
    }


def _voucher(key: str, status: str, day: date | None, **more: Any) -> Row:
    return {
        "voucher_id": key,
        "connection": "shop",
        "source": "pipedrive",
        "kind": "invoice",
        "external_id": key,
        "document_date": day,
        "status": status,
        "revision": "x",
        **_MUSTERHOLZ,
        **more,
    }


def _job(job: str, batch: str, kind: str, result: str) -> Row:
    return {
        "job_id": job,
        "batch_id": batch,
        "client_id": "29098-55004",
        "entity_id": "Zweitholz",
        "kind": kind,
        "result": result,
        "submitted_at": datetime(2026, 8, 5, 11, tzinfo=UTC),
    }
