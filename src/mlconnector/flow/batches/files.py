"""Files: what all frozen files share: header, encoding, noted changes, and the row of their batch."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import date, datetime

from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.formats.extf import MASTER_DATA, Change, Encoding, Header, Period
from mlconnector.mapping.books import Books


def booking_header(settings: ConnectionSettings, period: Period, label: str, now: datetime) -> Header:
    """The header of a Buchungsstapel with one month of a connection's bookings."""
    books = settings.rules.books
    consultant, client = settings.client.split("-")
    return Header(
        created_at=now,
        consultant=int(consultant),
        client=int(client),
        fiscal_year_start=period.fiscal_year_start,
        account_length=books.account_length,
        version=books.format_version,
        date_from=period.date_from,
        date_to=period.date_to,
        label=label,
        festschreibung=books.festschreibung,
        chart=_chart_of(books),
    )


def master_data_header(settings: ConnectionSettings, fiscal_year_start: date, now: datetime) -> Header:
    """The header of a file of debtors and creditors; one fiscal year takes them for all."""
    books = settings.rules.books
    consultant, client = settings.client.split("-")
    return Header(
        category=MASTER_DATA,
        created_at=now,
        consultant=int(consultant),
        client=int(client),
        fiscal_year_start=fiscal_year_start,
        account_length=books.account_length,
        chart=_chart_of(books),
    )


def _chart_of(books: Books) -> str:
    """The chart as a header names it: `03` or `04`, nothing for a chart of the client's own."""
    return "" if books.chart == "own" else books.chart.removeprefix("SKR")


def encoding_of(books: Books) -> Encoding:
    """The encoding of the client's files; UTF-8 needs a byte order mark."""
    return "utf-8-bom" if books.encoding == "utf-8" else "windows-1252"


def noted_change(entry: str, change: Change) -> dict[str, str]:
    """A change as batches keep it; `entry` is the booking, or the number of the person account."""
    return {
        "entry": entry,
        "line": str(change.line or ""),
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "reason": change.reason,
    }


def frozen_batch(
    settings: ConnectionSettings,
    batch: uuid.UUID,
    *,
    period: str,
    data_format: str,
    file_name: str,
    content: bytes,
    rows: int,
    vouchers: int,
    changes: Sequence[dict[str, str]],
    now: datetime,
) -> dict[str, object]:
    """The row of a batch that was never sent, also where a dissolved one had the same id."""
    return {
        "id": str(batch),
        "connection": settings.name,
        "client": settings.client,
        "period": period,
        "format": data_format,
        "file_name": file_name,
        "content": content,
        "sha256": hashlib.sha256(content).hexdigest(),
        "rows": rows,
        "vouchers": vouchers,
        "changes": json.dumps(changes, ensure_ascii=False),
        "state": "frozen",
        "job_id": None,
        "polls": 0,
        "answer": "",
        "cause": "",
        "created_at": now,
        "changed_at": now,
    }
