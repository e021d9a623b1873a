"""A batch as rows: the batch itself, its job, and its lines as they were read back out of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlconnector.flow.warehouse.dxso_lines import foreign_package, own_package
from mlconnector.flow.warehouse.extf_lines import extf_file
from mlconnector.flow.warehouse.read_file import ReadFile, Unreadable
from mlconnector.flow.warehouse.voucher_kinds import voucher_kinds
from mlconnector.model.entries import Entry
from mlconnector.store.batches import ARRIVED, FINAL, NOT_TAKEN, BatchRow
from mlconnector.systems.warehouse import Row

_ZIP = b"PK"
_RESULTS: Mapping[str, str] = {"succeeded": "succeeded", "partial": "partial", "failed": "failed"}


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a batch was handed over, and when first."""

    count: int
    first: datetime | None


def read_own(row: BatchRow, content: bytes, chart: str) -> ReadFile:
    """What a frozen batch says; `chart` is that of its client, `03` or `04`. Raises Unreadable."""
    return own_package(content, chart) if row.format == "dxso" else extf_file(content)


def read_foreign(content: bytes) -> ReadFile:
    """What a file of other software says: an EXTF file, or a package with its management file.

    Raises Unreadable.
    """
    return foreign_package(content) if content.startswith(_ZIP) else extf_file(content)


def own_batch(
    row: BatchRow,
    read: ReadFile,
    attempts: Attempts,
    entity: str,
    standing: Collection[str] | None,
    booked: Sequence[Entry] = (),
) -> dict[str, list[Row]]:
    """The rows of one of our batches by table; `booked` are its bookings.

    Only what DATEV has is in the lines; those of a batch that it did not take are marked as deleted, and so
    are those of a partial one whose bookings are not among the `standing` ones, which are all for None.
    """
    if read.client != row.client:
        raise Unreadable(f"the bytes are of {read.client}, the batch is of {row.client}")
    where: Row = {"client_id": row.client, "entity_id": entity}
    rows: dict[str, list[Row]] = {"batches": [{**_batch(read, where), **_own(row)}]}
    if row.job_id is not None:
        rows["jobs"] = [_job(row, attempts, where)]
    if row.state in (*ARRIVED, *NOT_TAKEN):
        taken, kinds = row.state in ARRIVED, voucher_kinds(read, booked)
        rows["booking_lines"] = [
            {
                **_line(row.id, line, where, deleted=not taken or not _stands(read, index, standing)),
                "voucher_kind": kinds[index],
            }
            for index, line in enumerate(read.lines)
        ]
    return {name: found for name, found in rows.items() if found}


def foreign_batch(content: bytes, file_name: str, read: ReadFile, entity: str) -> dict[str, list[Row]]:
    """The rows of a file of other software; the hash of its bytes is its identity."""
    digest = hashlib.sha256(content).hexdigest()
    where: Row = {"client_id": read.client, "entity_id": entity}
    beside: Row = {
        "batch_id": digest,
        "connection": None,
        "origin": "imported",
        "file_name": file_name,
        "content_sha256": digest,
        "job_id": None,
        "status": "imported",
        "created_at": None,
        "changed_at": None,
    }
    rows: dict[str, list[Row]] = {
        "batches": [{**_batch(read, where), **beside}],
        "booking_lines": [_line(digest, line, where, deleted=False) for line in read.lines],
        "account_labels": [{**where, "account": number, "name": name} for number, name in read.labels],
    }
    return {name: found for name, found in rows.items() if found}


def _batch(read: ReadFile, where: Row) -> dict[str, object]:
    debit, credit = read.sums
    return {
        **where,
        "format": read.format,
        "label": read.label or None,
        "chart": read.chart or None,
        "period_from": read.period_from,
        "period_to": read.period_to,
        "fiscal_year_start": read.fiscal_year_start,
        "is_statistical": read.is_statistical,
        "line_count": read.line_count,
        "total_debit": debit,
        "total_credit": credit,
        "currency": read.currency,
    }


def _own(row: BatchRow) -> dict[str, object]:
    return {
        "batch_id": row.id,
        "connection": row.connection,
        "origin": "own",
        "file_name": row.file_name,
        "content_sha256": row.sha256,
        "job_id": row.job_id,
        "status": row.state,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }


def _job(row: BatchRow, attempts: Attempts, where: Row) -> Row:
    return {
        **where,
        "job_id": row.job_id,
        "batch_id": row.id,
        "kind": row.format,
        "result": _RESULTS.get(row.state, "pending"),
        "cause": row.cause or None,
        "answer": row.answer or None,
        "attempts": attempts.count,
        # While a job is asked after it counts on, and would be other content of the same load each time.
        "polls": row.polls if row.state in FINAL else None,
        "submitted_at": attempts.first,
        "changed_at": row.changed_at,
    }


def _line(batch: str, line: Row, where: Row, *, deleted: bool) -> Row:
    return {
        **line,
        **where,
        "line_id": f"{batch}-{line['line_no']}",
        "batch_id": batch,
        "is_deleted": deleted,
    }


def _stands(read: ReadFile, index: int, standing: Collection[str] | None) -> bool:
    return standing is None or not read.content_keys or read.content_keys[index] in standing
