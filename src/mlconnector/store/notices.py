"""Notices: the places that are told things, what each of them knows, and whether it can be reached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from mlconnector.store.tables import notice_places, notices
from mlconnector.store.upsert import add_row


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place that notices are sent to, and how sending there goes.

    `occasions` are the words of what it is told, with blanks between them; `language` is empty for that of
    the installation. `told_at` is when the last message went there. `tries`, `next_try_at`, `failing_since`
    and `failure` (JSON of a problem) tell of messages that could not be sent; nothing where all is well.
    """

    name: str
    kind: str
    occasions: str
    language: str
    added_at: datetime
    added_by: str
    told_at: datetime | None = None
    tries: int = 0
    next_try_at: datetime | None = None
    failing_since: datetime | None = None
    failure: str = ""


class Identity(NamedTuple):
    """What makes something that is told one and the same."""

    occasion: str
    connection: str
    subject: str


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something that is the case and concerns a place; `settled_at` is when it was told."""

    identity: Identity
    since: datetime
    settled_at: datetime | None = None


_COLUMNS = [notice_places.c[name] for name in PlaceRow.__dataclass_fields__]


def add_place(connection: Connection, row: PlaceRow) -> bool:
    """Add a place; False where its name is taken."""
    return add_row(
        connection, notice_places, {name: getattr(row, name) for name in PlaceRow.__dataclass_fields__}
    )


def change_place(connection: Connection, name: str, occasions: str, language: str) -> bool:
    """Change of what and how a place is told; False where there is none of this name."""
    query = update(notice_places).where(notice_places.c.name == name)
    return connection.execute(query.values(occasions=occasions, language=language)).rowcount > 0


def places(connection: Connection) -> list[PlaceRow]:
    """All places, by name."""
    rows = connection.execute(select(*_COLUMNS).order_by(notice_places.c.name))
    return [PlaceRow(*row) for row in rows]


def place(connection: Connection, name: str) -> PlaceRow | None:
    """A place; None where there is none of this name."""
    row = connection.execute(select(*_COLUMNS).where(notice_places.c.name == name)).first()
    return None if row is None else PlaceRow(*row)


def is_any(connection: Connection) -> bool:
    """Whether there is any place."""
    return connection.execute(select(notice_places.c.name).limit(1)).first() is not None


def hold(connection: Connection, name: str) -> bool:
    """Keep others from removing a place before the transaction ends; False where there is none."""
    query = select(notice_places.c.name).where(notice_places.c.name == name).with_for_update()
    return connection.execute(query).first() is not None


def remove_place(connection: Connection, name: str) -> bool:
    """Forget a place and what it was told; whether there was one."""
    if not hold(connection, name):
        return False
    connection.execute(delete(notices).where(notices.c.place == name))
    connection.execute(delete(notice_places).where(notice_places.c.name == name))
    return True


def known(connection: Connection, name: str) -> list[NoticeRow]:
    """What is the case and was told to a place, or is to be."""
    columns = (notices.c.occasion, notices.c.connection, notices.c.subject)
    query = select(*columns, notices.c.since, notices.c.settled_at).where(notices.c.place == name)
    rows = connection.execute(query.order_by(*columns))
    return [NoticeRow(Identity(*row[:3]), row[3], row[4]) for row in rows]


def note(connection: Connection, name: str, new: Sequence[Identity], now: datetime) -> None:
    """Note what a place is to be told."""
    rows = [{"place": name, **one._asdict(), "since": now} for one in new]
    if rows:
        connection.execute(insert(notices), rows)


def forget(connection: Connection, name: str, over: Iterable[Identity]) -> None:
    """Forget what is over, so that it is told again where it comes back."""
    for one in over:
        connection.execute(delete(notices).where(_is(name, one)))


def settle(connection: Connection, name: str, settled: Iterable[Identity], now: datetime) -> None:
    """Note that a place was told."""
    for one in settled:
        connection.execute(update(notices).where(_is(name, one)).values(settled_at=now))


def reached(connection: Connection, name: str, now: datetime | None) -> None:
    """Note that a place can be reached; `now` where it was told something."""
    values = {"tries": 0, "next_try_at": None, "failing_since": None, "failure": ""}
    more = {} if now is None else {"told_at": now}
    connection.execute(update(notice_places).where(notice_places.c.name == name).values(**values, **more))


def missed(connection: Connection, row: PlaceRow, failure: str, now: datetime, next_try_at: datetime) -> None:
    """Note that a message did not reach a place, and when the next one is tried."""
    since = row.failing_since or now
    values = {"tries": row.tries + 1, "next_try_at": next_try_at, "failing_since": since, "failure": failure}
    connection.execute(update(notice_places).where(notice_places.c.name == row.name).values(**values))


def _is(name: str, one: Identity) -> ColumnElement[bool]:
    return and_(
        notices.c.place == name,
        notices.c.occasion == one.occasion,
        notices.c.connection == one.connection,
        notices.c.subject == one.subject,
    )
