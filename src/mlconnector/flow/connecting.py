"""Connecting: a connection is set up or changed, logged in, checked, disconnected."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff

import msgspec

from mlconnector.errors import Broken, ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.connection import ConnectionSettings
from mlconnector.flow.services import Services
from mlconnector.flow.tokens import token_name
from mlconnector.model.problems import Problem
from mlconnector.store import connections, logins
from mlconnector.store.audit import AuditEvent, append
from mlconnector.systems.checks import CheckStep
from mlconnector.systems.datev import issued_by
from mlconnector.systems.oauth import (
    OAuthModel,
    PendingLogin,
    Tokens,
    begin_login,
    explain_token_answer,
    finish_login,
    revoke,
)

log = logging.getLogger(__name__)


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
        if existing is None:
            connections.create(db, name, settings.system.name, settings.client, settings.text, now)
            events = [AuditEvent(name, name, "connected", detail)]
        elif (existing.source, existing.client) != (settings.system.name, settings.client):
            facts = {"name": name, "source": existing.source, "client": existing.client}
            raise NeedsHuman(Problem("connection_identity", facts))
        elif existing.settings != settings.text:
            connections.update(db, name, settings.text, now)
            events = [AuditEvent(name, name, "settings_changed", detail)]
        else:
            events = [AuditEvent(name, name, "sealed", {"given": given})] if given else []
        for key, secret in secrets.items():
            services.vault.put_within(db, name, key, secret)
        append(db, events, now)
    services.forget(name)
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


@dataclass(frozen=True, slots=True)
class Login:
    """The login of a connection to a system, as far as we know: until when, and whose; None for never yet."""

    system: str
    until: datetime | None
    by: str
    needed: bool


def systems_with_login(services: Services, name: str) -> list[str]:
    """The systems of a connection that a person has to log in to. DATEV is one without being asked."""
    source = services.connection(name).system.name
    return [*([source] if services.oauth(name, source) is not None else []), "datev"]


def logins_of(services: Services, name: str) -> list[Login]:
    """How a connection is logged in to the systems that want it."""
    with services.database.read() as db:
        row = connections.read(db, name)
    refused = row.state_reason.partition(":")[0] if row.state == "needs_login" else ""
    return [_login(services, name, system, refused) for system in systems_with_login(services, name)]


def _login(services: Services, name: str, system: str, refused: str) -> Login:
    text = services.vault.get(name, token_name(system))
    if text is None:
        return Login(system, None, "", needed=True)
    tokens = msgspec.json.decode(text, type=Tokens)
    ended = tokens.refresh_expires_at <= services.now()
    by = str(tokens.extra.get("issued_by", ""))
    return Login(system, tokens.refresh_expires_at, by, needed=ended or refused == system)


def begin(services: Services, name: str, system: str, redirect_uri: str) -> str:
    """Begin a login and return the address for the browser; tokens of an earlier one are revoked first.

    DATEV allows no more than one refresh token for a connection at a time.
    """
    model = services.oauth(name, system)
    if model is None:
        raise NeedsHuman(Problem("login_not_needed", {"name": name, "system": system}))
    if _revoke(services, name, system):
        with services.database.write() as db:
            reason = f"{system}: a login was begun, and is not finished yet"
            connections.set_state(db, name, "needs_login", reason, services.now(), unless="paused")
    pending, address = begin_login(model, redirect_uri)
    logins.begin(services.vault, name, system, pending.state, msgspec.json.encode(pending))
    return address


def finish(services: Services, state: str, code: str) -> tuple[str, str]:
    """Finish the login with this state; returns connection and system. Raises NeedsLogin."""
    taken = logins.take(services.vault, state)
    if taken is None:
        raise NeedsLogin(
            "login", "it was not begun here, was finished already, or took more than ten minutes"
        )
    name, system = taken.connection, taken.system
    pending = msgspec.json.decode(taken.content, type=PendingLogin)
    model = services.oauth(name, system)
    if model is None:
        raise NeedsLogin(system, "the connection no longer uses a login")
    secret = services.secrets(name, system).get("client_secret", "")
    http = services.http(name, system, model.token_url, lambda answer: explain_token_answer(system, answer))
    try:
        tokens = finish_login(model, http, secret, pending, code, services.now())
    finally:
        http.close()
    services.tokens(name, system).store(tokens)
    if system == "datev" and model.userinfo_url is not None:
        _store_issuer(services, name, model, tokens)
    services.forget(name)
    _note_login(services, name, system, tokens)
    return name, system


def _store_issuer(services: Services, name: str, model: OAuthModel, tokens: Tokens) -> None:
    """Keep who logged in beside the tokens; a login stands without it where DATEV does not say it now."""
    try:
        person = issued_by(model, services.http_factory(name), tokens)
    except RetryLater as error:
        log.warning("%s: who logged in stays unknown: %s", name, error.reason)
        return
    known = msgspec.structs.replace(tokens, extra={**tokens.extra, "issued_by": person})
    services.tokens(name, "datev").store(known)


def _note_login(services: Services, name: str, system: str, tokens: Tokens) -> None:
    """Let the connection go on, unless another of its systems was never logged in to."""
    never = [one.system for one in logins_of(services, name) if one.until is None]
    state: connections.ConnectionState = "needs_login" if never else "ready"
    reason = f"{never[0]}: nobody has logged in yet" if never else ""
    now = services.now()
    with services.database.write() as db:
        connections.set_state(db, name, state, reason, now)
        detail = {"system": system, "until": tokens.refresh_expires_at.isoformat()}
        append(db, [AuditEvent(name, name, "logged_in", detail)], now)


def check(services: Services, name: str) -> Iterator[CheckStep]:
    """Ping: every step between the source account and the client, one after the other."""
    settings = services.connection(name)
    missing = missing_secrets(services, settings)
    if missing:
        yield CheckStep("connection.secrets", "failed", "missing", {"names": ", ".join(missing)})
        return
    yield CheckStep("connection.secrets", "ok")
    if settings.rules.mapping.confirmed_by:
        mapping = settings.rules.mapping
        yield CheckStep(
            "connection.mapping",
            "ok",
            "",
            {"by": mapping.confirmed_by or "", "on": str(mapping.confirmed_on or "")},
        )
    else:
        yield CheckStep("connection.mapping", "warning", "not_confirmed", who="adviser")
    yield from _checked(settings.system.name, lambda: services.source(name).check())
    yield from _checked("datev", lambda: services.sink(name).check())
    services.http_log.flush()


def _checked(system: str, steps: Callable[[], Iterator[CheckStep]]) -> Iterator[CheckStep]:
    """The steps of one system; an error on the way is a failed step of its own."""
    try:
        yield from steps()
    except NeedsLogin as error:
        yield CheckStep(f"{system}.login", "failed", "needs_login", {"reason": error.reason})
    except RetryLater as error:
        yield CheckStep(f"{system}.reach", "failed", "unreachable", {"reason": error.reason}, "it")
    except NeedsHuman as error:
        yield CheckStep(f"{system}.right", "failed", error.problem.key, dict(error.problem.facts), "adviser")
    except Broken as error:
        yield CheckStep(f"{system}.reach", "failed", "broken", {"reason": str(error)}, "it")


def disconnect(services: Services, name: str) -> list[str]:
    """Revoke and delete all credentials of a connection and pause it; returns what could not be revoked."""
    failed = []
    for system in (services.connection(name).system.name, "datev"):
        try:
            _revoke(services, name, system)
        except ConnectorError as error:
            failed.append(f"{system}: {error}")
    for secret in services.vault.names(name):
        services.vault.delete(name, secret)
    services.forget(name)
    with services.database.write() as db:
        connections.set_state(db, name, "paused", "disconnected", services.now())
        append(db, [AuditEvent(name, name, "disconnected", {"not_revoked": failed})], services.now())
    return failed


def _revoke(services: Services, name: str, system: str) -> bool:
    """Revoke the tokens of an earlier login and forget them; whether there were any."""
    text = services.vault.get(name, token_name(system))
    model = None if text is None else services.oauth(name, system)
    if text is None or model is None:
        return False
    secret = services.secrets(name, system).get("client_secret", "")
    http = services.http(name, system, model.revoke_url, lambda answer: explain_token_answer(system, answer))
    try:
        revoke(model, http, secret, msgspec.json.decode(text, type=Tokens))
    except NeedsLogin:
        # The issuer does not know the tokens any more, which is what was wanted.
        pass
    finally:
        http.close()
    return services.vault.delete(name, token_name(system))
