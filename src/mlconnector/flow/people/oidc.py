"""Logging in at an OpenID Connect issuer that the settings name: begun here, and finished by what comes back.

What has to be known when it comes back is sealed, and kept by the browser alone: a stranger who begins
logins fills nothing, and a login that another browser began is none here.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection

from mlconnector.console_settings import OidcSettings
from mlconnector.errors import ConnectorError, NeedsHuman, NeedsLogin
from mlconnector.flow.context.services import Services
from mlconnector.flow.people import claims as claimed
from mlconnector.flow.people import users
from mlconnector.flow.people.logins import LoggedIn, let_in, note_failure, tell_of_failure
from mlconnector.learnt_shapes import learnt
from mlconnector.model.problems import Problem
from mlconnector.store import people
from mlconnector.store.people import UserRow
from mlconnector.store.seals import Envelope
from mlconnector.systems.kit.discovery import discovered
from mlconnector.systems.kit.exchanges import Exchange
from mlconnector.systems.kit.http import Http, default_explanation
from mlconnector.systems.kit.issuer import begin_login, explain_token_answer, identify
from mlconnector.systems.kit.oauth import OAuthModel, PendingLogin, error_code
from mlconnector.systems.kit.pacing import Patience, Waiting

SYSTEM = "oidc"
LIFETIME = timedelta(minutes=10)
_PLACE = ("console", "login")
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Somebody sits before the browser and waits.
_SECONDS = 10.0
_PATIENCE = Patience(attempts=2, first_wait=0.2, longest_wait=2.0, longest_pause=2.0)


class _Begun(msgspec.Struct, frozen=True):
    """A login that was begun, and where the browser goes on after it."""

    pending: PendingLogin
    then: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back: what it kept of the login, and what the issuer has given it."""

    kept: str
    state: str
    code: str = ""
    issuer: str = ""
    error: str = ""


def begin(services: Services, redirect_uri: str, then: str) -> tuple[str, str]:
    """Begin a login: the address of the issuer for the browser, and what the browser has to keep meanwhile.

    Raises NeedsHuman (`oidc_no_answer`) where the issuer is out of reach, or cannot be trusted.
    """
    with _asking(services) as client:
        pending, address = begin_login(_model(services, client), redirect_uri)
    content = msgspec.json.encode(_Begun(pending, then, services.now()))
    sealed = services.vault.seal(content, *_PLACE)
    parts = (sealed.wrapped_key, sealed.sealed)
    kept = ".".join(urlsafe_b64encode(part).decode() for part in (sealed.key_id.encode(), *parts))
    return address, kept


def finish(services: Services, answer: Answer, address: str) -> tuple[LoggedIn, str]:
    """The session of whoever has logged in at the issuer, and where the browser goes on.

    Raises NeedsHuman, which the audit trail is told of: `oidc_not_begun`, `oidc_declined`, `oidc_no_answer`,
    `oidc_token_refused`, `oidc_claim_missing`, `oidc_email_unverified`, `oidc_no_role`, `oidc_user_disabled`,
    `oidc_name_taken`, `user_name_unusable`.
    """
    settings = _settings(services)
    try:
        begun = _taken(services, settings, answer)
        found = _identified(services, begun.pending, answer.code)
    except NeedsHuman as failure:
        # Anybody can make these, again and again.
        with services.database.write() as db:
            tell_of_failure(db, None, address, services.now(), failure.problem.key, _told(services, failure))
        raise
    known = None
    try:
        with services.database.write() as db:
            known = people.of_subject(db, claimed.subject(found, settings))
            user = _user(services, db, known, found)
            told = {"issuer": settings.issuer}
            return let_in(db, user, address, services.now(), **told), begun.then
    except NeedsHuman as failure:
        _tell(services, failure, known, address)
        raise


def _taken(services: Services, settings: OidcSettings, answer: Answer) -> _Begun:
    """The login that this answer belongs to, which is used up by that."""
    begun = _opened(services, answer.kept)
    now = services.now()
    is_ours = begun is not None and hmac.compare_digest(begun.pending.state.encode(), answer.state.encode())
    if begun is None or not is_ours or not now - LIFETIME < begun.at <= now:
        raise NeedsHuman(Problem("oidc_not_begun"))
    with services.database.write() as db:
        if not people.finish_login(db, answer.state, now, now - 2 * LIFETIME):
            raise NeedsHuman(Problem("oidc_not_begun"))
    # RFC 9207: an answer that names its issuer must not be that of another one.
    if answer.issuer and answer.issuer != settings.issuer:
        raise NeedsHuman(Problem("oidc_token_refused", {"answer": f"iss {answer.issuer[:200]}"}))
    if answer.error:
        raise NeedsHuman(Problem("oidc_declined", {"answer": error_code(answer.error)}))
    return begun


def _opened(services: Services, kept: str) -> _Begun | None:
    try:
        key_id, wrapped, sealed = (urlsafe_b64decode(part) for part in kept.split("."))
        content = services.vault.unseal(Envelope(key_id.decode(), wrapped, sealed), *_PLACE)
    except (ValueError, NeedsHuman):
        # Anybody may send anything as what a browser has kept.
        return None
    return msgspec.json.decode(content, type=learnt(_Begun))


def _identified(services: Services, pending: PendingLogin, code: str) -> dict[str, Any]:
    secret = services.settings.oidc_client_secret
    given = "" if secret is None else secret.get_secret_value()
    with _asking(services) as client:
        model = _model(services, client)
        token_client = _client(services, model.token_url, explained=True)
        with closing(token_client):
            return identify(model, token_client, given, pending, code, services.now())


def _user(services: Services, db: Connection, known: UserRow | None, found: dict[str, Any]) -> UserRow:
    """The user of these claims, who is added, or changes the role, as they say."""
    settings, now = _settings(services), services.now()
    subject, role = claimed.subject(found, settings), claimed.role(found, settings)
    user = known
    if user is None:
        name = claimed.name(found, settings)
        user = people.user(db, name)
        if user is None:
            name = users.add_without_password(db, name, role, by=settings.issuer, now=now)
            user = people.user(db, name)
        elif user.subject is not None or not settings.adopt_users:
            raise NeedsHuman(Problem("oidc_name_taken", {"user": user.name}))
        if user is None:
            raise LookupError(f"user {name} was added and is not there")
        people.set_subject(db, user.name, subject)
    if user.disabled_at is not None:
        raise NeedsHuman(Problem("oidc_user_disabled", {"user": user.name}))
    return users.follow_role(services, db, user, role, settings.issuer)


def _tell(services: Services, failure: NeedsHuman, user: UserRow | None, address: str) -> None:
    """Tell the audit trail why somebody was not let in; who had a role and has none any more, is out."""
    with services.database.write() as db:
        if user is not None and failure.problem.key == "oidc_no_role":
            people.end_sessions(db, user.name)
        note_failure(db, user, address, services.now(), _told(services, failure))


def _told(services: Services, failure: NeedsHuman) -> dict[str, str]:
    problem = failure.problem
    return {"issuer": _settings(services).issuer, "cause": problem.key, **problem.facts}


def _settings(services: Services) -> OidcSettings:
    settings = services.settings.console.oidc
    if settings is None:
        raise NeedsHuman(Problem("oidc_not_begun"))
    return settings


def _model(services: Services, client: Http) -> OAuthModel:
    settings = _settings(services)
    found = discovered(client, settings.issuer, _NEEDED, ["revocation_endpoint"])
    return OAuthModel(
        system=SYSTEM,
        client_id=settings.client_id,
        authorize_url=found["authorization_endpoint"],
        token_url=found["token_endpoint"],
        revoke_url=found.get("revocation_endpoint") or "",
        scopes=settings.scopes,
        issuer=settings.issuer,
        jwks_url=found["jwks_uri"],
    )


@contextmanager
def _asking(services: Services) -> Iterator[Http]:
    """A client of the issuer; what goes wrong with it is said in words that the login page can show."""
    try:
        with closing(_client(services, _settings(services).issuer)) as client:
            yield client
    except NeedsHuman as error:
        if error.problem.key.startswith("oidc_"):
            raise
        raise NeedsHuman(Problem("oidc_no_answer", {"answer": error.said[:300]})) from error
    except NeedsLogin as error:
        raise NeedsHuman(Problem("oidc_token_refused", {"answer": error.said[:300]})) from error
    except ConnectorError as error:
        raise NeedsHuman(Problem("oidc_no_answer", {"answer": error.said[:300]})) from error
    finally:
        services.http_log.flush()


@dataclass(frozen=True, slots=True)
class _Log:
    """The technical log of what belongs to no connection."""

    services: Services

    def write(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self.services.http_log.write("", exchange)


def _client(services: Services, base_url: str, *, explained: bool = False) -> Http:
    stopping = services.stopping
    return Http(
        SYSTEM,
        base_url,
        log=_Log(services),
        explain=partial(explain_token_answer if explained else default_explanation, SYSTEM),
        timeout=_SECONDS,
        patience=_PATIENCE,
        waiting=Waiting(sleep=stopping.doze, over=lambda: stopping.over),
    )
