"""Revoking: tokens that nobody needs any more become worthless at their issuer, now or when it answers.

What could not be revoked is put aside, sealed together with the secret that revoking takes, because the
connection's credentials may be deleted meanwhile.
"""

from __future__ import annotations

import logging

import msgspec

from mlconnector.errors import ConnectorError
from mlconnector.flow.context.context import Context
from mlconnector.flow.context.services import Services
from mlconnector.flow.context.tokens import token_name
from mlconnector.store import connections
from mlconnector.store.audit import append
from mlconnector.systems.kit.oauth import AppRefused, Tokens, explain_token_answer, revoke
from mlconnector.systems.registry import sink_systems

log = logging.getLogger(__name__)


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens that still have to be revoked, and the secret of the app that they were issued to."""

    secret: str
    tokens: Tokens

    def __repr__(self) -> str:
        return "Leftover(***)"


def leftover_name(system: str) -> str:
    """Under which name the vault keeps what still has to be revoked at a system."""
    return f"{system}.unrevoked"


def end_login(context: Context, system: str) -> ConnectorError | None:
    """Revoke the tokens of a login and forget them; returns why they could not be revoked.

    Then they are put aside, to be revoked later.
    """
    current = _current(context, system)
    if current is None:
        return None
    failure = _revoked(context, system, current)
    if failure is not None:
        _keep(context, system, [*leftovers(context, system), current])
    context.vault.delete(context.name, token_name(system))
    return failure


def end_login_or_keep_it(context: Context, system: str) -> ConnectorError | None:
    """Revoke a login, and what was put aside of earlier ones; returns why that is not possible.

    Then the login stays as it was.
    """
    failure = revoke_leftovers(context, system)
    current = _current(context, system)
    if failure is not None or current is None:
        return failure
    failure = _revoked(context, system, current)
    if failure is None:
        context.vault.delete(context.name, token_name(system))
    return failure


def forget_login(context: Context, system: str) -> None:
    """Forget a login, and what was put aside of earlier ones: a person has ended them at the issuer."""
    gone = [context.vault.delete(context.name, one) for one in (token_name(system), leftover_name(system))]
    if any(gone):
        with context.write() as db:
            append(db, [context.event(context.name, "login_ended_there", {"system": system})], context.now())


def revoke_leftovers(context: Context, system: str) -> ConnectorError | None:
    """Revoke what was put aside; returns why something of it still cannot be."""
    waiting = leftovers(context, system)
    failures = [_revoked(context, system, one) for one in waiting]
    left = [one for one, failure in zip(waiting, failures, strict=True) if failure is not None]
    if len(left) < len(waiting) or not waiting:
        _keep(context, system, left)
    return next(filter(None, failures), None)


def revoke_all_leftovers(services: Services) -> int:
    """Revoke what was put aside of all connections, as far as the issuers answer; returns how many."""
    with services.database.read() as db:
        rows = connections.every(db)
    done = 0
    for row in rows:
        context = Context(services, row.name)
        for system in (row.source, *sink_systems()):
            before = len(leftovers(context, system))
            if before:
                failure = revoke_leftovers(context, system)
                done += before - len(leftovers(context, system))
                if failure is not None:
                    log.warning("%s: a login to %s is still not revoked: %s", row.name, system, failure.said)
    return done


def leftovers(context: Context, system: str) -> list[Leftover]:
    """What still has to be revoked at a system; tokens that have ended by themselves are not."""
    text = context.vault.get(context.name, leftover_name(system))
    kept = [] if text is None else msgspec.json.decode(text, type=list[Leftover])
    return [one for one in kept if one.tokens.refresh_expires_at > context.now()]


def _current(context: Context, system: str) -> Leftover | None:
    text = context.vault.get(context.name, token_name(system))
    if text is None:
        return None
    secret = context.secrets(system).get("client_secret", "")
    return Leftover(secret=secret, tokens=msgspec.json.decode(text, type=Tokens))


def _keep(context: Context, system: str, left: list[Leftover]) -> None:
    if not left:
        context.vault.delete(context.name, leftover_name(system))
        return
    end = max(one.tokens.refresh_expires_at for one in left)
    context.vault.put(context.name, leftover_name(system), msgspec.json.encode(left).decode(), end)


def _revoked(context: Context, system: str, one: Leftover) -> ConnectorError | None:
    """Revoke both tokens; why that is not possible. The app's secret may have been rotated since."""
    failure = _revoked_with(context, system, one.secret, one.tokens)
    newer = context.secrets(system).get("client_secret", "")
    if isinstance(failure, AppRefused) and newer not in {"", one.secret}:
        failure = _revoked_with(context, system, newer, one.tokens)
    return failure


def _revoked_with(context: Context, system: str, secret: str, tokens: Tokens) -> ConnectorError | None:
    try:
        model = context.oauth(system)
        if model is None:
            return None
        http = context.http(system, model.revoke_url, lambda answer: explain_token_answer(system, answer))
        try:
            revoke(model, http, secret, tokens)
        finally:
            http.close()
    except ConnectorError as error:
        return error
    return None
