"""Four eyes: what one person asks for goes when another one has approved just that.

It is a setting of the installation and not of a connection: whoever may change a connection may release it,
and would lift it alone.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.context.services import Services
from mlconnector.model.problems import Problem
from mlconnector.store import approvals
from mlconnector.store.approvals import Asked, Kind
from mlconnector.store.audit import AuditEvent, append


def are_wanted(services: Services) -> bool:
    """Whether a second person has to approve a release, or a second transfer."""
    return services.settings.four_eyes


def ask(db: Connection, asked: Asked, **told: Any) -> None:
    """Keep what somebody asks for until another one approves it, and tell the audit trail."""
    approvals.ask(db, asked)
    detail = {"by": asked.by, **asked.detail, **told}
    event = "release_asked" if asked.kind == "release" else "resend_asked"
    append(db, [AuditEvent(asked.connection, asked.about, event, detail)], asked.at)


def open_request(services: Services, kind: Kind, about: str) -> Asked | None:
    """What waits for a second person about this; None for nothing."""
    with services.database.read() as db:
        return approvals.find(db, kind, about)


def asked_of(services: Services, wanted: str, kind: Kind | None = None) -> Asked:
    """What was asked for of a connection or a batch. Raises NeedsHuman (`approval_not_asked`)."""
    with services.database.read() as db:
        every = [one for one in approvals.every(db) if kind in {None, one.kind}]
    found = [one for one in every if wanted in {one.about, one.detail.get("file")}]
    if not found:
        raise NeedsHuman(Problem("approval_not_asked", {"about": wanted}))
    return found[0]


def refuse_nobody(services: Services) -> None:
    """Raise NeedsHuman (`four_eyes_no_person`) for a program, of which nobody knows who is behind it.

    Whoever has the token of the API could ask by it, and approve under the own name.
    """
    if are_wanted(services):
        raise NeedsHuman(Problem("four_eyes_no_person"))


def refuse_same(asked: Asked, by: str) -> None:
    """Raise NeedsHuman (`approval_by_same`) where whoever approves has asked for it."""
    if _who(asked.by) == _who(by):
        raise NeedsHuman(Problem("approval_by_same", {"about": asked.title, "by": by}))


def take(db: Connection, asked: Asked) -> None:
    """Use up what was asked for. Raises NeedsHuman (`approval_not_asked`) where it is gone meanwhile."""
    if not approvals.take(db, asked):
        raise NeedsHuman(Problem("approval_not_asked", {"about": asked.title}))


def refuse_changed(services: Services, asked: Asked, seal: str) -> None:
    """Let what was asked for lapse where something else would go by now, and raise `approval_lapsed`."""
    if asked.seal == seal:
        return
    with services.database.write() as db:
        if approvals.take(db, asked):
            detail = {"kind": asked.kind, "asked_by": asked.by}
            append(db, [AuditEvent(asked.connection, asked.about, "approval_lapsed", detail)], services.now())
    raise NeedsHuman(Problem("approval_lapsed", {"about": asked.title, "asked_by": asked.by}))


def decline(services: Services, asked: Asked, by: str) -> None:
    """Take back what was asked for, as whoever asked, or as whoever does not approve it."""
    with services.database.write() as db:
        take(db, asked)
        detail = {"kind": asked.kind, "asked_by": asked.by, "by": by}
        append(db, [AuditEvent(asked.connection, asked.about, "approval_declined", detail)], services.now())


def _who(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()
