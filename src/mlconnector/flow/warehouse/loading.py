"""Loading: a load is written down, carried, read back, and only then done; what failed is tried again."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, Literal

from mlconnector.errors import Broken, NeedsHuman, RetryLater
from mlconnector.flow.context.services import Services
from mlconnector.flow.warehouse.batch_rows import foreign_batch, read_foreign
from mlconnector.flow.warehouse.portions import Rows, Source
from mlconnector.flow.warehouse.read_file import Unreadable
from mlconnector.flow.warehouse.sources import IMPORT, imported_content, sources
from mlconnector.flow.warehouse.target import Target, some_targets, targets
from mlconnector.flow.warehouse.waiting import next_try
from mlconnector.model.problems import Problem
from mlconnector.store import loads
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.loads import LoadRow
from mlconnector.systems.kit.silence import Silence
from mlconnector.systems.warehouse import AttemptOver, Carried, OutgoingLoad, Reached, Warehouse

log = logging.getLogger(__name__)

# Several at once in one process would only be in the way of each other.
_ONE_AT_A_TIME = threading.Lock()

Ended = Literal["verified", "unchanged", "failed", "later"]


@dataclass(slots=True)
class Report:
    """How loads ended; `failures` says of each that did not arrive why, `left_out` of each record."""

    verified: int = 0
    unchanged: int = 0
    failed: int = 0
    later: int = 0
    failures: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def count(self, ended: Ended) -> None:
        """Count one more."""
        setattr(self, ended, getattr(self, ended) + 1)


def load_everything(services: Services, *, waits: bool = True) -> Report:
    """Load what is new into every warehouse of the installation; nothing where there is none.

    What waits for a person is tried less and less often, where it `waits`.
    """
    report = Report()
    for target in targets(services):
        load_into(target, report, waits=waits)
    return report


def load_into(target: Target, report: Report, *, waits: bool = False) -> None:
    """Load what is new into a warehouse: out of our own tables, and of files that were imported.

    What keeps the warehouse from taking anything is told once, and nothing is asked of it in vain. `waits`
    says whether a load that waits for a person stays as it is until its time has come.
    """
    with _ONE_AT_A_TIME, target.opened() as warehouse, _told(report):
        has_tables = is_ready = False
        waiting = _waiting(target) if waits else None
        for source in chain(sources(target), imported(target)):
            load = _Load(target, warehouse, source, report)
            if load.is_there():
                has_tables = has_tables or _has_tables(target, warehouse)
                if has_tables:
                    report.count("unchanged")
                    continue
            if waiting is not None and (waiting.kind, waiting.source) == (source.kind, source.name):
                raise NeedsHuman(waiting.problem)
            if not is_ready:
                warehouse.ready()
                has_tables = is_ready = True
            if not load.carry():
                break


def _waiting(target: Target) -> LoadRow | None:
    """The load by which a warehouse waits for a person, until it is time to try it again."""
    with target.services.database.read() as db:
        row = loads.held_back(db, target.name)
    at = None if row is None else next_try(row)
    return row if at is not None and target.services.now() < at else None


def _has_tables(target: Target, warehouse: Warehouse) -> bool:
    """Whether the tables that were loaded are there; where not, all loads are to be carried again."""
    missing = warehouse.missing()
    if missing:
        now = target.services.now()
        problem = Problem("warehouse_tables_gone", {"tables": ", ".join(missing), "place": target.place})
        with target.services.database.write() as db:
            gone = loads.unsettle(db, target.name, now, problem)
            detail = {**problem.facts, "loads": len(gone)}
            append(db, [AuditEvent(target.name, target.owner, "warehouse_tables_gone", detail)], now)
        log.error("tables are gone, %d loads are carried again: %s", len(gone), ", ".join(missing))
    return not missing


@contextmanager
def _told(report: Report) -> Iterator[None]:
    """Let the report say what keeps the block from being done."""
    try:
        yield
    except RetryLater as error:
        log.warning("nothing can be loaded yet: %s", error.reason)
        report.reasons.append(error.reason)
        report.count("later")
    except NeedsHuman as error:
        log.error("nothing can be loaded: %s", error)
        report.failures.append(error.problem)
        report.count("failed")


def imported(target: Target) -> Iterator[Source]:
    """Files of other software that were taken in and are not verified at this place yet."""
    with target.services.database.read() as db:
        rows = loads.imported(db, target.name, IMPORT)
    for row in rows:
        source = import_source(target, row)
        if row.state != "verified" or row.id != source.load_id(target.key):
            yield source


def import_source(target: Target, row: LoadRow) -> Source:
    """An imported file as a source; its bytes are kept with its load."""
    content = partial(_import_content, target, row.source)

    def rows() -> Rows:
        read = read_foreign(content())
        return foreign_batch(content(), row.file_name, read, target.entity(read.client))

    digest = imported_content(target, row.source)
    return Source(IMPORT, row.source, digest, rows, row.file_name, keeps=content)


def found_load(services: Services, begin: str) -> tuple[Target, LoadRow]:
    """The only load whose id begins so, with its warehouse. Raises NeedsHuman (`warehouse_load_unknown`)."""
    with services.database.read() as db:
        rows = loads.beginning_with(db, begin)
    found = [
        (target, row) for target in some_targets(services) for row in rows if row.warehouse == target.name
    ]
    if len(found) != 1:
        raise NeedsHuman(Problem("warehouse_load_unknown", {"load": begin}))
    return found[0]


def replay(target: Target, row: LoadRow) -> Report:
    """Carry a load again from what it was made of, whatever became of it.

    What has changed since goes as a load of its own, so that nothing old takes the place of something new.
    Raises NeedsHuman (`warehouse_source_gone`).
    """
    source, report = source_of(target, row), Report()
    with _ONE_AT_A_TIME, target.opened() as warehouse, _told(report):
        warehouse.ready()
        _Load(target, warehouse, source, report).carry()
    return report


def source_of(target: Target, row: LoadRow) -> Source:
    """What a load is made of, as it is now. Raises NeedsHuman (`warehouse_source_gone`)."""
    wanted = [import_source(target, row)] if row.kind == IMPORT else sources(target)
    for source in wanted:
        if (source.kind, source.name) == (row.kind, row.source):
            return source
    raise NeedsHuman(
        Problem("warehouse_source_gone", {"load": row.id, "kind": row.kind, "source": row.source})
    )


@dataclass(frozen=True, slots=True)
class _Load:
    """One source on its way into one warehouse."""

    target: Target
    warehouse: Warehouse
    source: Source
    report: Report

    def is_there(self) -> bool:
        """Whether the source's load is the newest and verified."""
        self.report.left_out += self.source.left_out
        with self._services.database.read() as db:
            newest = loads.latest_of(db, self.target.name, self.source.kind, self.source.name)
        return newest is not None and newest.state == "verified" and newest.id == self._id

    def carry(self) -> bool:
        """Carry the source's load; whether it makes sense to go on with others."""
        row = self._plan()
        self._services.reached("load_planned")
        try:
            carried = self.warehouse.load(self._outgoing(row), partial(self._reached, row))
        except RetryLater as error:
            log.warning("load %s: later: %s", row.id[:12], error.reason)
            if isinstance(error, AttemptOver):
                facts = {"source": self._label, "reason": error.reason}
                self._note_failure(row, Problem("warehouse_attempt_over", facts, ("source",)))
            self.report.reasons.append(error.reason)
            self.report.count("later")
            return not isinstance(error, Silence)
        except NeedsHuman as error:
            self._failed(row, error.problem, holds_back=not error.single)
            return error.single
        except Exception as error:  # one load that cannot be carried must not keep the others from it
            log.exception("load %s: broken", row.id[:12])
            reason = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
            self._failed(
                row, Problem("warehouse_broken", {"source": self._label, "reason": reason}, ("reason",))
            )
        else:
            self._services.reached("load_audited")
            self._judge(row, carried)
        return True

    @property
    def _id(self) -> str:
        return self.source.load_id(self.target.key)

    @property
    def _services(self) -> Services:
        return self.target.services

    @property
    def _label(self) -> str:
        return self.source.file_name or f"{self.source.kind} {self.source.name}"

    def _plan(self) -> LoadRow:
        now = self._services.now()
        values = {
            "id": self._id,
            "warehouse": self.target.name,
            "kind": self.source.kind,
            "source": self.source.name,
            "content_sha256": self.source.content_sha256,
            "file_name": self.source.file_name,
            "planned_at": now,
        }
        kept = None if self.source.keeps is None else self.source.keeps()
        with self._services.database.write() as db:
            row = loads.plan(db, values, kept)
            detail = {
                "kind": row.kind,
                "source": row.source,
                "content": row.content_sha256,
                "attempt": row.attempt,
            }
            append(db, [AuditEvent(self.target.name, row.id, "load_planned", detail)], now)
        return row

    def _outgoing(self, row: LoadRow) -> OutgoingLoad:
        try:
            rows = self.source.rows()
        except Unreadable as error:
            facts = {"file": self._label, "reason": str(error)}
            raise NeedsHuman(Problem("warehouse_file_unreadable", facts, ("file",)), single=True) from error
        return OutgoingLoad(
            *(row.id, row.attempt, row.kind, row.source, row.content_sha256, row.planned_at),
            rows=rows,
            left_out=len(self.source.left_out),
        )

    def _reached(self, row: LoadRow, state: Reached) -> None:
        with self._services.database.write() as db:
            loads.change(db, row, self._services.now(), state=state)
        self._services.reached(f"load_{state}")

    def _judge(self, row: LoadRow, carried: Carried) -> None:
        amounts = {
            "source_rows": str(carried.source_rows),
            "target_rows": str(carried.target_rows),
            "source_amount": f"{carried.source_amount:.2f}",
            "target_amount": f"{carried.target_amount:.2f}",
        }
        if not carried.agrees:
            self._failed(
                row, Problem("warehouse_load_differs", {"source": self._label, **amounts}, ("source",))
            )
            return
        now, left_out = self._services.now(), self.source.left_out
        amounts["left_out"] = str(len(left_out))
        changes = {"state": "verified", "amounts": json.dumps(amounts)}
        if left_out:
            facts = [dict(one.facts) for one in left_out]
            changes |= {"cause": left_out[0].key, "facts": json.dumps(facts)}
        with self._services.database.write() as db:
            detail = {"attempt": row.attempt, **amounts}
            if loads.change(db, row, now, **changes):
                loads.release(db, row.warehouse, row.kind, row.source)
                append(db, [AuditEvent(self.target.name, row.id, "load_verified", detail)], now)
        self.report.count("verified")

    def _failed(self, row: LoadRow, problem: Problem, *, holds_back: bool = False) -> None:
        self._note_failure(row, problem, holds_back=holds_back)
        self.report.failures.append(problem)
        self.report.count("failed")

    def _note_failure(self, row: LoadRow, problem: Problem, *, holds_back: bool = False) -> None:
        now, facts = self._services.now(), dict(problem.facts)
        detail: dict[str, Any] = {"attempt": row.attempt, "cause": problem.key, "facts": facts}
        said = {"cause": problem.key, "facts": json.dumps(facts)}
        with self._services.database.write() as db:
            if holds_back:
                is_noted = loads.hold_back(db, row, now, **said)
            else:
                is_noted = loads.change(db, row, now, state="failed", refusals=0, **said)
            if is_noted:
                append(db, [AuditEvent(self.target.name, row.id, "load_failed", detail)], now)


def _import_content(target: Target, source: str) -> bytes:
    with target.services.database.read() as db:
        newest = loads.latest_of(db, target.name, IMPORT, source)
        content = None if newest is None else loads.content(db, newest.id)
    if content is None:
        raise Broken(f"the imported file {source} has no bytes")
    return content
