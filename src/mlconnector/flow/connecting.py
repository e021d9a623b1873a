"""Connecting: a connection is set up or changed, logged in, checked, disconnected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.connection import ConnectionSettings
from mlconnector.flow.services import Services
from mlconnector.flow.tokens import token_name
from mlconnector.model.problems import Problem
from mlconnector.store import connections, logins
from mlconnector.store.audit import AuditEvent, append
from mlconnector.systems.checks import CheckStep
from mlconnector.systems.datev import issued_by
from mlconnector.systems.oauth import (
    PendingLogin,
    Tokens,
    begin_login,
    explain_token_answer,
    finish_login,
    revoke,
)


def connect(services: Services, settings: ConnectionSettings, secrets: Mapping[str, str]) -> bool:
    """Set a connection up or change it; returns whether it is new.

    `secrets` are given by `<system>.<name>`, e.g. `pipedrive.api_token`. Raises NeedsHuman when a change
    would move the connection to another client or source: what was sent could not be recognised then.
    """
    now = services.now()
    with services.database.write() as db:
        existing = connections.find(db, settings.name)
        if existing is None:
            connections.create(db, settings.name, settings.system.name, settings.client, settings.text, now)
        elif (existing.source, existing.client) != (settings.system.name, settings.client):
            facts = {"name": settings.name, "source": existing.source, "client": existing.client}
            raise NeedsHuman(Problem("connection_identity", facts))
        else:
            connections.update(db, settings.name, settings.text, now)
        detail = {"mapping": settings.rules.fingerprint(), "text": settings.text}
        event = "connected" if existing is None else "settings_changed"
        append(db, [AuditEvent(settings.name, settings.name, event, detail)], now)
    for name, secret in secrets.items():
        services.vault.put(settings.name, name, secret)
    services.forget(settings.name)
    return existing is None


def missing_secrets(services: Services, settings: ConnectionSettings) -> list[str]:
    """Credentials that were not given yet, by `<system>.<name>`."""
    given = set(services.vault.names(settings.name))
    wanted = [f"{system}.{name}" for system, names in settings.secrets.items() for name in names]
    return [name for name in wanted if name not in given]


def systems_with_login(services: Services, name: str) -> list[str]:
    """The systems of a connection that a person has to log in to."""
    systems = [services.connection(name).system.name, "datev"]
    return [system for system in systems if services.oauth(name, system) is not None]


def begin(services: Services, name: str, system: str, redirect_uri: str) -> str:
    """Begin a login and return the address for the browser; tokens of an earlier one are revoked first."""
    model = services.oauth(name, system)
    if model is None:
        raise NeedsHuman(Problem("login_not_needed", {"name": name, "system": system}))
    _revoke(services, name, system)
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
    services.tokens(name, system).store(_with_issuer(services, name, system, tokens))
    services.forget(name)
    with services.database.write() as db:
        connections.set_state(db, name, "ready", "", services.now())
        detail = {"system": system, "until": tokens.refresh_expires_at.isoformat()}
        append(db, [AuditEvent(name, name, "logged_in", detail)], services.now())
    return name, system


def _with_issuer(services: Services, name: str, system: str, tokens: Tokens) -> Tokens:
    """Keep who logged in beside the tokens, where the system says it."""
    model = services.oauth(name, system)
    if system != "datev" or model is None or model.userinfo_url is None:
        return tokens
    person = issued_by(model, services.http_factory(name), tokens)
    return msgspec.structs.replace(tokens, extra={**tokens.extra, "issued_by": person})


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


def _revoke(services: Services, name: str, system: str) -> None:
    """Revoke the tokens of an earlier login, if there are any, and forget them."""
    text = services.vault.get(name, token_name(system))
    model = services.oauth(name, system)
    if text is None or model is None:
        return
    secret = services.secrets(name, system).get("client_secret", "")
    http = services.http(name, system, model.revoke_url, lambda answer: explain_token_answer(system, answer))
    try:
        revoke(model, http, secret, msgspec.json.decode(text, type=Tokens))
    except NeedsLogin:
        # The issuer does not know the tokens any more, which is what was wanted.
        pass
    finally:
        http.close()
    services.vault.delete(name, token_name(system))
