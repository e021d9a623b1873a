"""Person records: the row of each debtor and creditor as DATEV shall have it, and as it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, select, update

from mlconnector.store.batches import FINAL
from mlconnector.store.sets import parts
from mlconnector.store.tables import batches, person_records
from mlconnector.store.upsert import insert_of

State = Literal["due", "waiting", "batched", "sent", "failed"]
_NOTED = ("connection", "wanted", "changes", "state", "changed_at")


class WantedRecord(TypedDict):
    """The row that a number shall have in the books; `wanted` and `changes` are JSON."""

    client: str
    number: str
    connection: str
    wanted: str
    changes: str
    state: State
    is_new: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person account's row as it stands; `wanted` and `sent` are values by DATEV's column names.

    `changes` is JSON. `on_the_way` says that a file which has the number is not finally answered.
    """

    client: str
    number: str
    connection: str
    wanted: Mapping[str, str]
    changes: str
    sent: Mapping[str, str]
    state: State
    is_new: bool
    batch: str | None
    on_the_way: bool


def _on_the_way() -> ColumnElement[bool]:
    return exists().where(batches.c.id == person_records.c.batch, batches.c.state.not_in(FINAL))


_COLUMNS = [
    *(person_records.c[name] for name in PersonRecord.__dataclass_fields__ if name != "on_the_way"),
    _on_the_way().label("on_the_way"),
]


def read(
    connection: Connection, client: str, numbers: Sequence[str], *, hold: bool = False
) -> dict[str, PersonRecord]:
    """The records of these numbers, by number; with `hold` nobody else changes them meanwhile."""
    found: dict[str, PersonRecord] = {}
    for part in parts(sorted(numbers)):
        these = (person_records.c.client == client, person_records.c.number.in_(part))
        if hold:
            _hold(connection, *these)
        for row in connection.execute(select(*_COLUMNS).where(*these)):
            found[row.number] = _record(row)
    return found


def listed(
    connection: Connection, name: str, states: Sequence[State] | None = None, limit: int | None = None
) -> list[PersonRecord]:
    """The records of a connection, by number."""
    query = select(*_COLUMNS).where(person_records.c.connection == name).order_by(person_records.c.number)
    if states is not None:
        query = query.where(person_records.c.state.in_(list(states)))
    return [_record(row) for row in connection.execute(query.limit(limit))]


def due(connection: Connection, name: str, limit: int) -> list[PersonRecord]:
    """The records that the next file takes, by number; none of which an earlier file is still on its way."""
    query = (
        select(*_COLUMNS)
        .where(person_records.c.connection == name, person_records.c.state == "due", ~_on_the_way())
        .order_by(person_records.c.number)
    )
    return [_record(row) for row in connection.execute(query.limit(limit))]


def counts(connection: Connection, name: str) -> dict[State, int]:
    """How many records of a connection are in which state."""
    query = (
        select(person_records.c.state, func.count())
        .where(person_records.c.connection == name)
        .group_by(person_records.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def want(connection: Connection, rows: Sequence[WantedRecord]) -> None:
    """Note the row that DATEV shall have for each number; what it got, and from which file, stays noted."""
    if not rows:
        return
    statement = insert_of(connection, person_records)
    noted = statement.on_conflict_do_update(
        index_elements=["client", "number"], set_={name: statement.excluded[name] for name in _NOTED}
    )
    connection.execute(noted, [dict(row) for row in rows])


def assign(connection: Connection, records: Sequence[PersonRecord], batch: str, now: datetime) -> bool:
    """Put records into a batch; False when one of them is not as it was read."""
    if not records:
        return True
    client, by_number = records[0].client, {record.number: record for record in records}
    if read(connection, client, list(by_number), hold=True) != by_number:
        return False
    for part in parts(list(by_number)):
        taken = update(person_records).where(
            person_records.c.client == client, person_records.c.number.in_(part)
        )
        connection.execute(taken.values(state="batched", batch=batch, changed_at=now))
    return True


def settle(
    connection: Connection, batch: str, now: datetime, rows: Mapping[str, Mapping[str, str]] | None
) -> None:
    """Note how the batch that carried records ended: with which `rows` it arrived, None for not at all.

    What was noted for a record while its file was on the way stays as it is, unless the file had the same.
    """
    these = person_records.c.batch == batch
    _hold(connection, these)
    if rows is None:
        failed = update(person_records).where(these, person_records.c.state == "batched")
        connection.execute(failed.values(state="failed", changed_at=now))
        return
    settled = []
    for row in connection.execute(select(*_COLUMNS).where(these)):
        record = _record(row)
        sent = {**record.sent, **rows[record.number]}
        ended = record.state == "batched" or record.wanted.items() <= sent.items()
        settled.append(
            {
                "of_client": record.client,
                "of_number": record.number,
                "now_sent": json.dumps(sent, ensure_ascii=False, sort_keys=True),
                "now_state": "sent" if ended else record.state,
            }
        )
    if settled:
        arrived = update(person_records).where(
            person_records.c.client == bindparam("of_client"),
            person_records.c.number == bindparam("of_number"),
        )
        noted = arrived.values(
            sent=bindparam("now_sent"), state=bindparam("now_state"), is_new=False, changed_at=now
        )
        connection.execute(noted, settled)


def send_again(connection: Connection, batch: str, rows: int, now: datetime) -> int:
    """Note that a batch that carried records goes once more.

    Returns how many of them a later file has taken; where there are any, nothing is changed.
    """
    these = person_records.c.batch == batch
    held = _hold(connection, these)
    if held < rows:
        return rows - held
    again = update(person_records).where(these, person_records.c.state.in_(["sent", "failed"]))
    connection.execute(again.values(state="batched", changed_at=now))
    return 0


def release(
    connection: Connection, client: str, shown: Mapping[str, Mapping[str, str]], now: datetime
) -> list[str]:
    """Let records go out that wait for consent or failed, if they still want what was `shown`, by number.

    Returns the numbers of those that go.
    """
    known = read(connection, client, list(shown), hold=True)
    released = [
        number
        for number, record in known.items()
        if record.state in {"waiting", "failed"} and record.wanted == shown[number]
    ]
    for part in parts(released):
        these = update(person_records).where(
            person_records.c.client == client, person_records.c.number.in_(part)
        )
        connection.execute(these.values(state="due", changed_at=now))
    return sorted(released)


def forget(connection: Connection, client: str, number: str) -> None:
    """Note nothing any more of what DATEV shall have under a number."""
    these = (person_records.c.client == client, person_records.c.number == number)
    connection.execute(delete(person_records).where(*these))


def _hold(connection: Connection, *these: ColumnElement[bool]) -> int:
    """Keep others from changing these records until the transaction ends; returns how many there are.

    What is read of them must be read after this: only then it is as it stands.
    """
    query = select(person_records.c.number).where(*these).order_by(person_records.c.number)
    return len(connection.execute(query.with_for_update()).all())


def _record(row: Any) -> PersonRecord:
    values: dict[str, Any] = dict(zip(PersonRecord.__dataclass_fields__, row, strict=True))
    for name in ("wanted", "sent"):
        values[name] = json.loads(values[name]) if values[name] else {}
    return PersonRecord(**values)
