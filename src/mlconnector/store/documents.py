"""Documents under their GUID: stored before they are sent, noted as sending, then as filed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    and_,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    union,
    update,
)

from mlconnector.store.sets import parts
from mlconnector.store.tables import documents, entries

DocumentState = Literal["stored", "sending", "filed", "refused"]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as it stands in the database; `content` is None once it is no longer needed."""

    guid: str
    voucher: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    state: DocumentState
    content: bytes | None


class NewDocument(TypedDict):
    """A document with its bytes, before it is sent; `attachment` names it in its source."""

    guid: str
    connection: str
    client: str
    voucher: str
    revision: str
    attachment: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    content: bytes
    state: DocumentState
    changed_at: datetime


_COLUMNS = [documents.c[name] for name in DocumentRow.__dataclass_fields__]


def known(connection: Connection, guids: Sequence[str]) -> set[str]:
    """Which of these GUIDs are stored already."""
    found: set[str] = set()
    for part in parts(guids):
        query = select(documents.c.guid).where(documents.c.guid.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def read(connection: Connection, guid: str) -> DocumentRow | None:
    """A document by its GUID."""
    row = connection.execute(select(*_COLUMNS).where(documents.c.guid == guid)).first()
    return None if row is None else DocumentRow(*row)


def file_names(connection: Connection, guids: Sequence[str]) -> dict[str, str]:
    """The names of documents by their GUIDs."""
    found: dict[str, str] = {}
    for part in parts(guids):
        query = select(documents.c.guid, documents.c.file_name).where(documents.c.guid.in_(part))
        found.update({row.guid: row.file_name for row in connection.execute(query)})
    return found


def insert_documents(connection: Connection, rows: Sequence[NewDocument]) -> None:
    """Store documents with their bytes."""
    if rows:
        connection.execute(insert(documents), list(rows))


def filed(connection: Connection, vouchers: Sequence[str]) -> dict[tuple[str, str], str]:
    """The GUIDs under which documents of these vouchers are filed, by voucher and hash of the bytes."""
    found: dict[tuple[str, str], str] = {}
    for part in parts(vouchers):
        query = select(documents.c.voucher, documents.c.sha256, documents.c.guid).where(
            documents.c.voucher.in_(part), documents.c.state == "filed"
        )
        found.update({(row.voucher, row.sha256): row.guid for row in connection.execute(query)})
    return found


def to_file(connection: Connection, batch: str, limit: int) -> list[DocumentRow]:
    """Documents of a batch that are not filed yet, with their bytes."""
    query = (
        select(*_COLUMNS)
        .where(documents.c.guid.in_(_of_batch(batch)), documents.c.state.in_(["stored", "sending"]))
        .order_by(documents.c.guid)
        .limit(limit)
    )
    return [DocumentRow(*row) for row in connection.execute(query)]


def not_filed(connection: Connection, batch: str) -> list[str]:
    """The GUIDs of a batch's documents that DATEV does not have."""
    wanted = set(connection.execute(_of_batch(batch)).scalars())
    query = select(documents.c.guid).where(
        documents.c.guid.in_(_of_batch(batch)), documents.c.state == "filed"
    )
    return sorted(wanted - set(connection.execute(query).scalars()))


def states_in_batch(connection: Connection, name: str, batch: str) -> dict[str, int]:
    """How many documents of a batch of a connection are in which state."""
    query = (
        select(documents.c.state, func.count())
        .where(documents.c.guid.in_(_of_batch(batch, entries.c.connection == name)))
        .group_by(documents.c.state)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def states_of(connection: Connection, vouchers: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many documents of these vouchers are in which state, by our key."""
    found: dict[str, dict[str, int]] = {}
    for part in parts(vouchers):
        query = (
            select(documents.c.voucher, documents.c.state, func.count())
            .where(documents.c.voucher.in_(part))
            .group_by(documents.c.voucher, documents.c.state)
        )
        for voucher, state, count in connection.execute(query):
            found.setdefault(voucher, {})[state] = count
    return found


def vouchers_named(connection: Connection, text: str, guid: str, most: int) -> set[str]:
    """The vouchers that have a document with this GUID, or with this text in its file name."""
    named = [documents.c.file_name.icontains(text, autoescape=True)] if text else []
    query = select(documents.c.voucher).where(or_(*named, documents.c.guid == guid)).limit(most)
    return set(connection.execute(query).scalars())


def of_voucher(connection: Connection, voucher: str) -> list[DocumentRow]:
    """The documents of a voucher, without their bytes."""
    named = [column if column.name != "content" else null() for column in _COLUMNS]
    query = select(*named).where(documents.c.voucher == voucher).order_by(documents.c.changed_at)
    return [DocumentRow(*row) for row in connection.execute(query)]


def _of_batch(batch: str, *more: ColumnElement[bool]) -> CompoundSelect[Any]:
    """The GUIDs of the documents that a batch links, and of those that belong to the same bookings.

    A voucher with a PDF and an XML invoice has two documents, and its booking links one of them.
    """
    of_batch = (entries.c.batch == batch, entries.c.document.is_not(None), *more)
    linked = select(entries.c.document).where(*of_batch)
    beside = select(documents.c.guid).join(entries, _books()).where(*of_batch)
    return union(linked, beside)


def _books() -> ColumnElement[bool]:
    """Whether an entry books the revision of the voucher that a document belongs to."""
    return and_(
        entries.c.voucher == documents.c.voucher,
        entries.c.revision == documents.c.revision,
        entries.c.kind == "original",
    )


def set_state(connection: Connection, guids: Sequence[str], state: DocumentState, now: datetime) -> None:
    """Note how far documents are."""
    for part in parts(guids):
        connection.execute(
            update(documents).where(documents.c.guid.in_(part)).values(state=state, changed_at=now)
        )


def bring_back(connection: Connection, rows: Sequence[NewDocument]) -> None:
    """Give known documents their bytes again, because they are to be sent once more; their states stay."""
    for row in rows:
        names = ("file_name", "media_type", "size", "sha256", "content")
        values = {name: value for name, value in row.items() if name in names}
        connection.execute(update(documents).where(documents.c.guid == row["guid"]).values(values))


def drop_content(connection: Connection, guids: Sequence[str]) -> None:
    """Drop the bytes of documents that arrived; their hashes stay."""
    for part in parts(guids):
        connection.execute(update(documents).where(documents.c.guid.in_(part)).values(content=None))


def let_go_of_content(connection: Connection, batch: str) -> None:
    """Drop the bytes of documents that arrived with a batch; their hashes stay."""
    connection.execute(
        update(documents)
        .where(documents.c.guid.in_(_of_batch(batch)), documents.c.state == "filed")
        .values(content=None)
    )


def drop_unsent(connection: Connection, vouchers: Sequence[str]) -> None:
    """Delete documents that DATEV does not have and that belong to no booking any more."""
    for part in parts(vouchers):
        linking = (entries.c.voucher.in_(part), entries.c.document.is_not(None))
        linked = select(entries.c.document).where(*linking)
        beside = select(documents.c.guid).join(entries, _books()).where(*linking)
        connection.execute(
            delete(documents).where(
                documents.c.voucher.in_(part),
                documents.c.state.in_(["stored", "refused"]),
                documents.c.guid.not_in(union(linked, beside)),
            )
        )


def counts(connection: Connection) -> dict[str, int]:
    """How many documents are in which state."""
    query = select(documents.c.state, func.count()).group_by(documents.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}
