"""Set-up: a connection is set up, changed, or disconnected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff

from sqlalchemy import Connection

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.confirmation import confirm_by_file
from mlconnector.flow.batches.channels import check_channels, recall_unsent
from mlconnector.flow.connect.revocation import revoke_leftovers
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import (
    current_tokens,
    earlier_secret_name,
    leftover_name,
    put_login_aside,
)
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.model.problems import Problem
from mlconnector.store import connections, logins
from mlconnector.store.audit import AuditEvent, append
from mlconnector.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Connected:
    """How a connection was set up or changed.

    `changes` are the lines that went from the settings, `- …`, and those that came, `+ …`.
    """

    new: bool
    changes: tuple[str, ...]
    credentials: tuple[str, ...]


def connect(services: Services, settings: ConnectionSettings, secrets: Mapping[str, str]) -> Connected:
    """Set a connection up or change it, all or nothing.

    `secrets` are given by `<system>.<name>`, e.g. `pipedrive.api_token`. Raises NeedsHuman when a change
    would move the connection to another client or source: what was sent could not be recognised then.
    """
    now, name = services.now(), settings.name
    given = sorted(secrets)
    detail = {"mapping": settings.rules.fingerprint(), "text": settings.text, "given": given}
    with services.database.write() as db:
        existing = connections.find(db, name)
        check_channels(db, settings)
        if existing is None:
            connections.create(db, name, settings.source_system.name, settings.client, settings.text, now)
            events = [AuditEvent(name, name, "connected", detail)]
        elif (existing.source, existing.client) != (settings.source_system.name, settings.client):
            facts = {"name": name, "source": existing.source, "client": existing.client}
            raise NeedsHuman(Problem("connection_identity", facts))
        elif existing.settings != settings.text:
            connections.update(db, name, settings.text, now)
            events = [AuditEvent(name, name, "settings_changed", detail)]
            events += recall_unsent(services, db, settings)
        else:
            events = [AuditEvent(name, name, "sealed", {"given": given})] if given else []
        for key, secret in secrets.items():
            _put_secret(services.vault, db, name, key, secret)
        if existing is None or existing.settings != settings.text:
            events += confirm_by_file(db, settings, now)
        append(db, events, now)
    services.forget_client(settings.client)
    changes = () if existing is None else difference(existing.settings, settings.text)
    return Connected(existing is None, changes, tuple(given))


def difference(before: str, after: str) -> tuple[str, ...]:
    """The lines that went from a text, as `- …`, and those that came, as `+ …`, in their order."""
    lines = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return tuple(f"{line[0]} {line[1:].rstrip()}" for line in lines if line[0] in "+-" and line[1:].strip())


def missing_secrets(services: Services, settings: ConnectionSettings) -> list[str]:
    """Credentials that were not given yet, by `<system>.<name>`."""
    given = set(services.vault.names(settings.name))
    wanted = [f"{system}.{name}" for system, names in settings.secrets.items() for name in names]
    return [name for name in wanted if name not in given]


def disconnect(context: Context) -> list[str]:
    """Revoke and delete all credentials of a connection and pause it; returns what could not be revoked.

    That is put aside, and tried again once a day. Links to the connection, and logins of it that were begun,
    are worth nothing afterwards.
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
        append(db, [context.event(name, "disconnected", {})], context.now())
    context.forget()
    reasons = [(system, revoke_leftovers(context, system)) for system in systems]
    failed = [f"{system}: {reason}" for system, reason in reasons if reason]
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
