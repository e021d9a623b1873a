"""Set-up: a connection is set up, changed, or disconnected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff

from mlconnector.errors import NeedsHuman
from mlconnector.flow.agree.confirmation import confirm_by_file
from mlconnector.flow.batches.channels import check_channels, recall_unsent
from mlconnector.flow.connect.revocation import end_login, leftover_name, revoke_leftovers
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.flow.context.states import is_of_app
from mlconnector.model.problems import Problem
from mlconnector.store import connections
from mlconnector.store.audit import AuditEvent, append


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
            services.vault.put_within(db, name, key, secret)
        given_to = {key.partition(".")[0] for key in secrets}
        if existing is not None and any(is_of_app(existing, system) for system in given_to):
            # Whether they are accepted shows at the next attempt, which need not wait any more.
            connections.set_state(db, name, "ready", "", now)
            noted = {"state": "ready", "reason": "", "facts": {}}
            events.append(AuditEvent(name, name, "connection_state", noted))
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

    That is put aside, and revoked as soon as the issuer answers.
    """
    failed = []
    systems = context.settings.systems
    for system in systems:
        failure = end_login(context, system) or revoke_leftovers(context, system)
        if failure is not None:
            failed.append(f"{system}: {failure.said}")
    kept = {leftover_name(system) for system in systems}
    for secret in sorted(set(context.vault.names(context.name)) - kept):
        context.vault.delete(context.name, secret)
    context.forget()
    with context.write() as db:
        connections.set_state(db, context.name, "paused", "disconnected", context.now())
        append(db, [context.event(context.name, "disconnected", {"not_revoked": failed})], context.now())
    return failed
