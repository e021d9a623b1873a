"""States of a connection: what is noted of it when something goes wrong, and when it works again."""

from __future__ import annotations

from mlconnector.errors import ConnectorError
from mlconnector.flow.context.context import Context
from mlconnector.store import connections
from mlconnector.store.audit import append

BREAKER_OPEN = "breaker_open"
NOT_CHECKED = "login_not_checked"


def refuse_while_disconnected(context: Context) -> None:
    """Raise NeedsHuman (`disconnected`) for a connection that is disconnected: nothing is asked for it."""
    context.services.refuse_while_disconnected(context.name)


def breaker_is_open(row: connections.ConnectionRow) -> bool:
    """Whether work for a connection rests until a person lets it go on."""
    return row.state == "degraded" and row.state_reason == BREAKER_OPEN


def is_of_app(row: connections.ConnectionRow, system: str) -> bool:
    """Whether a system does not accept the app itself, e.g. after its secret was rotated."""
    return row.state == "degraded" and row.state_reason.endswith(f":system={system}")


def ready(context: Context) -> None:
    """Note that a connection works again after something had been wrong with it.

    Who had to log in to the sink still has to, unless the sink was asked and has answered; and an app that it
    refused still is, unless it gives it tokens.
    """
    with context.read() as db:
        row = connections.read(db, context.name)
    if is_of_app(row, context.settings.sink_system.name) and not _has_tokens(context):
        return
    of_source = row.state_reason.startswith(f"{row.source}: ")
    of_login = row.state == "needs_login" or row.state_reason == NOT_CHECKED
    if not of_login or of_source or context.has_facts:
        note_state(context, "ready", "")


def _has_tokens(context: Context) -> bool:
    """Whether the sink lets us in now; asking it renews a login that is about to end."""
    try:
        context.tokens(context.settings.sink_system.name).current()
    except ConnectorError:
        return False
    return True


def note_state(
    context: Context,
    state: connections.ConnectionState,
    reason: str,
    facts: dict[str, str] | None = None,
) -> None:
    """Note a connection's state with its reason, and in the audit trail when that is new.

    A pause stays one, and what rests until a person lets it go on does.
    """
    with context.write() as db:
        if breaker_is_open(connections.read(db, context.name)):
            return
        if connections.set_state(db, context.name, state, reason, context.now(), unless="paused"):
            detail = {"state": state, "reason": reason, "facts": facts or {}}
            append(db, [context.event(context.name, "connection_state", detail)], context.now())
