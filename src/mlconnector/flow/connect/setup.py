"""Set-up: a connection is set up, changed, or disconnected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.confirmation import confirm_by_file
from mlconnector.flow.agree.release import withdrawn
from mlconnector.flow.batches.channels import check_channels, recall_unsent
from mlconnector.flow.connect.revocation import revoke_leftovers
from mlconnector.flow.context.agreed import read_agreed
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import (
    current_tokens,
    earlier_secret_name,
    leftover_name,
    put_login_aside,
)
from mlconnector.flow.context.services import STORED_SETTINGS_REFUSED, Services
from mlconnector.flow.context.settings import ConnectionSettings, read_connection
from mlconnector.flow.context.states import is_of_app
from mlconnector.model.problems import Problem
from mlconnector.settings import UnreadableSettings
from mlconnector.store import connections, logins
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.connections import ConnectionRow
from mlconnector.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Connected:
    """How a connection was set up or changed.

    `changes` are the lines that went from the settings, `- …`, and those that came, `+ …`. `release_lost`
    says that the connection was released until now, for another account of its source.
    """

    new: bool
    changes: tuple[str, ...]
    credentials: tuple[str, ...]
    release_lost: bool = False


def connect(
    services: Services,
    settings: ConnectionSettings,
    secrets: Mapping[str, str],
    by: str = "",
    *,
    confirms: bool = True,
) -> Connected:
    """Set a connection up or change it, all or nothing.

    `secrets` are given by `<system>.<name>`, e.g. `pipedrive.api_token`. One that is disconnected has to be
    logged in to and released again. Raises NeedsHuman when a change would move the connection to another
    client or source system: what was sent could not be recognised then; and where `[books]` names no day from
    which on is booked (`begin_missing`). `confirms` says whether `confirmed_by` in the settings is the word
    of whoever changes them.
    """
    now, name = services.now(), settings.name
    given = sorted(secrets)
    who = {"by": by} if by else {}
    detail = {"mapping": settings.rules.fingerprint(), "text": settings.text, "given": given, **who}
    lost: list[AuditEvent] = []
    with services.database.write() as db:
        existing = connections.find(db, name)
        if begin_is_missing(db, settings):
            raise NeedsHuman(Problem("begin_missing", {"name": name}))
        check_channels(db, settings)
        if existing is None:
            connections.create(db, name, settings.source_system.name, settings.client, settings.text, now)
            events = [AuditEvent(name, name, "connected", detail)]
        elif (existing.source, existing.client) != (settings.source_system.name, settings.client):
            facts = {"name": name, "source": existing.source, "client": existing.client}
            raise NeedsHuman(Problem("connection_identity", facts))
        elif existing.settings != settings.text:
            if _moves(db, existing, settings):
                lost = withdrawn(db, name, by, "source_account")
            connections.update(db, name, settings.text, now)
            events = [AuditEvent(name, name, "settings_changed", detail), *lost]
            events += recall_unsent(services, db, settings)
            if existing.state_reason == STORED_SETTINGS_REFUSED:
                connections.set_state(db, name, "ready", "", now, unless="paused")
        else:
            events = [AuditEvent(name, name, "sealed", {"given": given, **who})] if given else []
        if existing is not None and existing.is_disconnected:
            connections.set_state(db, name, "needs_login", "", now)
            events.append(AuditEvent(name, name, "connected", {**detail, "again": True}))
        for key, secret in secrets.items():
            _put_secret(services.vault, db, name, key, secret)
        given_to = {key.partition(".")[0] for key in secrets}
        if existing is not None and any(is_of_app(existing, system) for system in given_to):
            # Whether they are accepted shows at the next attempt, which need not wait any more.
            connections.set_state(db, name, "ready", "", now)
            noted = {"state": "ready", "reason": "", "facts": {}}
            events.append(AuditEvent(name, name, "connection_state", noted))
        if confirms and (existing is None or existing.settings != settings.text):
            events += confirm_by_file(db, settings, now)
        append(db, events, now)
    services.forget_client(settings.client)
    changes = () if existing is None else difference(existing.settings, settings.text)
    return Connected(existing is None, changes, tuple(given), bool(lost))


def begin_is_missing(db: Connection, settings: ConnectionSettings) -> bool:
    """Whether nobody has said from which document date on is booked.

    A connection that was set up before that was asked for stays as it is; one that has a day keeps one.
    """
    if settings.rules.books.begin is not None:
        return False
    existing = connections.find(db, settings.name)
    if existing is None:
        return True
    before = _stored(db, existing)
    return before is not None and before.rules.books.begin is not None


def _moves(db: Connection, existing: ConnectionRow, settings: ConnectionSettings) -> bool:
    """Whether settings point to another account of the source than those that are stored."""
    before, system = _stored(db, existing), settings.source_system
    return before is None or system.account(before.source) != system.account(settings.source)


def _stored(db: Connection, existing: ConnectionRow) -> ConnectionSettings | None:
    """The settings of a connection as they are stored; None where this version cannot read them."""
    try:
        return read_connection(existing.settings, existing.name, lambda client: read_agreed(db, client))
    except UnreadableSettings:
        return None


def difference(before: str, after: str) -> tuple[str, ...]:
    """The lines that went from a text, as `- …`, and those that came, as `+ …`, in their order."""
    lines = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return tuple(f"{line[0]} {line[1:].rstrip()}" for line in lines if line[0] in "+-" and line[1:].strip())


def missing_secrets(services: Services, settings: ConnectionSettings) -> list[str]:
    """Credentials that were not given yet, by `<system>.<name>`."""
    given = set(services.vault.names(settings.name))
    return [name for name in settings.secret_names if name not in given]


def disconnect(context: Context, by: str = "") -> list[str]:
    """Revoke and delete all credentials of a connection and pause it; returns what could not be revoked.

    That is put aside, and tried again once a day; nothing else is asked for the connection any more. Its
    release, its links, and the logins that were begun for it end at once.
    """
    vault, name, systems = context.vault, context.name, context.settings.systems
    with context.write() as db:
        connections.hold(db, name)
        logins.forget(db, name)
        for system in systems:
            put_login_aside(vault, db, name, system)
        kept = {leftover_name(system) for system in systems}
        for secret in sorted(set(vault.names_within(db, name)) - kept):
            vault.delete_within(db, name, secret)
        connections.set_state(db, name, "paused", "disconnected", context.now())
        append(db, withdrawn(db, name, by, "disconnected"), context.now())
        append(db, [context.event(name, "disconnected", {"by": by})], context.now())
    context.forget()
    failures = [(system, revoke_leftovers(context, system)) for system in systems]
    failed = [f"{system}: {failure.said}" for system, failure in failures if failure is not None]
    if failed:
        with context.write() as db:
            append(db, [context.event(name, "login_not_ended", {"not_revoked": failed})], context.now())
    return failed


def given_secrets(context: Context) -> list[str]:
    """The credentials that were given for a connection, by `<system>.<name>`."""
    wanted = [f"{system}.{name}" for system, names in context.settings.secrets.items() for name in names]
    given = set(context.vault.names(context.name))
    return [name for name in wanted if name in given]


def _put_secret(vault: Vault, db: Connection, name: str, key: str, secret: str) -> None:
    """Seal a credential; an app's secret that it replaces is kept while a login of that app is open."""
    system, _, kind = key.partition(".")
    before = vault.get_within(db, name, key) if kind == "client_secret" else None
    if before not in {None, "", secret} and current_tokens(vault, db, name, system) is not None:
        vault.put_within(db, name, earlier_secret_name(system), before or "")
    vault.put_within(db, name, key, secret)
