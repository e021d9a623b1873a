"""Revoking: tokens that nobody needs any more become worthless at their issuer, now or when it answers.

What could not be revoked stays put aside (`context/leftovers.py`) and is tried again once a day.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.connect.standing import leftovers
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.leftovers import (
    Leftover,
    current_tokens,
    drop,
    earlier_secret_name,
    leftover_name,
    put_login_aside,
    token_name,
    with_secrets,
)
from mlconnector.flow.context.services import Services
from mlconnector.store import connections
from mlconnector.store.audit import append
from mlconnector.systems.kit.issuer import explain_token_answer, revoke
from mlconnector.systems.registry import sink_systems

log = logging.getLogger(__name__)


def end_login(context: Context, system: str) -> ConnectorError | None:
    """Forget a login and revoke its tokens; returns why they could not be revoked.

    Then they stay put aside, to be revoked later.
    """
    with context.write() as db:
        connections.hold(db, context.name)
        if not put_login_aside(context.vault, db, context.name, system):
            return None
    return revoke_leftovers(context, system)


def end_login_or_keep_it(context: Context, system: str) -> ConnectorError | None:
    """Revoke a login, and what was put aside of earlier ones; returns why that is not possible.

    Then the login stays as it was.
    """
    failure = revoke_leftovers(context, system)
    if failure is not None:
        return failure
    with context.read() as db:
        tokens = current_tokens(context.vault, db, context.name, system)
        if tokens is None:
            return None
        current = with_secrets(context.vault, db, context.name, system, tokens)
    failure = _revoked(context, system, current)
    if failure is not None:
        return failure
    with context.write() as db:
        connections.hold(db, context.name)
        there = current_tokens(context.vault, db, context.name, system)
        if there is not None and there.refresh_token == tokens.refresh_token:
            context.vault.delete_within(db, context.name, token_name(system))
            return None
    # Another took its place meanwhile.
    return end_login(context, system)


def forget_login(context: Context, system: str) -> None:
    """Forget a login, and what was put aside of earlier ones: a person has ended them at the issuer."""
    names = (token_name(system), leftover_name(system), earlier_secret_name(system))
    gone = [context.vault.delete(context.name, one) for one in names]
    if any(gone):
        with context.write() as db:
            append(db, [context.event(context.name, "login_ended_there", {"system": system})], context.now())


def revoke_leftovers(context: Context, system: str) -> ConnectorError | None:
    """Revoke what was put aside; returns why something of it still cannot be."""
    waiting = leftovers(context, system)
    failures = [_revoked(context, system, one) for one in waiting]
    done = [one.tokens for one, failure in zip(waiting, failures, strict=True) if failure is None]
    with context.write() as db:
        connections.hold(db, context.name)
        drop(context.vault, db, context.name, system, done)
    return next(filter(None, failures), None)


def revoke_all_leftovers(services: Services) -> int:
    """Revoke what was put aside of all connections, as far as the issuers answer; returns how many."""
    with services.database.read() as db:
        rows = connections.every(db)
    done = 0
    for row in rows:
        context = Context(services, row.name)
        names = set(services.vault.names(row.name))
        for system in (row.source, *sink_systems()):
            if leftover_name(system) in names:
                done += _tried_again(context, system)
    return done


def _tried_again(context: Context, system: str) -> int:
    """Revoke what one connection has left; what cannot be must not keep the others from being tried."""
    try:
        before = len(leftovers(context, system))
        failure = revoke_leftovers(context, system)
        done = before - len(leftovers(context, system))
    except ConnectorError as error:
        log.warning("%s: a login to %s is still not revoked: %s", context.name, system, error)
        return 0
    if failure is not None:
        log.warning("%s: a login to %s is still not revoked: %s", context.name, system, failure.said)
    return done


def _revoked(context: Context, system: str, one: Leftover) -> ConnectorError | None:
    """Revoke both tokens; why that is not possible, or nothing.

    The app's secret may have been rotated since, or be another app's by now: each that is known is tried.
    """
    present = context.secrets(system).get("client_secret", "")
    known = [secret for secret in (one.earlier_secret, present) if secret]
    failure: ConnectorError | None = None
    for secret in dict.fromkeys([one.secret, *known]):
        try:
            _revoke(context, system, one, secret)
        except (NeedsLogin, NeedsHuman) as error:
            failure = error
        except ConnectorError as error:
            return error
        else:
            return None
    return failure


def _revoke(context: Context, system: str, one: Leftover, secret: str) -> None:
    """Raises one of the four errors."""
    model = context.oauth(system)
    if model is None:
        return
    if one.tokens.client_id:
        model = replace(model, client_id=one.tokens.client_id, revoke_url=one.tokens.revoke_url)
    http = context.http(system, model.revoke_url, lambda answer: explain_token_answer(system, answer))
    try:
        revoke(model, http, secret, one.tokens)
    finally:
        http.close()
