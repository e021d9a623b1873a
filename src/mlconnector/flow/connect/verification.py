"""Verification: a login counts only once the sink has said who logged in, and that the client can be used.

A login whose first check fails is revoked at once, and a long-term token is asked for only after a
short-lived one has reached the client.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.connect.revocation import end_login
from mlconnector.flow.connect.standing import login_rules
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import token_name
from mlconnector.flow.context.states import NOT_CHECKED, note_state
from mlconnector.learnt_shapes import learnt
from mlconnector.model.problems import Problem
from mlconnector.store import connections
from mlconnector.systems.kit.oauth import OAuthModel, Tokens

log = logging.getLogger(__name__)

_REACHED_IS_GOOD_FOR = timedelta(minutes=10)


def asked_for(context: Context, system: str, model: OAuthModel) -> OAuthModel:
    """What a login has to ask for now: no long-term token before a short-lived one has reached the client."""
    rules = login_rules(context, system)
    if rules is None or not rules.bound_client(model.scopes) or is_reached(context):
        return model
    return rules.first(model)


def client_name(context: Context) -> str:
    """What the sink calls the client, as it was told at the last login; empty before the first."""
    with context.read() as db:
        return str(connections.recall(db, context.name, _client_name(context)) or "")


def is_reached(context: Context) -> bool:
    """Whether a short-lived login has just reached the client."""
    with context.read() as db:
        reached = connections.recall(db, context.name, _reached(context))
    return bool(reached) and context.now() - datetime.fromisoformat(reached) <= _REACHED_IS_GOOD_FOR


def verify(context: Context, system: str, tokens: Tokens) -> Problem | None:
    """Ask who logged in and whether the client can be used; a problem when the sink does not answer now.

    A login that does not pass is revoked and forgotten at once, and the error raised that says why.
    """
    if login_rules(context, system) is None:
        return None
    try:
        _store_issuer(context, tokens)
        context.forget()
        facts = context.facts
        with context.write() as db:
            connections.remember(db, context.name, _client_name(context), facts.name)
    except RetryLater as error:
        return Problem("login_not_checked", {"reason": error.reason})
    except ConnectorError as error:
        failure = end_login(context, system)
        if failure is not None:
            log.warning("%s: a login that was not kept could not be revoked: %s", context.name, failure.said)
        note_state(context, "needs_login", f"{system}: {_why(error)}")
        raise
    return None


def verify_what_is_open(context: Context) -> None:
    """Check a login that could not be checked when it was made. Raises as `verify` does."""
    with context.read() as db:
        row = connections.read(db, context.name)
    sink = context.settings.sink_system.name
    text = context.vault.get(context.name, token_name(sink))
    if row.state_reason != NOT_CHECKED or text is None:
        return
    if verify(context, sink, msgspec.json.decode(text, type=learnt(Tokens))) is None:
        note_state(context, "ready", "")


def note_reached(context: Context, *, reached: bool) -> None:
    """Remember that a short-lived login reached the client, or that this has served its purpose."""
    with context.write() as db:
        connections.remember(
            db, context.name, _reached(context), context.now().isoformat() if reached else None
        )


def _store_issuer(context: Context, tokens: Tokens) -> None:
    """Keep who logged in beside the tokens."""
    system = context.settings.sink_system
    model = context.oauth(system.name)
    if model is None or tokens.extra.get("issued_by"):
        return
    person = system.login.issued_by(model, context.http_factory(), tokens)
    known = msgspec.structs.replace(tokens, extra={**tokens.extra, "issued_by": person})
    context.tokens(system.name).amend(known)


def _client_name(context: Context) -> str:
    return f"{context.settings.sink_system.name}.client_name"


def _reached(context: Context) -> str:
    return f"{context.settings.sink_system.name}.client_reached_at"


def _why(error: ConnectorError) -> str:
    if isinstance(error, NeedsLogin):
        return error.reason
    return error.problem.cause if isinstance(error, NeedsHuman) else str(error)
