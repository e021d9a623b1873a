"""Connecting: a connection is set up or changed, logged in, checked, disconnected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff

import msgspec

from mlconnector.errors import Broken, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.agree.confirmation import confirm_by_file, confirmed_step
from mlconnector.flow.batches.channels import check_before_work, check_channels, recall_unsent
from mlconnector.flow.connect.revocation import (
    end_login,
    end_login_or_keep_it,
    forget_login,
    leftover_name,
    leftovers,
    revoke_leftovers,
)
from mlconnector.flow.connect.verification import asked_for, is_reached, note_reached, verify
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.settings import ConnectionSettings
from mlconnector.flow.context.states import breaker_is_open
from mlconnector.flow.context.tokens import token_name
from mlconnector.flow.decide.documents.einvoices import rules_steps
from mlconnector.model.problems import Problem
from mlconnector.store import connections, logins
from mlconnector.store.audit import AuditEvent, append
from mlconnector.systems.datev import CONNECTED_APPS, bound_client, redirect_objection, short_lived
from mlconnector.systems.kit.check_steps import CheckStep
from mlconnector.systems.kit.oauth import (
    PendingLogin,
    Tokens,
    begin_login,
    explain_token_answer,
    finish_login,
)


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
            connections.create(db, name, settings.system.name, settings.client, settings.text, now)
            events = [AuditEvent(name, name, "connected", detail)]
        elif (existing.source, existing.client) != (settings.system.name, settings.client):
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


@dataclass(frozen=True, slots=True)
class Login:
    """The login of a connection to a system, as far as we know: until when, and whose; None for never yet.

    `client` is the only one that a long-term login is good for, empty for a normal one. `link` is where
    people see and end what they allowed. `not_revoked`: an earlier login could not be ended there yet.
    """

    system: str
    until: datetime | None
    by: str
    needed: bool
    client: str = ""
    link: str = ""
    not_revoked: bool = False


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
    link = CONNECTED_APPS if system == "datev" else ""
    left = bool(leftovers(services, name, system))
    if text is None:
        return Login(system, None, "", needed=True, link=link, not_revoked=left)
    tokens = msgspec.json.decode(text, type=Tokens)
    ended = tokens.refresh_expires_at <= services.now()
    return Login(
        system,
        tokens.refresh_expires_at,
        by=str(tokens.extra.get("issued_by", "")),
        needed=ended or refused == system,
        client=bound_client(tokens.scopes),
        link=link,
        not_revoked=left,
    )


def begin(services: Services, name: str, system: str, redirect_uri: str, *, ended_there: bool = False) -> str:
    """Begin a login and return the address for the browser; tokens of an earlier one are revoked first.

    DATEV allows no more than one refresh token for a connection at a time. Where the earlier one cannot be
    revoked, `ended_there` says that a person has ended it at the issuer. Raises NeedsHuman otherwise.
    """
    model = services.oauth(name, system)
    if model is None:
        raise NeedsHuman(Problem("login_not_needed", {"name": name, "system": system}))
    _check_redirect(services, name, system, redirect_uri)
    check_before_work(services, name)
    had_one = services.vault.expires(name, token_name(system)) is not None
    if ended_there:
        forget_login(services, name, system)
    reason = end_login_or_keep_it(services, name, system)
    if reason:
        facts = {"name": name, "system": system, "reason": reason, "link": CONNECTED_APPS}
        raise NeedsHuman(Problem("login_not_revoked", facts))
    if had_one:
        why = f"{system}: a login was begun, and is not finished yet"
        with services.database.write() as db:
            if not breaker_is_open(connections.read(db, name)):
                connections.set_state(db, name, "needs_login", why, services.now(), unless="paused")
    pending, address = begin_login(asked_for(services, name, system, model), redirect_uri)
    logins.begin(services.vault, name, system, pending.state, msgspec.json.encode(pending))
    return address


def _check_redirect(services: Services, name: str, system: str, redirect_uri: str) -> None:
    """Raise NeedsHuman when DATEV would not let a login return to this address."""
    settings = services.connection(name).datev
    objection = redirect_objection(settings, redirect_uri) if system == "datev" else None
    if objection is not None:
        facts = {"address": redirect_uri, "objection": objection, "environment": settings.environment}
        raise NeedsHuman(Problem("redirect_not_allowed", facts))


def finish(services: Services, state: str, code: str) -> tuple[str, str]:
    """Finish the login with this state; returns connection and system.

    Raises NeedsLogin, and one of the four errors when DATEV does not let the client be used with it: such a
    login is not kept. `follow_up` says whether another login has to come after it.
    """
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
    is_first = pending.scopes != model.scopes and bool(bound_client(model.scopes))
    model = short_lived(model) if is_first else model
    secret = services.secrets(name, system).get("client_secret", "")
    http = services.http(name, system, model.token_url, lambda answer: explain_token_answer(system, answer))
    try:
        tokens = finish_login(model, http, secret, pending, code, services.now())
    finally:
        http.close()
    services.tokens(name, system).store(tokens)
    services.forget(name)
    unchecked = verify(services, name, system, tokens)
    if is_first and unchecked is None:
        end_login(services, name, system)
        note_reached(services, name, reached=True)
        return name, system
    note_reached(services, name, reached=False)
    _note_login(services, name, system, tokens, unchecked)
    return name, system


def follow_up(services: Services, name: str, system: str, redirect_uri: str) -> str | None:
    """The address of the long-term login that comes after a short-lived one which has reached the client."""
    if system != "datev" or not is_reached(services, name):
        return None
    return begin(services, name, system, redirect_uri)


def _note_login(
    services: Services, name: str, system: str, tokens: Tokens, unchecked: Problem | None
) -> None:
    """Let the connection go on, unless another of its systems was never logged in to."""
    never = [one.system for one in logins_of(services, name) if one.until is None]
    state: connections.ConnectionState = "needs_login" if never else "degraded" if unchecked else "ready"
    reason = f"{never[0]}: nobody has logged in yet" if never else unchecked.cause if unchecked else ""
    facts = dict(unchecked.facts) if unchecked else {}
    now = services.now()
    with services.database.write() as db:
        rested = breaker_is_open(connections.read(db, name))
        connections.set_state(db, name, state, reason, now)
        detail = {"system": system, "until": tokens.refresh_expires_at.isoformat()}
        events = [AuditEvent(name, name, "logged_in", detail)]
        if rested:
            events.append(AuditEvent(name, name, "resumed", {"by": "login"}))
        if unchecked:
            noted = {"state": state, "reason": reason, "facts": facts}
            events.append(AuditEvent(name, name, "connection_state", noted))
        append(db, events, now)


def check(services: Services, name: str) -> Iterator[CheckStep]:
    """Ping: every step between the source account and the client, one after the other."""
    settings = services.connection(name)
    missing = missing_secrets(services, settings)
    if missing:
        yield CheckStep("connection.secrets", "failed", "missing", {"names": ", ".join(missing)})
        return
    yield CheckStep("connection.secrets", "ok")
    yield confirmed_step(services, name)
    yield from rules_steps(settings.documents)
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
    """Revoke and delete all credentials of a connection and pause it; returns what could not be revoked.

    That is put aside, and revoked as soon as the issuer answers.
    """
    failed = []
    for system in (services.connection(name).system.name, "datev"):
        reason = end_login(services, name, system) or revoke_leftovers(services, name, system)
        if reason:
            failed.append(f"{system}: {reason}")
    kept = {leftover_name(system) for system in (services.connection(name).system.name, "datev")}
    for secret in sorted(set(services.vault.names(name)) - kept):
        services.vault.delete(name, secret)
    services.forget(name)
    with services.database.write() as db:
        connections.set_state(db, name, "paused", "disconnected", services.now())
        append(db, [AuditEvent(name, name, "disconnected", {"not_revoked": failed})], services.now())
    return failed
