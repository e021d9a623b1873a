"""Logins: begun in a browser, finished with the code that it brings, kept once the system has let us in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from mlconnector.errors import NeedsHuman, NeedsLogin
from mlconnector.flow.connect.revocation import end_login, end_login_or_keep_it, forget_login, leftovers
from mlconnector.flow.connect.verification import asked_for, is_reached, login_rules, note_reached, verify
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.states import breaker_is_open
from mlconnector.flow.context.tokens import token_name
from mlconnector.model.problems import Problem
from mlconnector.store import connections, logins
from mlconnector.store.audit import append
from mlconnector.systems.kit.oauth import (
    OAuthModel,
    PendingLogin,
    Tokens,
    begin_login,
    explain_token_answer,
    finish_login,
)


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


def systems_with_login(context: Context) -> list[str]:
    """The systems of a connection that a person has to log in to. A sink is one without being asked."""
    source, sink = context.settings.systems
    return [*([source] if context.oauth(source) is not None else []), sink]


def logins_of(context: Context) -> list[Login]:
    """How a connection is logged in to the systems that want it."""
    with context.read() as db:
        row = connections.read(db, context.name)
    refused = row.state_reason.partition(":")[0] if row.state == "needs_login" else ""
    return [_login(context, system, refused) for system in systems_with_login(context)]


def _login(context: Context, system: str, refused: str) -> Login:
    text = context.vault.get(context.name, token_name(system))
    rules = login_rules(context, system)
    link = "" if rules is None else rules.link
    left = bool(leftovers(context, system))
    if text is None:
        return Login(system, None, "", needed=True, link=link, not_revoked=left)
    tokens = msgspec.json.decode(text, type=Tokens)
    ended = tokens.refresh_expires_at <= context.now()
    return Login(
        system,
        tokens.refresh_expires_at,
        by=str(tokens.extra.get("issued_by", "")),
        needed=ended or refused == system,
        client="" if rules is None else rules.bound_client(tokens.scopes),
        link=link,
        not_revoked=left,
    )


def begin(context: Context, system: str, redirect_uri: str, *, ended_there: bool = False) -> str:
    """Begin a login and return the address for the browser; tokens of an earlier one are revoked first.

    An issuer may allow no more than one refresh token for a connection at a time. Where the earlier one
    cannot be revoked, `ended_there` says that a person has ended it there. Raises NeedsHuman otherwise.
    """
    model = context.oauth(system)
    if model is None:
        raise NeedsHuman(Problem("login_not_needed", {"name": context.name, "system": system}))
    _check_redirect(context, system, redirect_uri)
    # Whoever only asks how logins stand needs nothing of batches and their formats.
    from mlconnector.flow.batches.channels import check_before_work  # noqa: PLC0415

    check_before_work(context)
    had_one = context.vault.expires(context.name, token_name(system)) is not None
    if ended_there:
        forget_login(context, system)
    reason = end_login_or_keep_it(context, system)
    if reason:
        rules = login_rules(context, system)
        link = "" if rules is None else rules.link
        facts = {"name": context.name, "system": system, "reason": reason, "link": link}
        raise NeedsHuman(Problem("login_not_revoked", facts))
    if had_one:
        why = f"{system}: a login was begun, and is not finished yet"
        with context.write() as db:
            if not breaker_is_open(connections.read(db, context.name)):
                connections.set_state(db, context.name, "needs_login", why, context.now(), unless="paused")
    pending, address = begin_login(asked_for(context, system, model), redirect_uri)
    logins.begin(context.vault, context.name, system, pending.state, msgspec.json.encode(pending))
    return address


def _check_redirect(context: Context, system: str, redirect_uri: str) -> None:
    """Raise NeedsHuman when the system would not let a login return to this address."""
    rules = login_rules(context, system)
    facts = None if rules is None else rules.objection(context.settings.sink, redirect_uri)
    if facts is not None:
        raise NeedsHuman(Problem("redirect_not_allowed", facts))


def finish(services: Services, state: str, code: str) -> tuple[str, str]:
    """Finish the login with this state; returns connection and system.

    Raises NeedsLogin, and one of the four errors when the sink does not let the client be used with it: such
    a login is not kept. `follow_up` says whether another login has to come after it.
    """
    taken = logins.take(services.vault, state)
    if taken is None:
        raise NeedsLogin(
            "login", "it was not begun here, was finished already, or took more than ten minutes"
        )
    context, system = Context(services, taken.connection), taken.system
    pending = msgspec.json.decode(taken.content, type=PendingLogin)
    model = context.oauth(system)
    if model is None:
        raise NeedsLogin(system, "the connection no longer uses a login")
    rules = login_rules(context, system)
    is_first = rules is not None and pending.scopes != model.scopes and bool(rules.bound_client(model.scopes))
    tokens = _exchanged(context, rules.first(model) if rules and is_first else model, pending, code)
    context.tokens(system).store(tokens)
    context.forget()
    unchecked = verify(context, system, tokens)
    if is_first and unchecked is None:
        end_login(context, system)
        note_reached(context, reached=True)
        return context.name, system
    note_reached(context, reached=False)
    _note_login(context, system, tokens, unchecked)
    return context.name, system


def _exchanged(context: Context, model: OAuthModel, pending: PendingLogin, code: str) -> Tokens:
    secret = context.secrets(model.system).get("client_secret", "")
    http = context.http(model.system, model.token_url, partial(explain_token_answer, model.system))
    try:
        return finish_login(model, http, secret, pending, code, context.now())
    finally:
        http.close()


def follow_up(context: Context, system: str, redirect_uri: str) -> str | None:
    """The address of the long-term login that comes after a short-lived one which has reached the client."""
    if login_rules(context, system) is None or not is_reached(context):
        return None
    return begin(context, system, redirect_uri)


def _note_login(context: Context, system: str, tokens: Tokens, unchecked: Problem | None) -> None:
    """Let the connection go on, unless another of its systems was never logged in to."""
    never = [one.system for one in logins_of(context) if one.until is None]
    state: connections.ConnectionState = "needs_login" if never else "degraded" if unchecked else "ready"
    reason = f"{never[0]}: nobody has logged in yet" if never else unchecked.cause if unchecked else ""
    facts = dict(unchecked.facts) if unchecked else {}
    now = context.now()
    with context.write() as db:
        rested = breaker_is_open(connections.read(db, context.name))
        connections.set_state(db, context.name, state, reason, now)
        detail = {"system": system, "until": tokens.refresh_expires_at.isoformat()}
        events = [context.event(context.name, "logged_in", detail)]
        if rested:
            events.append(context.event(context.name, "resumed", {"by": "login"}))
        if unchecked:
            noted = {"state": state, "reason": reason, "facts": facts}
            events.append(context.event(context.name, "connection_state", noted))
        append(db, events, now)
