"""Documents under their GUID: stored before they are sent, noted as sending, then as filed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from mlconnector.store.sets import parts
from mlconnector.store.tables import documents, entries


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as it stands in the database; `content` is None once it is no longer needed."""

    guid: str
    voucher: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    state: str
    content: bytes | None


_COLUMNS = [documents.c[name] for name in DocumentRow.__dataclass_fields__]


def known(connection: Connection, guids: Sequence[str]) -> set[str]:
    """Which of these GUIDs are stored already."""
    found: set[str] = set()
    for part in parts(guids):
        query = select(documents.c.guid).where(documents.c.guid.in_(part))
        found.update(connection.execute(query).scalars())
    return found


def insert_documents(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
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
    """Documents that a batch links and that are not filed yet, with their bytes."""
    wanted = select(entries.c.document).where(entries.c.batch == batch, entries.c.document.is_not(None))
    query = (
        select(*_COLUMNS)
        .where(documents.c.guid.in_(wanted), documents.c.state.in_(["stored", "sending"]))
        .order_by(documents.c.guid)
        .limit(limit)
    )
    return [DocumentRow(*row) for row in connection.execute(query)]


def not_filed(connection: Connection, batch: str) -> list[str]:
    """The GUIDs that a batch links and that DATEV does not have."""
    wanted = select(entries.c.document).where(entries.c.batch == batch, entries.c.document.is_not(None))
    filed = select(documents.c.guid).where(documents.c.guid.in_(wanted), documents.c.state == "filed")
    missing = wanted.where(entries.c.document.not_in(filed)).distinct()
    return list(connection.execute(missing).scalars())


def set_state(connection: Connection, guids: Sequence[str], state: str, now: datetime) -> None:
    """Note how far documents are."""
    for part in parts(guids):
        connection.execute(
            update(documents).where(documents.c.guid.in_(part)).values(state=state, changed_at=now)
        )


def let_go_of_content(connection: Connection, batch: str) -> None:
    """Drop the bytes of documents that arrived with a batch; their hashes stay."""
    wanted = select(entries.c.document).where(entries.c.batch == batch, entries.c.document.is_not(None))
    connection.execute(
        update(documents)
        .where(documents.c.guid.in_(wanted), documents.c.state == "filed")
        .values(content=None)
    )


def drop_unsent(connection: Connection, vouchers: Sequence[str]) -> None:
    """Delete documents that DATEV does not have and that no booking links any more."""
    for part in parts(vouchers):
        used = select(entries.c.document).where(entries.c.voucher.in_(part), entries.c.document.is_not(None))
        connection.execute(
            delete(documents).where(
                documents.c.voucher.in_(part),
                documents.c.state.in_(["stored", "refused"]),
                documents.c.guid.not_in(used),
            )
        )


def counts(connection: Connection) -> dict[str, int]:
    """How many documents are in which state."""
    query = select(documents.c.state, func.count()).group_by(documents.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}
