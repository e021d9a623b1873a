"""Verifying: a login counts only once DATEV has said who logged in, and that the client can be used.

DATEV wants a login whose first check fails to be revoked at once, and a long-term token to be asked for only
after a short-lived one has reached the client.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin, RetryLater
from mlconnector.flow.connect.revocation import end_login
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.states import NOT_CHECKED, note_state
from mlconnector.flow.context.tokens import token_name
from mlconnector.model.problems import Problem
from mlconnector.store import connections
from mlconnector.systems.datev import bound_client, issued_by, short_lived
from mlconnector.systems.kit.oauth import OAuthModel, Tokens

log = logging.getLogger(__name__)

CLIENT_NAME = "datev.client_name"
"""Under which name a connection remembers what DATEV calls its client."""

_REACHED = "datev.client_reached_at"
_REACHED_IS_GOOD_FOR = timedelta(minutes=10)


def asked_for(services: Services, name: str, system: str, model: OAuthModel) -> OAuthModel:
    """What a login has to ask for now: no long-term token before a short-lived one has reached the client."""
    if system != "datev" or not bound_client(model.scopes) or is_reached(services, name):
        return model
    return short_lived(model)


def is_reached(services: Services, name: str) -> bool:
    """Whether a short-lived login has just reached the client."""
    with services.database.read() as db:
        reached = connections.recall(db, name, _REACHED)
    return bool(reached) and services.now() - datetime.fromisoformat(reached) <= _REACHED_IS_GOOD_FOR


def verify(services: Services, name: str, system: str, tokens: Tokens) -> Problem | None:
    """Ask who logged in and whether the client can be used; a problem when DATEV does not answer now.

    A login that does not pass is revoked and forgotten at once, and the error raised that says why.
    """
    if system != "datev":
        return None
    try:
        _store_issuer(services, name, tokens)
        services.forget(name)
        facts = services.client_facts(name)
        with services.database.write() as db:
            connections.remember(db, name, CLIENT_NAME, facts.name)
    except RetryLater as error:
        return Problem("login_not_checked", {"reason": error.reason})
    except ConnectorError as error:
        reason = end_login(services, name, system)
        if reason:
            log.warning("%s: a login that was not kept could not be revoked: %s", name, reason)
        note_state(services, name, "needs_login", f"{system}: {_why(error)}")
        raise
    return None


def verify_what_is_open(services: Services, name: str) -> None:
    """Check a login that could not be checked when it was made. Raises as `verify` does."""
    with services.database.read() as db:
        row = connections.read(db, name)
    text = services.vault.get(name, token_name("datev"))
    if row.state_reason != NOT_CHECKED or text is None:
        return
    if verify(services, name, "datev", msgspec.json.decode(text, type=Tokens)) is None:
        note_state(services, name, "ready", "")


def note_reached(services: Services, name: str, *, reached: bool) -> None:
    """Remember that a short-lived login reached the client, or that this has served its purpose."""
    with services.database.write() as db:
        connections.remember(db, name, _REACHED, services.now().isoformat() if reached else None)


def _store_issuer(services: Services, name: str, tokens: Tokens) -> None:
    """Keep who logged in beside the tokens."""
    model = services.oauth(name, "datev")
    if model is None or tokens.extra.get("issued_by"):
        return
    person = issued_by(model, services.http_factory(name), tokens)
    known = msgspec.structs.replace(tokens, extra={**tokens.extra, "issued_by": person})
    services.tokens(name, "datev").store(known)


def _why(error: ConnectorError) -> str:
    if isinstance(error, NeedsLogin):
        return error.reason
    return error.problem.cause if isinstance(error, NeedsHuman) else str(error)
