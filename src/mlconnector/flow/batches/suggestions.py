"""Suggestions: booking suggestions as DXSO packages, which take their documents along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.batches import notes, suggestion_protocol
from mlconnector.flow.batches.entry_batches import Packed, freeze_entries
from mlconnector.flow.batches.kind import Ended
from mlconnector.flow.batches.suggestion_transfer import carry, entries_of, pack, status_of
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.files import noted_change
from mlconnector.formats.dxso import Package, concerned, freeze, thaw
from mlconnector.model.problems import Problem
from mlconnector.store import batches
from mlconnector.store.audit import append
from mlconnector.store.batches import BatchFormat, BatchRow, BatchState
from mlconnector.store.entries import EntryRow, Group
from mlconnector.systems.sink import Takes
from mlconnector.systems.transfers import JobStatus, Receipt


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The kind of batch that carries booking suggestions."""

    format: BatchFormat = "dxso"
    needs: Takes = "suggestions"
    links_documents: bool = False
    is_recognised: bool = True
    bound_in: frozenset[BatchState] = frozenset({"unknown", "submitted"})
    unsent_in: frozenset[BatchState] = frozenset({"frozen", "submitting"})

    def freeze(self, context: Context) -> str | None:
        """Freeze the next suggestions of a ledger and month; returns the batch's id, None when none wait."""
        return freeze_entries(context, "dxso", _packed)

    def send(self, context: Context, row: BatchRow) -> Receipt | None:
        """Carry the package into a transfer and finish it; a refused file takes the batch apart instead."""
        with context.read() as db:
            package = thaw(batches.content(db, row.id))
        try:
            job_id = carry(context, row, package)
        except NeedsHuman as error:
            refused = concerned(package, error.problem.facts.get("file_name", ""), "")
            if not error.single or not refused:
                raise
            _take_apart(context, row, {one.content_key for one in refused}, error.problem)
            return None
        return notes.handed_over(context, row, Receipt(job_id, 0.0), "accepted")

    def status(self, context: Context, row: BatchRow) -> JobStatus:
        """How far the transfer is."""
        return status_of(context, row)

    def settle(self, context: Context, db: Connection, row: BatchRow, ended: Ended) -> None:
        """Note what the protocol says of each booking and its documents."""
        suggestion_protocol.settle(context, db, row, ended.status, ended.problem)

    def release(self, db: Connection, row: BatchRow, now: datetime) -> None:
        """Nothing goes out again: the sink recognises what it has."""


def _take_apart(context: Context, row: BatchRow, refused: set[str], problem: Problem) -> None:
    with context.read() as db:
        now = batches.read(db, row.id) or row
        problems = {one.voucher: problem for one in entries_of(db, row.id, refused)}
    if now.job_id is not None:
        context.sink.drop_transfer(now.job_id)
    with context.write() as db:
        append(db, [notes.dissolve(context, db, now, problems)], context.now())


def _packed(context: Context, group: Group, rows: Sequence[EntryRow]) -> Packed:
    settings = context.settings
    company, now = context.facts.name, context.now()
    label = f"{settings.source_system.name} {group.period}"
    with context.read() as db:
        package, made = pack(db, rows, settings.rules, settings.client, company, label, now)
    return Packed(
        content=freeze(package),
        rows=_rows(package),
        content_keys=tuple(document.content_key for document in package.documents),
        changes=[noted_change(one.content_key, change) for one in made for change in one.changes],
    )


def _rows(package: Package) -> int:
    return sum(document.rows for document in package.documents)
