"""States of a connection: what is noted of it when something goes wrong, and when it works again."""

from __future__ import annotations

from mlconnector.flow.context.services import Services
from mlconnector.store import connections
from mlconnector.store.audit import AuditEvent, append

BREAKER_OPEN = "breaker_open"
NOT_CHECKED = "login_not_checked"


def breaker_is_open(row: connections.ConnectionRow) -> bool:
    """Whether work for a connection rests until a person lets it go on."""
    return row.state == "degraded" and row.state_reason == BREAKER_OPEN


def ready(services: Services, name: str) -> None:
    """Note that a connection works again after something had been wrong with it.

    Who had to log in to DATEV still has to, unless DATEV was asked and has answered.
    """
    with services.database.read() as db:
        row = connections.read(db, name)
    of_source = row.state_reason.startswith(f"{row.source}: ")
    of_login = row.state == "needs_login" or row.state_reason == NOT_CHECKED
    if not of_login or of_source or services.has_facts(name):
        note_state(services, name, "ready", "")


def note_state(
    services: Services,
    name: str,
    state: connections.ConnectionState,
    reason: str,
    facts: dict[str, str] | None = None,
) -> None:
    """Note a connection's state with its reason, and in the audit trail when that is new.

    A pause stays one, and what rests until a person lets it go on does.
    """
    with services.database.write() as db:
        if breaker_is_open(connections.read(db, name)):
            return
        if connections.set_state(db, name, state, reason, services.now(), unless="paused"):
            detail = {"state": state, "reason": reason, "facts": facts or {}}
            append(db, [AuditEvent(name, name, "connection_state", detail)], services.now())
