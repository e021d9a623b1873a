"""What one person has asked for and another one has to approve."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, select

from mlconnector.store.tables import approvals
from mlconnector.store.upsert import put_row

Kind = Literal["release", "resend"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: of a connection by its name, or of a batch by its id, by whom and when.

    `seal` says what would be let go; `detail` is what else was said.
    """

    kind: Kind
    about: str
    connection: str
    by: str
    at: datetime
    seal: str
    detail: dict[str, Any]

    @property
    def title(self) -> str:
        """What people call it: the file of a batch, else the connection."""
        return str(self.detail.get("file") or self.about)


def ask(connection: Connection, asked: Asked) -> None:
    """Keep what was asked for, in the place of what was asked for the same before."""
    row = {
        "kind": asked.kind,
        "about": asked.about,
        "connection": asked.connection,
        "asked_by": asked.by,
        "asked_at": asked.at,
        "seal": asked.seal,
        "detail": json.dumps(asked.detail, ensure_ascii=False),
    }
    put_row(connection, approvals, row)


def find(connection: Connection, kind: Kind, about: str) -> Asked | None:
    """What was asked for; None where nothing was."""
    mine = (approvals.c.kind == kind, approvals.c.about == about)
    row = connection.execute(select(approvals).where(*mine)).first()
    return None if row is None else _asked(row)


def every(connection: Connection, name: str | None = None) -> list[Asked]:
    """Everything that was asked for, of one connection or all, the oldest first."""
    query = select(approvals).order_by(approvals.c.asked_at, approvals.c.about)
    if name is not None:
        query = query.where(approvals.c.connection == name)
    return [_asked(row) for row in connection.execute(query)]


def take(connection: Connection, asked: Asked) -> bool:
    """Use up what was asked for; whether it still was there, and the same."""
    mine = (approvals.c.kind == asked.kind, approvals.c.about == asked.about)
    same = (approvals.c.asked_by == asked.by, approvals.c.seal == asked.seal)
    return connection.execute(delete(approvals).where(*mine, *same)).rowcount == 1


def forget(connection: Connection, name: str) -> int:
    """Forget what was asked for of a connection; how much there was."""
    return connection.execute(delete(approvals).where(approvals.c.connection == name)).rowcount


def _asked(row: Row[Any]) -> Asked:
    kept = (row.kind, row.about, row.connection, row.asked_by, row.asked_at, row.seal)
    return Asked(*kept, json.loads(row.detail))
