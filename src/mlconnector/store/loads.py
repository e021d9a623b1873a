"""Loads of a warehouse: planned before anything leaves, and how far each is; what documents were filed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, select, update

from mlconnector.model.problems import Problem
from mlconnector.store.sets import SET_SIZE
from mlconnector.store.tables import batches, documents, loads, revisions, transfers, vouchers
from mlconnector.store.upsert import put_row

LoadState = Literal["planned", "staged", "applied", "verified", "failed"]
_ENDED = frozenset({"verified", "failed"})


@dataclass(frozen=True, slots=True)
class LoadRow:
    """A load as it stands in the database, without the bytes of an imported file."""

    id: str
    warehouse: str
    kind: str
    source: str
    content_sha256: str
    latest: int
    state: LoadState
    attempt: int
    amounts: str
    cause: str
    facts: str
    refusals: int
    file_name: str
    planned_at: datetime
    changed_at: datetime

    @property
    def carried(self) -> dict[str, str]:
        """What was sent and what was read back; empty before."""
        return dict(json.loads(self.amounts)) if self.amounts else {}

    @property
    def problem(self) -> Problem:
        """Why it failed."""
        return Problem(self.cause, json.loads(self.facts or "{}"))

    @property
    def left_out(self) -> list[Problem]:
        """The records that a verified load went without, each with its reason."""
        if self.state != "verified" or not self.facts:
            return []
        return [Problem(self.cause, facts) for facts in json.loads(self.facts)]


@dataclass(frozen=True, slots=True)
class FiledDocument:
    """A document that DATEV has, with its voucher; `content` is what the voucher's revision says."""

    guid: str
    connection: str
    client: str
    voucher: str
    attachment: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    state: str
    changed_at: datetime
    kind: str
    number: str | None
    document_date: date | None
    content: str | None


_COLUMNS = [loads.c[name] for name in LoadRow.__dataclass_fields__]


def read(connection: Connection, load: str) -> LoadRow | None:
    """A load by its id."""
    row = connection.execute(select(*_COLUMNS).where(loads.c.id == load)).first()
    return None if row is None else LoadRow(*row)


def beginning_with(connection: Connection, begin: str) -> list[LoadRow]:
    """The loads whose ids begin so, two at most, which is enough to see that a name is not clear."""
    query = select(*_COLUMNS).where(loads.c.id.startswith(begin, autoescape=True)).order_by(loads.c.id)
    return [LoadRow(*row) for row in connection.execute(query.limit(2))]


def content(connection: Connection, load: str) -> bytes | None:
    """The bytes of an imported file, or what a load of our own records remembers; None where it has none."""
    found = connection.execute(select(loads.c.content).where(loads.c.id == load)).scalar()
    return None if found is None else bytes(found)


def latest_of(connection: Connection, warehouse: str, kind: str, source: str) -> LoadRow | None:
    """The newest load of a source, None before its first one."""
    query = (
        select(*_COLUMNS)
        .where(loads.c.warehouse == warehouse, loads.c.kind == kind, loads.c.source == source)
        .order_by(loads.c.latest.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else LoadRow(*row)


def plan(connection: Connection, row: Mapping[str, object], file: bytes | None = None) -> LoadRow:
    """Write down a load as the newest of its source.

    One whose attempt may go on outside stays that attempt, with its moment: only after it is known to have
    ended, or when something else of its source came in between, the next one begins.

    `row` has `id`, `warehouse`, `kind`, `source`, `content_sha256`, `file_name` and `planned_at`. `file` are
    the bytes of an imported file, or what a load remembers; older loads of the source forget theirs.
    """
    known = read(connection, str(row["id"]))
    newest = latest_of(connection, str(row["warehouse"]), str(row["kind"]), str(row["source"]))
    values = {
        **row,
        "latest": 1 if newest is None else newest.latest + 1,
        "state": "planned",
        "attempt": 1 if known is None else known.attempt + 1,
        "amounts": "",
        "cause": "",
        "facts": "",
        "planned_at": _after_all_others(connection, str(row["warehouse"]), row["planned_at"]),
        "changed_at": row["planned_at"],
    }
    if known is not None and known == newest and known.state not in _ENDED:
        values |= {"latest": known.latest, "attempt": known.attempt, "planned_at": known.planned_at}
    if file is not None:
        values["content"] = file
    put_row(connection, loads, values)
    if file is not None:
        older = (loads.c[name] == row[name] for name in ("warehouse", "kind", "source"))
        connection.execute(update(loads).where(*older, loads.c.id != row["id"]).values(content=None))
    found = read(connection, str(row["id"]))
    assert found is not None  # noqa: S101 - it was written in this transaction
    return found


def _after_all_others(connection: Connection, warehouse: str, now: object) -> object:
    """When a load is planned: after all others, also by a clock that was set back: the later one holds."""
    query = select(func.max(loads.c.planned_at)).where(loads.c.warehouse == warehouse)
    latest = connection.execute(query).scalar()
    return now if latest is None else max(now, latest + timedelta(microseconds=1))


def change(connection: Connection, load: LoadRow, now: datetime, **values: object) -> bool:
    """Note how far an attempt of a load is; False when the load has gone on to another attempt meanwhile."""
    of_it = update(loads).where(loads.c.id == load.id, loads.c.attempt == load.attempt)
    return connection.execute(of_it.values(changed_at=now, **values)).rowcount == 1


def hold_back(connection: Connection, load: LoadRow, now: datetime, **values: object) -> bool:
    """Note that a warehouse took nothing of an attempt until a person does something; see `held_back`.

    False when the load has gone on to another attempt meanwhile.
    """
    query = select(func.max(loads.c.refusals)).where(loads.c.warehouse == load.warehouse)
    before = connection.execute(query).scalar() or 0
    release(connection, load.warehouse)
    return change(connection, load, now, state="failed", refusals=before + 1, **values)


def held_back(connection: Connection, warehouse: str) -> LoadRow | None:
    """The load by which a warehouse waits for a person; None where it waits for nobody."""
    query = select(*_COLUMNS).where(loads.c.warehouse == warehouse, loads.c.refusals > 0)
    row = connection.execute(query).first()
    return None if row is None else LoadRow(*row)


def release(connection: Connection, warehouse: str, kind: str = "", source: str = "") -> None:
    """Let a warehouse wait for no person any more: at all, or where it waits by loads of one source."""
    waiting = update(loads).where(loads.c.warehouse == warehouse, loads.c.refusals > 0)
    if source:
        waiting = waiting.where(loads.c.kind == kind, loads.c.source == source)
    connection.execute(waiting.values(refusals=0))


def unsettle(connection: Connection, warehouse: str, now: datetime, problem: Problem) -> list[str]:
    """Let no load of a warehouse be verified any more, for its tables are gone; the ids of those."""
    verified = loads.c.warehouse == warehouse, loads.c.state == "verified"
    ids = list(connection.execute(select(loads.c.id).where(*verified).order_by(loads.c.id)).scalars())
    gone = update(loads).where(*verified)
    facts = json.dumps(dict(problem.facts))
    connection.execute(gone.values(state="failed", cause=problem.key, facts=facts, changed_at=now))
    return ids


def imported(connection: Connection, warehouse: str, kind: str) -> list[LoadRow]:
    """The newest load of each file that was imported, the oldest first."""
    found = _newest(connection, warehouse, loads.c.kind == kind)
    return sorted(found, key=lambda row: (row.planned_at, row.id))


def recent(connection: Connection, warehouse: str, limit: int) -> list[LoadRow]:
    """The loads that changed last, the latest first."""
    query = select(*_COLUMNS).where(loads.c.warehouse == warehouse)
    query = query.order_by(loads.c.changed_at.desc(), loads.c.latest.desc(), loads.c.id).limit(limit)
    return [LoadRow(*row) for row in connection.execute(query)]


def counts(connection: Connection, warehouse: str) -> dict[str, int]:
    """How many loads are in which state."""
    query = select(loads.c.state, func.count()).where(loads.c.warehouse == warehouse).group_by(loads.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def remembered_sources(connection: Connection, warehouse: str, kind: str) -> list[str]:
    """The sources of a kind whose loads remember what they were made of."""
    query = select(loads.c.source).distinct()
    query = query.where(loads.c.warehouse == warehouse, loads.c.kind == kind, loads.c.content.is_not(None))
    return sorted(connection.execute(query).scalars())


def failed(connection: Connection, warehouse: str) -> list[LoadRow]:
    """Loads that failed and that no newer one of their source has replaced, the latest first."""
    return _newest(connection, warehouse, loads.c.state == "failed")


def incomplete(connection: Connection, warehouse: str) -> list[LoadRow]:
    """Loads that arrived without some of their records, and that hold; the latest first."""
    return _newest(connection, warehouse, loads.c.state == "verified", loads.c.facts != "")


def _newest(connection: Connection, warehouse: str, *conditions: ColumnElement[bool]) -> list[LoadRow]:
    newer = loads.alias("newer")
    query = (
        select(*_COLUMNS)
        .where(
            loads.c.warehouse == warehouse,
            *conditions,
            ~select(newer.c.id)
            .where(
                newer.c.warehouse == loads.c.warehouse,
                newer.c.kind == loads.c.kind,
                newer.c.source == loads.c.source,
                newer.c.latest > loads.c.latest,
            )
            .exists(),
        )
        .order_by(loads.c.changed_at.desc(), loads.c.id)
    )
    return [LoadRow(*row) for row in connection.execute(query)]


def filed_documents(connection: Connection, name: str) -> Iterator[FiledDocument]:
    """The documents of a connection that DATEV has, with what their vouchers say."""
    own = (
        "guid",
        "connection",
        "client",
        "voucher",
        "attachment",
        "file_name",
        "media_type",
        "size",
        "sha256",
    )
    query = (
        select(
            *(documents.c[column] for column in own),
            documents.c.state,
            documents.c.changed_at,
            vouchers.c.kind,
            vouchers.c.number,
            vouchers.c.document_date,
            revisions.c.content,
        )
        .join(vouchers, vouchers.c.id == documents.c.voucher)
        .outerjoin(
            revisions,
            (revisions.c.voucher == documents.c.voucher) & (revisions.c.revision == documents.c.revision),
        )
        .where(documents.c.connection == name, documents.c.state == "filed")
        .order_by(documents.c.guid)
    )
    for row in connection.execute(query.execution_options(yield_per=SET_SIZE)):
        yield FiledDocument(*tuple(row))


def attempts(connection: Connection, batch: str) -> tuple[int, datetime | None]:
    """How often a batch was handed over, and when first."""
    query = select(func.count(), func.min(transfers.c.started_at)).where(transfers.c.batch == batch)
    count, first = connection.execute(query).one()
    return count, first


def own_batch(connection: Connection, sha256: str) -> str | None:
    """The id of the batch of ours that has these bytes, None where none has."""
    return connection.execute(select(batches.c.id).where(batches.c.sha256 == sha256)).scalar()
