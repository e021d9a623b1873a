"""Logins: begun in a browser, finished with the code that it brings, kept once the system has let us in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import msgspec

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.connect import login_failures
from mlconnector.flow.connect.revocation import (
    end_login,
    end_login_or_keep_it,
    forget_login,
    revoke_leftovers,
)
from mlconnector.flow.connect.standing import login_rules, logins_of
from mlconnector.flow.connect.verification import asked_for, is_reached, note_reached, verify
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import put_aside, token_name, with_secrets
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.states import breaker_is_open, refuse_while_disconnected
from mlconnector.learnt_shapes import learnt
from mlconnector.model.problems import Problem
from mlconnector.store import connections, logins
from mlconnector.store.audit import append, latest
from mlconnector.systems.kit.issuer import begin_login, explain_token_answer, finish_login
from mlconnector.systems.kit.oauth import AppRefused, OAuthModel, PendingLogin, Tokens

log = logging.getLogger(__name__)
# Problems of whoever asked for a login; none began.
_OF_THE_CALLER = frozenset({"login_not_needed", "connection_unknown"})


def begin(
    context: Context,
    system: str,
    redirect_uri: str,
    *,
    ended_there: bool = False,
    by: str = "",
    back: str = "",
) -> str:
    """Begin a login and return the address for the browser; tokens of an earlier one are revoked first.

    An issuer may allow no more than one refresh token for a connection at a time. Where the earlier one
    cannot be revoked, `ended_there` says that a person has ended it there. `by` is who is known here to begin
    it, and `back` where a browser goes on after it. Raises NeedsHuman otherwise, and one of the four errors
    when the system does not answer.
    """
    refuse_while_disconnected(context)
    with _noted(context, system):
        address = _begun(context, system, redirect_uri, ended_there=ended_there)
    _note_begun(context, system, by, back)
    return address


def way_back(context: Context, system: str) -> str:
    """Where a browser goes on after a login that was begun on a page of ours; empty for any other."""
    with context.read() as db:
        return str(connections.recall(db, context.name, _way_back(system)) or "")


def _note_begun(context: Context, system: str, by: str, back: str) -> None:
    if back != way_back(context, system):
        with context.write() as db:
            connections.remember(db, context.name, _way_back(system), back)
    if by:
        with context.write() as db:
            detail = {"system": system, "by": by}
            append(db, [context.event(context.name, "login_begun", detail)], context.now())


def _way_back(system: str) -> str:
    return f"{system}.login_back"


def _begun(context: Context, system: str, redirect_uri: str, *, ended_there: bool) -> str:
    model = context.oauth(system)
    if model is None:
        raise NeedsHuman(Problem("login_not_needed", {"name": context.name, "system": system}))
    _check_redirect(context, system, redirect_uri)
    had_one = context.vault.expires(context.name, token_name(system)) is not None
    if ended_there:
        forget_login(context, system)
    failure = end_login_or_keep_it(context, system)
    if isinstance(failure, AppRefused) and failure.of_secret:
        raise failure
    if failure is not None:
        rules = login_rules(context, system)
        link = "" if rules is None else rules.link
        facts = {"name": context.name, "system": system, "reason": failure.said, "link": link}
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
    a login is not kept, but why it failed is; nor is that of a connection that is disconnected. `follow_up`
    says whether another login has to come after it.
    """
    context, taken = _taken(services, state)
    if taken.late:
        login_failures.came_late(context, taken.system)
        raise _unknown()
    refuse_while_disconnected(context)
    with _noted(context, taken.system):
        pending = msgspec.json.decode(taken.content, type=learnt(PendingLogin))
        _finish(context, taken.system, pending, code, taken.begun_at)
    login_failures.forget(context, taken.system)
    return context.name, taken.system


def decline(services: Services, state: str, error: str) -> tuple[str, str]:
    """Note that the login with this state came back with an error code; returns connection and system.

    Raises NeedsLogin for one that was not begun here.
    """
    context, taken = _taken(services, state)
    login_failures.declined(context, taken.system, error)
    return context.name, taken.system


def _taken(services: Services, state: str) -> tuple[Context, logins.TakenLogin]:
    """The login with this state, which is used up by that."""
    taken = logins.take(services.vault, state)
    if taken is None:
        raise _unknown()
    return Context(services, taken.connection), taken


def _unknown() -> NeedsLogin:
    return NeedsLogin("login", "it was not begun here, was finished already, or took more than ten minutes")


@contextmanager
def _noted(context: Context, system: str) -> Iterator[None]:
    """Keep why a login came to nothing, and show its requests at once."""
    try:
        yield
    except NeedsHuman as error:
        if error.problem.key not in _OF_THE_CALLER:
            login_failures.failed(context, system, error)
        raise
    except ConnectorError as error:
        login_failures.failed(context, system, error)
        raise
    finally:
        context.http_log.flush()


def _finish(context: Context, system: str, pending: PendingLogin, code: str, begun_at: datetime) -> None:
    model = context.oauth(system)
    if model is None:
        raise NeedsLogin(system, "the connection no longer uses a login")
    rules = login_rules(context, system)
    is_first = rules is not None and pending.scopes != model.scopes and bool(rules.bound_client(model.scopes))
    # A disconnection that comes in between deletes the secret that revoking takes.
    secret = context.secrets(system).get("client_secret", "")
    tokens = _exchanged(context, rules.first(model) if rules and is_first else model, secret, pending, code)
    _keep(context, system, tokens, begun_at, secret)
    context.forget()
    try:
        unchecked = verify(context, system, tokens)
    finally:
        _end_replaced(context, system)
    if is_first and unchecked is None:
        end_login(context, system)
        note_reached(context, reached=True)
        return
    note_reached(context, reached=False)
    _note_login(context, system, tokens, unchecked)


def _exchanged(context: Context, model: OAuthModel, secret: str, pending: PendingLogin, code: str) -> Tokens:
    http = context.http(model.system, model.token_url, partial(explain_token_answer, model.system))
    try:
        return finish_login(model, http, secret, pending, code, context.now())
    finally:
        http.close()


def _keep(context: Context, system: str, tokens: Tokens, begun_at: datetime, secret: str) -> None:
    """Keep the tokens of a login in the place of those that another one has brought meanwhile.

    Raises NeedsHuman, or NeedsLogin where it is connected again, when the connection was disconnected since
    the login was begun: then nothing is kept.
    """
    with context.write() as db:
        connections.hold(db, context.name)
        ended = latest(db, context.name, "disconnected")
        is_late = ended is not None and ended.at > begun_at
        is_late = is_late or connections.read(db, context.name).is_disconnected
        if is_late:
            left = with_secrets(context.vault, db, context.name, system, tokens)
            left = msgspec.structs.replace(left, secret=left.secret or secret)
            put_aside(context.vault, db, context.name, system, left)
        else:
            context.tokens(system).take_over(db, tokens)
    if is_late:
        _end_replaced(context, system)
        refuse_while_disconnected(context)
        raise NeedsLogin("login", "the connection was disconnected meanwhile")


def _end_replaced(context: Context, system: str) -> None:
    """Revoke what a login has replaced; what cannot be now is tried again once a day."""
    reason = revoke_leftovers(context, system)
    if reason:
        log.warning("%s: an earlier login to %s is not revoked yet: %s", context.name, system, reason)


def follow_up(context: Context, system: str, redirect_uri: str) -> str | None:
    """The address of the long-term login that comes after a short-lived one which has reached the client."""
    if login_rules(context, system) is None or not is_reached(context):
        return None
    return begin(context, system, redirect_uri, back=way_back(context, system))


def _note_login(context: Context, system: str, tokens: Tokens, unchecked: Problem | None) -> None:
    """Let the connection go on, unless another of its systems was never logged in to."""
    never = [one.system for one in logins_of(context) if one.until is None]
    state: connections.ConnectionState = "needs_login" if never else "degraded" if unchecked else "ready"
    reason = f"{never[0]}: nobody has logged in yet" if never else unchecked.cause if unchecked else ""
    facts = dict(unchecked.facts) if unchecked else {}
    now = context.now()
    with context.write() as db:
        rested = breaker_is_open(connections.read(db, context.name))
        connections.set_state(db, context.name, state, reason, now, unless="paused")
        detail = {"system": system, "until": tokens.refresh_expires_at.isoformat()}
        events = [context.event(context.name, "logged_in", detail)]
        if rested:
            events.append(context.event(context.name, "resumed", {"by": "login"}))
        if unchecked:
            noted = {"state": state, "reason": reason, "facts": facts}
            events.append(context.event(context.name, "connection_state", noted))
        append(db, events, now)
