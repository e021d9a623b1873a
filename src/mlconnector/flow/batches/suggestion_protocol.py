"""The protocol of a transfer: what it says of each booking, and so what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mlconnector.flow.batches.notes import line_of, outdated, refuse
from mlconnector.flow.batches.suggestion_transfer import GONE, entries_of
from mlconnector.flow.context.context import Context
from mlconnector.formats.dxso import Package, concerned, thaw
from mlconnector.model.entries import decode
from mlconnector.model.problems import Problem
from mlconnector.store import batches, documents, entries, vouchers
from mlconnector.store.audit import append
from mlconnector.store.batches import BatchRow
from mlconnector.systems.transfers import JobStatus, Remark


@dataclass(frozen=True, slots=True)
class Refused:
    """A booking that a transfer did not take: why, and the lines of the protocol about it."""

    problem: Problem
    lines: tuple[str, ...]


def refused_by(package: Package, status: JobStatus) -> dict[str, Refused] | None:
    """What a transfer that was taken over in part did not take, by content key; None where nobody can tell.

    Errors refuse. Where there are none, warnings tell what may be missing, e.g. because Belege online has the
    GUID already. Where a line names no document, all of them may be missing, and none may be sent again by
    itself.
    """
    errors = [remark for remark in status.remarks if remark.kind == "error"]
    decisive = errors or [remark for remark in status.remarks if remark.kind == "warning"]
    named = [concerned(package, remark.file_name, remark.context) for remark in decisive]
    if not named or not all(named):
        return None
    about: dict[str, list[Remark]] = {}
    for remark, found in zip(decisive, named, strict=True):
        for document in found:
            about.setdefault(document.content_key, []).append(remark)
    key = "dxso_refused" if errors else "dxso_partial"
    return {
        content_key: _refused(key, status, package.client, remarks) for content_key, remarks in about.items()
    }


def _refused(key: str, status: JobStatus, client: str, remarks: Sequence[Remark]) -> Refused:
    protocol = " · ".join(dict.fromkeys(remark.text for remark in remarks))
    transfer = "" if status.problem is None else status.problem.facts.get("transfer", "")
    facts = {"client": client, "transfer": transfer, "protocol": protocol}
    return Refused(Problem(key, facts, ("protocol",)), tuple(line_of(remark) for remark in remarks))


def arrived_documents(package: Package, refused: Collection[str]) -> tuple[list[str], list[str]]:
    """The GUIDs under which we keep a transfer's documents: those that Belege online now has, and the others.

    A document that came a second time stands there under another one.
    """
    taken = [one for one in package.documents if one.content_key not in refused]
    known = [str(one.guid) for one in taken]
    stored = [str(image.document) for one in taken for image in one.images]
    return [guid for guid in stored if guid in known], [guid for guid in stored if guid not in known]


def settle(context: Context, db: Connection, row: BatchRow, status: JobStatus, problem: Problem) -> None:
    """Note which documents arrived, and let the bookings that a transfer did not take wait for a human.

    Where nobody can tell which ones it took, all of them wait. They keep their GUIDs, so that Belege online
    skips those that it has after all.
    """
    if status.result == "failed" and status.answer.get("state") != GONE:
        return
    package = thaw(batches.content(db, row.id))
    refused: Mapping[str, Refused] | None = {}
    if status.result != "succeeded":
        refused = refused_by(package, status)
    if refused is None:
        refused = {one.content_key: Refused(problem, ()) for one in package.documents}
    filed, others = arrived_documents(package, refused)
    documents.set_state(db, filed, "filed", context.now())
    documents.drop_content(db, [*filed, *others])
    _take_back(context, db, row, refused)


def _take_back(context: Context, db: Connection, row: BatchRow, refused: Mapping[str, Refused]) -> None:
    now = context.now()
    rows = entries_of(db, row.id, refused)
    found = {one.voucher: refused[decode(one.content).content_key] for one in rows}
    newer = outdated(db, rows)
    entries.take_out_these(db, [one.id for one in rows])
    vouchers.drop_waiting_entries(db, list(found))
    refuse(db, {key: one.problem for key, one in found.items()}, "rejected", newer, now)
    events = [context.event(key, "refused", _refusal(row, one)) for key, one in sorted(found.items())]
    append(db, events, now)


def _refusal(row: BatchRow, one: Refused) -> dict[str, object]:
    return {
        "file": row.file_name,
        "job_id": row.job_id,
        "cause": one.problem.key,
        "protocol": list(one.lines),
    }
