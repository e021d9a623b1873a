"""A transfer of suggestions: a DXSO batch is packed, carried file by file into it, and finished once.

The transfer's id is stored before its first file. Nothing is processed before it is finished, so an open one
that nobody knows any more does no harm. That it is about to be finished is stored, too (`unknown`): until
then a batch was surely not processed, from then on the transfer's state says whether it was.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, RetryLater
from mlconnector.flow.batches.notes import change
from mlconnector.flow.context.context import Context
from mlconnector.formats.dxso import (
    MANAGEMENT_FILE,
    Books,
    Known,
    LedgerFile,
    Package,
    PackedDocument,
    check_package,
    document_file,
    image_guid,
    image_of,
    is_sendable,
    ledger_file,
    limit,
    package_of,
    packed,
    validate_with,
)
from mlconnector.mapping.rules import Rules
from mlconnector.model.entries import Entry, decode
from mlconnector.model.problems import Problem
from mlconnector.store import batches, documents, entries
from mlconnector.store.batches import BatchRow
from mlconnector.store.entries import EntryRow
from mlconnector.systems.transfers import JobStatus, Transfer

GONE = "gone"
"""The state of a transfer that the sink does not show any more."""

_XML = "application/xml"


def pack(
    db: Connection,
    rows: Sequence[EntryRow],
    rules: Rules,
    client: str,
    company: str,
    label: str,
    now: datetime,
) -> tuple[Package, tuple[LedgerFile, ...]]:
    """The package of the first of these bookings that fit into one transfer, and their ledger files."""
    group = next(limit(_packed(db, decode(row.content), rules, company) for row in rows))
    package = package_of(
        group,
        client=client,
        account_length=rules.books.account_length,
        created_at=now,
        description=label,
    )
    return package, tuple(made for _, made in group)


def _packed(db: Connection, entry: Entry, rules: Rules, company: str) -> tuple[PackedDocument, LedgerFile]:
    made = ledger_file(entry, account_length=rules.books.account_length, company=company)
    guid = image_guid(entry)
    if guid is None:
        return packed(entry, made), made
    stored = documents.read(db, str(entry.document))
    if stored is None or stored.content is None:
        raise Broken(f"entry {entry.content_key} needs document {entry.document}, whose bytes are gone")
    image = image_of(
        entry,
        made,
        file_name=stored.file_name,
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
    )
    document = packed(entry, made, () if image is None else (image,))
    if stored.state == "filed" and str(guid) == stored.guid:
        # Belege online skips a document whose GUID it has, and with it the booking.
        document = msgspec.structs.replace(document, guid=uuid.uuid5(guid, entry.content_key))
    return document, made


def carry(context: Context, row: BatchRow, package: Package) -> str:
    """Carry a frozen batch into a transfer and finish it; returns the transfer's id.

    Raises one of the four errors. What was carried before is recognised by the transfer that is on record.
    """
    if row.job_id is not None and row.state == "unknown":
        if status_of(context, row).result != "open":
            return row.job_id
        row = change(context, row, state="submitting")
    transfer, noted = _transfer(context, row, package)
    files = {**package.files, MANAGEMENT_FILE: document_file(package, transfer.folder)}
    _check(row, package, files, transfer, context.services.settings.dxso_schemas)
    try:
        _attach(context, row, package, files, transfer.job_id)
    except NeedsHuman as error:
        if error.problem.key != "dxso_transfer_unknown":
            raise
        _forget_transfer(context, noted)
        raise RetryLater("the open transfer is gone; another one is begun", after=1.0) from error
    context.reached("documents_sent")
    noted = change(context, noted, state="unknown")
    try:
        context.sink.finish(transfer.job_id)
    except ConnectorError as error:
        with context.write() as db:
            outcome = "refused" if error.unsent else "unknown"
            batches.note_outcome(db, row.id, f"{outcome}: {error}", context.now())
        answered = isinstance(error, NeedsHuman)
        if error.unsent or (answered and status_of(context, noted).result == "open"):
            change(context, noted, state="submitting")
        raise
    context.reached("batch_sent")
    return transfer.job_id


def status_of(context: Context, row: BatchRow) -> JobStatus:
    """How far a batch's transfer is; one that the sink does not show any more counts as failed, and says so.

    Raises one of the four errors.
    """
    if row.job_id is None:
        raise Broken(f"batch {row.id} has no transfer to ask after")
    try:
        return context.sink.transfer_status(row.job_id)
    except NeedsHuman as error:
        if error.problem.key != "dxso_transfer_gone":
            raise
        return JobStatus("failed", error.problem, {"state": GONE, "transfer": row.job_id})


def _transfer(context: Context, row: BatchRow, package: Package) -> tuple[Transfer, BatchRow]:
    """The transfer on record, or a new one, written down before anything goes into it; and the batch then."""
    if row.job_id is not None:
        return Transfer(row.job_id, None, str(batches.answer(row).get("folder", ""))), row
    begun = change(context, row, attempt=True, state="submitting")
    context.reached("batch_noted")
    sink = context.sink
    transfer = sink.open_transfer(package.ledger, package.month)
    context.reached("transfer_opened")
    if transfer.account_length not in {None, package.account_length}:
        sink.drop_transfer(transfer.job_id)
        lengths = {
            "client": row.client,
            "there": str(transfer.account_length),
            "books": str(package.account_length),
        }
        raise NeedsHuman(Problem("account_length_differs", lengths, ("client",)))
    answer = json.dumps({"folder": transfer.folder}, ensure_ascii=False)
    noted = change(context, begun, job_id=transfer.job_id, answer=answer)
    context.reached("transfer_noted")
    return transfer, noted


def _forget_transfer(context: Context, row: BatchRow) -> None:
    change(context, row, job_id=None, answer="")
    with context.write() as db:
        batches.note_outcome(db, row.id, "deleted there before it was finished", context.now())


def _check(
    row: BatchRow, package: Package, files: dict[str, bytes], transfer: Transfer, schemas: Path | None
) -> None:
    """Nothing is checked when the files are taken, so everything is checked here before the first one.

    The official schemas are asked besides where somebody has placed them.
    """
    known = Known(
        client=row.client,
        ledger=package.ledger,
        month=package.month,
        folder_names=[transfer.folder],
        books=Books(account_length=package.account_length),
    )
    sizes = {image.file_name: image.size for image in package.images}
    findings = list(check_package(files, known, elsewhere=sizes))
    said = [f"{one.rule} {one.file}:{one.line} {one.name} {one.value}" for one in findings]
    sendable = is_sendable(findings)
    if schemas is not None:
        faults = [f"{one.file}:{one.line} {one.message}" for one in validate_with(_schemas(schemas), files)]
        said, sendable = [*said, *faults], sendable and not faults
    if not sendable:
        raise Broken(f"the package of batch {row.id} is not what a transfer takes: {'; '.join(said[:5])}")


def _schemas(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.xsd"))}


def _attach(context: Context, row: BatchRow, package: Package, files: dict[str, bytes], job_id: str) -> None:
    """Attach ledger files and images side by side, and the management file last."""
    sink = context.sink

    def attach(part: tuple[str, str, bytes | uuid.UUID]) -> None:
        name, media_type, content = part
        if isinstance(content, uuid.UUID):
            with context.read() as db:
                stored = documents.read(db, str(content))
            if stored is None or stored.content is None:
                raise Broken(f"batch {row.id} needs document {content}, whose bytes are gone")
            content = stored.content
        sink.attach(job_id, name, media_type, content)

    first: list[tuple[str, str, bytes | uuid.UUID]] = [
        (name, _XML, content) for name, content in files.items() if name != MANAGEMENT_FILE
    ]
    first += [(image.file_name, image.media_type, image.document) for image in package.images]
    with ThreadPoolExecutor(context.services.settings.transfer_threads) as threads:
        for outcome in [threads.submit(attach, part) for part in first]:
            outcome.result()
    attach((MANAGEMENT_FILE, _XML, files[MANAGEMENT_FILE]))


def entries_of(db: Connection, batch: str, content_keys: Collection[str]) -> list[EntryRow]:
    """The rows of a batch's bookings by what they book."""
    rows = entries.of_batch(db, batch)
    return [row for row in rows if decode(row.content).content_key in content_keys]
